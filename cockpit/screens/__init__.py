"""What fills the terminal, one file per screen with its .tcss beside it."""
