"""Settings of a worker that writes results, but no attempts, no transcripts and no tallies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig

from benchmarks.push.settings import *  # noqa: F403
from benchmarks.push.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.without_records.WithoutRecords"]


class WithoutRecords(AppConfig):
    """Takes out of the queue what ``benchmarks.records`` measures."""

    name = "benchmarks.without_records"

    def ready(self) -> None:
        from pigeon.queue import results, tallies
        from pigeon.senders.base import Delivery

        results._record_attempts = _nothing
        tallies.count = _nothing
        Delivery.note = _nothing


def _nothing(*args: Any) -> Iterable[Any]:
    return []
