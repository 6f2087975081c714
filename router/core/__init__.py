"""Pure decisions: values in, values out.

Nothing in this package reads a clock, draws a number, opens a file or awaits. The moment it is, the chance
that was drawn and what the wire brought are all arguments. An import contract and a test at run time hold
this.
"""
