"""What a destination's options say about when, and how fast, things may go there.

Pure values and functions: nothing here reads a clock or a database.
"""

from pigeon.limits.hours import Hours
from pigeon.limits.options import hours_of, open_since, opens, problems, rate_of
from pigeon.limits.rate import Rate

__all__ = ["Hours", "Rate", "hours_of", "open_since", "opens", "problems", "rate_of"]
