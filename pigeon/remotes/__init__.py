"""Connections to file-like servers, in steps; one module per protocol."""
