"""Whether an answer is good enough, and whether one may be kept for its like."""
