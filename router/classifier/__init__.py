"""The task classifier of this release: its trained weights, and the fitting of an embedding model."""
