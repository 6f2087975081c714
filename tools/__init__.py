"""What makes parts of the product and its pages, and is not shipped with it: `python -m tools.NAME`."""
