"""Who may serve a request, in which order, and why."""
