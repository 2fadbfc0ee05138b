"""Can we log in everywhere? Asked of the partners themselves."""

from __future__ import annotations

from pigeon.condition import out_of_hours, states_by_name
from pigeon.doctor import Report, visit_all
from pigeon.health.verdict import Finding, Level
from pigeon.queue import clock, state_alias
from pigeon.registry import registry


def logins() -> list[Finding]:
    """Log in at every destination of the settings; what was refused, and how many were well.

    Destinations that are paused or out of their hours are left alone.

    Raises:
        django.db.Error: the destinations' states cannot be read.
    """
    states, now = states_by_name(), clock(state_alias())
    paused = {name for name, state in states.items() if state.is_paused}
    chosen = [
        destination
        for name, destination in registry.destinations().items()
        if name not in paused and out_of_hours(destination, now) is None
    ]
    reports = visit_all(chosen)
    found = [_refused(report) for report in reports if not report.sound]
    well = len(reports) - len(found)
    words = f"logged in at {well} destination{'' if well == 1 else 's'}"
    return [*found, Finding(Level.OK, words)]


def _refused(report: Report) -> Finding:
    step = report.missing[0]
    words = " ".join(f"{step.detail} {step.ask}".split()).rstrip(".")
    return Finding(Level.CRITICAL, f"{report.destination} failed to {step.name}: {words}")
