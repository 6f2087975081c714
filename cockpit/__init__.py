"""The cockpit: the Textual app and the command line over the engine."""
