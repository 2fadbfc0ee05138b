"""Real servers on loopback, each a context manager; ``fixtures`` makes fixtures of them."""
