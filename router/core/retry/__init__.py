"""What happens between attempts: the next one, a wait, a climb, or the end; and why."""
