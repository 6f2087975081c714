"""What screens share: the table, the keys, the lines above and below, and the dialogs."""
