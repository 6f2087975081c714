"""Programs of the user's own, run by the engine where the configuration allows it."""
