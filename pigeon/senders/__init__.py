"""What delivers parcels: one module per kind of sender, found by URL scheme."""
