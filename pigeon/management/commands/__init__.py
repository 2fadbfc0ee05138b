"""The commands: they parse and print; the work is elsewhere."""
