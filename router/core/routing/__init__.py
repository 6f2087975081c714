"""Who may serve a request, and in which order."""
