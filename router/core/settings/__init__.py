"""What the configuration says, as values."""
