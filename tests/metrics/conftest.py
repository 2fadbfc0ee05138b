from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pigeon.models.tally import DURATIONS, Period, Tally, start_of
from pigeon.queue.tallies import FIELDS
from tests.flows.conftest import site

__all__ = ["scrape", "site", "tallied", "token"]
TOKEN = "s3cret-of-Prometheus"


@pytest.fixture
def token(settings: Any) -> str:
    settings.PIGEON_METRICS_TOKEN = TOKEN
    return TOKEN


@pytest.fixture
def scrape(token: str) -> Iterator[Callable[..., str]]:
    """What Prometheus gets."""

    def get(accept: str = "") -> str:
        headers = {"Authorization": f"Bearer {token}", "Accept": accept}
        response = Client().get("/pigeon/metrics", headers=headers)
        assert response.status_code == 200, response.content
        return response.content.decode()

    return get


@pytest.fixture
def tallied() -> Callable[..., Tally]:
    """Makes a row of all time; the attempts are as quick as can be unless it says more."""

    def make(destination: str, rule: str, *, using: str = "default", **fields: float) -> Tally:
        if not set(fields) & {*DURATIONS}:
            fields["took_100ms"] = sum(fields.get(name, 0) for name in FIELDS.values())
        return Tally.objects.using(using).create(
            destination=destination,
            rule_name=rule,
            period=Period.EVER,
            since=start_of(Period.EVER, timezone.now()),
            **fields,
        )

    return make
