"""What a call costs: prices, estimates, bills."""
