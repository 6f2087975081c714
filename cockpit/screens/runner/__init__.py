"""The prompt runner."""
