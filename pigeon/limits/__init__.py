"""What a destination's options say about when, how fast, and how late things may go there.

Pure values and functions: nothing here reads a clock or a database.
"""

from pigeon.limits.ages import Ages, ages_of
from pigeon.limits.hours import Hours
from pigeon.limits.options import hours_of, open_since, opens, problems, rate_of
from pigeon.limits.rate import Rate

__all__ = [
    "Ages",
    "Hours",
    "Rate",
    "ages_of",
    "hours_of",
    "open_since",
    "opens",
    "problems",
    "rate_of",
]
