"""The registry that :mod:`pigeon.metrics.views` shows, apart from the process's own."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from pigeon.metrics.attempts import attempts
from pigeon.metrics.labels import Known
from pigeon.metrics.present import present


class PigeonCollector(Collector):
    """Reads all metrics from the database when they are asked for."""

    def describe(self) -> Iterator[Metric]:
        """Nothing: registering must not need a database."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """All metrics as they are now.

        Raises:
            django.db.Error: a database cannot be read.
        """
        known = Known()
        yield from attempts(known)
        yield from present(known)


REGISTRY = CollectorRegistry()
REGISTRY.register(PigeonCollector())
