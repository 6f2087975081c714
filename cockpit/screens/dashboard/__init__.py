"""The dashboard: what was spent, who can serve, what is being called."""
