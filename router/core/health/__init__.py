"""Who rests and how that ends, and what a deployment bears: states, scopes, limits, pace."""
