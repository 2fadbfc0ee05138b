"""How each destination fares, in numbers and in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pigeon.condition import condition, out_of_hours, states_by_name
from pigeon.destinations import Destination
from pigeon.exceptions import NotRegistered
from pigeon.models.attempt import PushAttempt
from pigeon.models.destination_state import DestinationState
from pigeon.overview.backlog import Backlog, backlog, known_names, last_failures
from pigeon.overview.cures import cure
from pigeon.overview.figures import Figures, figures
from pigeon.registry import registry


class Health(TextChoices):
    """How a destination is, in one word."""

    WELL = "well", _("well")
    FAILING = "failing", _("failing")
    STOPPED = "stopped", _("stopped")
    PAUSED = "paused", _("paused")
    RESTING = "resting", _("out of hours")
    GONE = "gone", _("no longer in the settings")


@dataclass
class DestinationView(Figures):
    """One destination as people and machines want to see it.

    Attributes:
        name: as in the settings, or the normalised URL of a bare URL.
        url: without password; empty for a destination that is no longer in the settings.
        health: in one word.
        words: in one sentence, with the reason.
        next_probe: when a failing or stopped destination is tried again.
        opens: when a destination that is out of its hours opens.
        paused_by: who paused it; empty when it is not paused.
        paused_date: since when it is paused.
        paused_reason: why, if somebody said so.
        waiting: items that wait.
        in_progress: items that workers hold.
        capped: counting stopped, so there may be more of both.
        oldest: seconds that the oldest waiting item has been waiting; ``None``: none waits.
        last_error: what went wrong last, redacted.
        last_error_date: when that was.
        cure: what an operator can do about it.
        last_success_date: when something was last delivered.
        rules: names of the rules that push there.
    """

    name: str = ""
    url: str = ""
    health: Health = Health.WELL
    words: str = ""
    next_probe: datetime | None = None
    opens: datetime | None = None
    paused_by: str = ""
    paused_date: datetime | None = None
    paused_reason: str = ""
    waiting: int = 0
    in_progress: int = 0
    capped: bool = False
    oldest: float | None = None
    last_error: str = ""
    last_error_date: datetime | None = None
    cure: str = ""
    last_success_date: datetime | None = None
    rules: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class _Facts:
    """What was found out about all destinations, each by name."""

    known: Mapping[str, Destination]
    states: Mapping[str, DestinationState]
    backlogs: Mapping[str, Backlog]
    figures: Mapping[str, Figures]
    failures: Mapping[str, PushAttempt]
    rules: Mapping[str, Collection[str]]


def destinations() -> list[DestinationView]:
    """All destinations that are configured or that items are for, by name.

    The number of queries does not depend on how many there are.
    """
    known = registry.destinations()
    return _views(known, sorted({*known, *known_names()}))


def destination(name: str) -> DestinationView:
    """The destination called ``name``.

    Raises:
        NotRegistered: it is not in the settings and nothing was ever queued for it.
    """
    known = registry.destinations()
    if name not in known and name not in known_names():
        raise NotRegistered(
            f"No destination is called {name!r}: it is not in the settings, and no item is for "
            f"it. Known destinations: {', '.join(sorted(known)) or 'none'}."
        )
    return _views(known, [name])[0]


def _views(known: Mapping[str, Destination], names: list[str]) -> list[DestinationView]:
    facts = _Facts(
        known,
        states_by_name(),
        backlog(names),
        figures("destination", names[0] if len(names) == 1 else ""),
        {failure.destination: failure for failure in last_failures(names)},
        _rules_by_destination(),
    )
    now = timezone.now()
    return [_view(name, facts, now) for name in names]


def _rules_by_destination() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for rule in registry.rules():
        for name in registry.routing_of(rule).destinations:
            found.setdefault(name, []).append(rule.name)
    return found


def _view(name: str, facts: _Facts, now: datetime) -> DestinationView:
    configured, state = facts.known.get(name), facts.states.get(name)
    has = facts.backlogs[name]
    view = DestinationView(
        **vars(facts.figures.get(name, Figures())),
        name=name,
        waiting=has.waiting,
        in_progress=has.in_progress,
        capped=has.capped,
        oldest=has.age(now),
        rules=tuple(facts.rules.get(name, ())),
    )
    if state is not None:
        _add_state(view, state)
    _add_error(view, facts.failures.get(name))
    _add_health(view, configured, state, now)
    return view


def _add_state(view: DestinationView, state: DestinationState) -> None:
    view.next_probe = None if state.is_well else state.next_probe
    if state.is_paused:
        view.paused_by = state.paused_by or "somebody"
        view.paused_date, view.paused_reason = state.paused_date, state.paused_reason
    view.last_error = state.stopped_reason or state.last_error
    view.last_error_date = state.last_error_date
    view.last_success_date = state.last_success_date


def _add_error(view: DestinationView, failure: PushAttempt | None) -> None:
    """The later of what the destination and what an item at it said."""
    error_class = ""
    if failure is not None:
        if view.last_error_date is None or failure.ended >= view.last_error_date:
            view.last_error, view.last_error_date = failure.message, failure.ended
        if failure.message == view.last_error:
            error_class = failure.error_class
    view.cure = cure(error_class, view.last_error)


def _add_health(
    view: DestinationView,
    configured: Destination | None,
    state: DestinationState | None,
    now: datetime,
) -> None:
    if configured is None:
        view.health = Health.GONE
        view.words = "no longer exists in the settings"
        return
    view.url = configured.url
    view.opens = out_of_hours(configured, now)
    view.words = condition(configured, state, now)
    view.health = _health(view, configured, state)


def _health(
    view: DestinationView, configured: Destination, state: DestinationState | None
) -> Health:
    if view.paused_by:
        return Health.PAUSED
    if state is not None and not state.is_well:
        # What was refused was refused as it was configured then.
        still = state.stopped_reason and state.fingerprint == configured.fingerprint()
        return Health.STOPPED if still else Health.FAILING
    return Health.RESTING if view.opens else Health.WELL
