"""How each rule fares, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from pigeon.conf import conf
from pigeon.models.attempt import PushAttempt
from pigeon.overview.backlog import known_names, last_failures
from pigeon.overview.cures import cure
from pigeon.overview.figures import Figures, figures
from pigeon.queue import glance
from pigeon.registry import registry


@dataclass
class RuleView(Figures):
    """One rule as people and machines want to see it.

    Attributes:
        name: as it is registered.
        exists: whether the rule is still in the site's code.
        destinations: names of those it pushes to.
        models: labels of the models that it listens to; ``*``: all.
        waiting: items that wait.
        capped: not all waiting items were looked at, so there may be more.
        oldest: seconds that the oldest waiting item has been waiting; ``None``: none waits.
        last_error: what went wrong last, redacted, if it was among the latest attempts.
        last_error_date: when that was.
        cure: what an operator can do about it.
    """

    name: str = ""
    exists: bool = True
    destinations: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    waiting: int = 0
    capped: bool = False
    oldest: float | None = None
    last_error: str = ""
    last_error_date: datetime | None = None
    cure: str = ""


@dataclass(frozen=True)
class _Facts:
    """What was found out about all rules, each by name."""

    backlogs: Mapping[str, glance.RuleBacklog]
    capped: bool
    figures: Mapping[str, Figures]
    failures: Mapping[str, PushAttempt]


def rules() -> list[RuleView]:
    """All rules that are registered, that items wait for or that were busy lately, by name.

    The number of queries does not depend on how many there are.
    """
    facts = _facts()
    names = {rule.name for rule in registry.rules()} | {*facts.backlogs, *facts.figures}
    return [_view(name, facts) for name in sorted(names)]


def rule(name: str) -> RuleView:
    """The rule called ``name``.

    Raises:
        NotRegistered: it is not registered, and nothing was heard of it for a day.
    """
    facts = _facts(name)
    if name not in facts.backlogs and name not in facts.figures:
        registry.get(name)
    return _view(name, facts)


def _facts(name: str = "") -> _Facts:
    backlogs: dict[str, glance.RuleBacklog] = {}
    capped = False
    for using in conf.DATABASES:
        found, more = glance.rule_backlogs(using)
        capped |= more
        for rule_name, has in found.items():
            number, oldest = backlogs.get(rule_name, (0, has.oldest))
            backlogs[rule_name] = glance.RuleBacklog(number + has.waiting, min(oldest, has.oldest))
    failures = {failure.rule_name: failure for failure in last_failures(_destinations(name))}
    return _Facts(backlogs, capped, figures("rule_name", name), failures)


def _destinations(name: str) -> list[str]:
    """Names of all destinations, or of those of one rule."""
    if not name:
        return sorted({*registry.destinations(), *known_names()})
    found = {
        each
        for rule in registry.rules()
        if name == rule.name
        for each in registry.routing_of(rule).destinations
    }
    return sorted(found)


def _view(name: str, facts: _Facts) -> RuleView:
    view = RuleView(**vars(facts.figures.get(name, Figures())), name=name, capped=facts.capped)
    if has := facts.backlogs.get(name):
        view.waiting = has.waiting
        view.oldest = max(0.0, (timezone.now() - has.oldest).total_seconds())
    if failure := facts.failures.get(name):
        view.last_error, view.last_error_date = failure.message, failure.ended
        view.cure = cure(failure.error_class, failure.message)
    configured = {rule.name: rule for rule in registry.rules()}.get(name)
    view.exists = configured is not None
    if configured is not None:
        view.destinations = tuple(registry.routing_of(configured).destinations)
        view.models = tuple(sorted(configured.model_labels()))
    return view
