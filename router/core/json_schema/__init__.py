"""JSON Schema, the part that checks of answers need."""
