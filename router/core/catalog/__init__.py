"""What providers offer: lists of models, news, daily quotas, and when to ask."""
