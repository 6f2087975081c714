"""From YAML to checked values, every problem with its line and column."""
