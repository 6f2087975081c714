"""The trained weights of the task classifier, their reader, and what they were trained and measured with."""
