"""How the price catalogue that is shipped is made from its sources: `make prices`."""
