"""LiteLLM's configuration read as it is: what it says in our own format, and what of it has no meaning here."""
