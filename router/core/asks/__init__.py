"""What kind of work an ask is, how hard, in which language."""
