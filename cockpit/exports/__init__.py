"""The tables of `cockpit export`, a file each: the columns, and how the rows are read."""
