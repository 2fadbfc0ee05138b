"""System checks: what is declared in a way that cannot work, with cause and cure."""
