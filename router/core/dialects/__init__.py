"""How models are spoken to and how they answer: one folder per dialect, pure, in both directions."""
