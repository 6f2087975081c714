"""Whether a deployment can be relied on, found out by trying: the plan, the verdict, what it teaches."""
