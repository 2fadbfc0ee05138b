"""The limits among a destination's options."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from functools import lru_cache

from pigeon.destinations import Destination
from pigeon.exceptions import ConfigurationError
from pigeon.limits.ages import contradictions
from pigeon.limits.hours import Hours
from pigeon.limits.rate import Rate

_hours = lru_cache(maxsize=1024)(Hours.parse)
_rate = lru_cache(maxsize=1024)(Rate.parse)


def hours_of(destination: Destination) -> Hours | None:
    """When the destination is open; ``None``: always.

    Raises:
        ConfigurationError: the option is malformed.
    """
    text = destination.options.get("hours")
    return None if text is None else _hours(str(text))


def rate_of(destination: Destination) -> Rate | None:
    """How much may go there; ``None``: as much as will.

    Raises:
        ConfigurationError: the option is malformed.
    """
    text = destination.options.get("rate")
    return None if text is None else _rate(str(text))


def opens(destination: Destination, now: datetime) -> datetime | None:
    """When ``destination`` opens, if it is out of its hours at ``now`` (aware).

    ``None``: it is open; or its hours are malformed, which the checks and the push say.
    """
    with suppress(ConfigurationError):
        hours = hours_of(destination)
        if hours is not None and not hours.is_open(now):
            return hours.opens(now)
    return None


def open_since(destination: Destination, now: datetime) -> datetime | None:
    """Since when ``destination`` has been open at ``now`` (aware), if it has hours and is."""
    with suppress(ConfigurationError):
        hours = hours_of(destination)
        if hours is not None and hours.is_open(now):
            return hours.open_since(now)
    return None


def problems(destination: Destination) -> Iterator[str]:
    """Sentences about what is wrong with the limits of ``destination``."""
    for read in (hours_of, rate_of):
        try:
            read(destination)
        except ConfigurationError as error:
            yield str(error)
    yield from contradictions(destination)
