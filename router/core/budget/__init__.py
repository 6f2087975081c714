"""What may still be spent: caps, holds, and the guard against calls that run away."""
