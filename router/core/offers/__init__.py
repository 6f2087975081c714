"""What providers offer: the models they list, and how much of what is free they still give."""
