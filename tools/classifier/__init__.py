"""How the task classifier is trained and measured, and with which asks."""
