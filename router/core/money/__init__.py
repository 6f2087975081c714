"""Amounts, rates, costs, estimates, budgets: nano-dollars in, nano-dollars out, unknown is None."""
