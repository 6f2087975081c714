"""What kind of work a conversation asks for."""
