"""Management of Pigeon from the command line."""
