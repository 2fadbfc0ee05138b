"""How things are now: what waits, for how long, and which destinations take something."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from prometheus_client.core import GaugeMetricFamily, Metric

from pigeon import overview
from pigeon.metrics.labels import OTHER, Known
from pigeon.overview import DestinationView, Health, RuleView

View = TypeVar("View", DestinationView, RuleView)
Label = Callable[[str], str]


class _Gauge(NamedTuple, Generic[View]):
    """A gauge with one label, and how to get its value from a view.

    ``join`` makes one of the values of all that is called :data:`OTHER`.
    """

    name: str
    text: str
    value: Callable[[View], float]
    join: Callable[[Sequence[float]], float] = sum


_DESTINATIONS: Sequence[_Gauge[DestinationView]] = (
    _Gauge(
        "pigeon_destination_waiting_items",
        "Items that wait for the destination, see pigeon_destination_counts_capped.",
        lambda view: view.waiting,
    ),
    _Gauge(
        "pigeon_destination_in_progress_items",
        "Items that workers hold.",
        lambda view: view.in_progress,
    ),
    _Gauge(
        "pigeon_destination_counts_capped",
        "1: counting items stopped at a limit, so there may be more.",
        lambda view: view.capped,
        max,
    ),
    _Gauge(
        "pigeon_destination_oldest_item_age_seconds",
        "How long the oldest waiting item has been waiting; 0: none waits.",
        lambda view: view.oldest or 0,
        max,
    ),
    _Gauge(
        "pigeon_destination_paused",
        "1: somebody paused the destination.",
        lambda view: view.paused_date is not None,
        max,
    ),
    _Gauge(
        "pigeon_destination_next_probe_timestamp_seconds",
        "When a failing or stopped destination is tried again; 0: it is neither.",
        lambda view: _timestamp(view.next_probe),
        max,
    ),
    _Gauge(
        "pigeon_destination_last_success_timestamp_seconds",
        "When something was last delivered; 0: never.",
        lambda view: _timestamp(view.last_success_date),
        max,
    ),
)
_RULES: Sequence[_Gauge[RuleView]] = (
    _Gauge(
        "pigeon_rule_waiting_items",
        "Items of the rule that wait, see pigeon_rule_counts_capped.",
        lambda view: view.waiting,
    ),
    _Gauge(
        "pigeon_rule_counts_capped",
        "1: counting items stopped at a limit, so there may be more.",
        lambda view: view.capped,
        max,
    ),
    _Gauge(
        "pigeon_rule_oldest_item_age_seconds",
        "How long the oldest waiting item of the rule has been waiting; 0: none waits.",
        lambda view: view.oldest or 0,
        max,
    ),
)


def present(known: Known) -> Iterator[Metric]:
    """Metrics of destinations and rules as they are now.

    Raises:
        django.db.Error: a database cannot be read.
    """
    destinations, rules = overview.destinations(), overview.rules()
    for of_destination in _DESTINATIONS:
        yield _family(of_destination, "destination", known.destination, destinations)
    yield _health(known, destinations)
    for of_rule in _RULES:
        yield _family(of_rule, "rule", known.rule, rules)


def _family(gauge: _Gauge[View], kind: str, label: Label, views: Sequence[View]) -> Metric:
    family = GaugeMetricFamily(gauge.name, gauge.text, labels=(kind,))
    values: dict[str, list[float]] = {}
    for view in views:
        values.setdefault(label(view.name), []).append(gauge.value(view))
    for name, found in values.items():
        family.add_metric((name,), gauge.join(found))
    return family


def _health(known: Known, views: Sequence[DestinationView]) -> Metric:
    """One series for each state, so that a change shows in all of them."""
    family = GaugeMetricFamily(
        "pigeon_destination_health",
        "1: the destination is in this state, and in no other.",
        labels=("destination", "health"),
    )
    configured = [view for view in views if known.destination(view.name) != OTHER]
    for view in configured:
        for health in Health:
            if health != Health.GONE:
                family.add_metric((view.name, health.value), view.health == health)
    return family


def _timestamp(date: datetime | None) -> float:
    """Seconds since 1970; 0 for ``None``. Without ``USE_TZ``, dates are local times."""
    return 0.0 if date is None else date.timestamp()
