"""Whether an answer is good enough, and where a poor one climbs."""
