"""What an answer of a provider means: its class, what to do about it, who rests and how long."""
