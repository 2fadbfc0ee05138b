"""What accepts or refuses an output, with reasons; one module per format."""
