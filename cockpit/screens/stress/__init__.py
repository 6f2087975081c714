"""The stress test."""
