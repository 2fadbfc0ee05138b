"""What became of attempts since the database is there: counters and a histogram."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from pigeon.conf import conf
from pigeon.metrics.labels import Known
from pigeon.models.attempt import Outcome
from pigeon.models.tally import DURATIONS, Period, Tally
from pigeon.queue.tallies import FIELDS

#: Destination and rule, as labels → field of :class:`Tally` → its sum.
Sums = Mapping[tuple[str, str], Counter[str]]

#: With which outcomes an attempt is the item's last, unless somebody sends it again.
ENDED = (Outcome.PUSHED, Outcome.FAILED, Outcome.CANCELLED)
_LABELS = ("destination", "rule")
_SUMMED = (*FIELDS.values(), "bytes_sent", "seconds", *DURATIONS)


def attempts(known: Known) -> Iterator[Metric]:
    """Metrics of all attempts ever made; those of what is configured are there from the start.

    Raises:
        django.db.Error: a database cannot be read.
    """
    sums = _sums(known)
    yield _items(sums)
    yield _outcomes(sums)
    yield _counter(sums, "bytes_sent", "pigeon_sent_bytes", "Bytes of delivered files.")
    yield _counter(
        sums,
        "recovered",
        "pigeon_lease_recoveries",
        "Items taken back from a worker that stopped without a word.",
    )
    yield _durations(sums)


def _sums(known: Known) -> Sums:
    sums = {pair: Counter[str]() for pair in known.pairs}
    for using in conf.DATABASES:
        rows = Tally.objects.using(using).filter(period=Period.EVER)
        for row in rows.values("destination", "rule_name", *_SUMMED):
            pair = known.destination(row["destination"]), known.rule(row["rule_name"])
            sums.setdefault(pair, Counter()).update({name: row[name] for name in _SUMMED})
    return sums


def _items(sums: Sums) -> Metric:
    family = CounterMetricFamily(
        "pigeon_items", "Items that ended, by outcome.", labels=(*_LABELS, "outcome")
    )
    for pair, fields in sums.items():
        for outcome in ENDED:
            family.add_metric((*pair, outcome.value), fields[FIELDS[outcome]])
    return family


def _outcomes(sums: Sums) -> Metric:
    family = CounterMetricFamily(
        "pigeon_attempts", "Attempts that ended, by outcome.", labels=(*_LABELS, "outcome")
    )
    for pair, fields in sums.items():
        for outcome, field in FIELDS.items():
            family.add_metric((*pair, Outcome(outcome).value), fields[field])
    return family


def _counter(sums: Sums, field: str, name: str, text: str) -> Metric:
    family = CounterMetricFamily(name, text, labels=_LABELS)
    for pair, fields in sums.items():
        family.add_metric(pair, fields[field])
    return family


def _durations(sums: Sums) -> Metric:
    family = HistogramMetricFamily(
        "pigeon_attempt_duration_seconds", "Seconds that attempts took.", labels=_LABELS
    )
    for pair, fields in sums.items():
        family.add_metric(pair, _buckets(fields), sum_value=fields["seconds"])
    return family


def _buckets(fields: Mapping[str, float]) -> list[tuple[str, float]]:
    """Upper bound → attempts that took no longer, whatever smaller bound they also keep."""
    buckets: list[tuple[str, float]] = []
    total = 0.0
    for field, bound in DURATIONS.items():
        total += fields[field]
        buckets.append((str(bound), total))
    buckets.append(("+Inf", sum(fields[field] for field in FIELDS.values())))
    return buckets
