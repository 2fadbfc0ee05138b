"""What turns an object into output files; one module per kind of maker."""
