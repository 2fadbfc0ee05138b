"""Small Django apps whose models the tests save."""
