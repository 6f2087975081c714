"""Reads LiteLLM's configuration as it is: says it in our own format, and tells what has no meaning here."""
