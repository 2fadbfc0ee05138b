"""Can we log in everywhere? Asked of the partners themselves."""

from __future__ import annotations

from collections.abc import Sequence

from pigeon.condition import out_of_hours, states_by_name
from pigeon.destinations import Destination
from pigeon.doctor import Report, chosen, visit_all
from pigeon.health.verdict import Finding, Level
from pigeon.queue import clock, state_alias
from pigeon.text import counted


def logins() -> list[Finding]:
    """Log in at every destination of the settings; what was refused, and how many were well.

    Destinations that are paused or out of their hours are left alone.

    Raises:
        django.db.Error: the destinations' states cannot be read.
    """
    candidates = chosen(())
    malformed = [each for each in candidates if isinstance(each, Report)]
    there = [each for each in candidates if isinstance(each, Destination)]
    reports = [*visit_all(_awake(there)), *malformed]
    found = [_refused(report) for report in reports if not report.sound]
    well = len(reports) - len(found)
    words = f"logged in at {counted(well, 'destination')}"
    return [*found, Finding(Level.OK, words)]


def _awake(destinations: Sequence[Destination]) -> list[Destination]:
    """Those that are neither paused nor out of their hours."""
    states, now = states_by_name(), clock(state_alias())
    paused = {name for name, state in states.items() if state.is_paused}
    return [
        each
        for each in destinations
        if each.name not in paused and out_of_hours(each, now) is None
    ]


def _refused(report: Report) -> Finding:
    step = report.missing[0]
    words = " ".join(f"{step.detail} {step.ask}".split()).rstrip(".")
    return Finding(Level.CRITICAL, f"{report.destination}: {step.name} failed: {words}")
