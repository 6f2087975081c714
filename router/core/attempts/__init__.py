"""What happens between attempts: the next one, a wait or the end; and what must hold when one starts."""
