"""Which destinations are examined."""

from __future__ import annotations

from collections.abc import Sequence

from pigeon import destinations
from pigeon.conf import conf
from pigeon.destinations import Destination, shown
from pigeon.doctor.report import Report
from pigeon.exceptions import ConfigurationError
from pigeon.registry import registry
from pigeon.senders.capabilities import Capability


def chosen(entries: Sequence[str]) -> list[Destination | Report]:
    """The destinations that ``entries`` name, or all; malformed ones of all as their reports.

    Args:
        entries: names of destinations, or URLs that need not be in the settings.

    Raises:
        ConfigurationError: one of ``entries`` is unknown or malformed.
    """
    known = registry.destinations()
    if entries:
        return [known.get(entry) or destinations.resolve(entry) for entry in entries]
    malformed = (name for name in conf.DESTINATIONS if name not in known)
    return [*known.values(), *map(_malformed, malformed)]


def _malformed(name: str) -> Report:
    try:
        destinations.named(name)
    except ConfigurationError as error:
        ask = f"Correct PIGEON_DESTINATIONS[{shown(name)!r}]."
        step = Capability("configuration", "no", str(error), ask=ask, required=True)
        return Report(shown(name), "", (step,))
    raise AssertionError(f"{shown(name)} is well-formed and yet unknown")
