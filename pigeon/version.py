"""The one place that holds Pigeon's version."""

__version__ = "0.1.0"
