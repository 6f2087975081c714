"""One list of fields for each thing that is shown in a table; every form of the table is made from it."""
