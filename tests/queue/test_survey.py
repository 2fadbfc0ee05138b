"""Looks along the indexes of the queue: right, and never further than needed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pigeon.models import Status
from pigeon.queue import survey
from tests.queue.making import PARTNER, make, make_many, take


def test_destinations_in_use(alias: str) -> None:
    for name in ("b", "a", "b", "Ä", "c"):
        make(alias, destination=name)
    make(alias, destination="d", status=Status.PUSHED)
    assert set(survey.destinations_in_use(alias)) == {"a", "b", "c", "d", "Ä"}
    assert len(list(survey.destinations_in_use(alias))) == 5


def test_counting_stops(alias: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_many(alias, range(5))
    make(alias, 6, status=Status.RETRY)
    make(alias, 7, status=Status.PUSHED)
    assert survey.count_waiting(PARTNER, alias) == 6
    monkeypatch.setattr(survey, "COUNTED", 4)
    assert survey.count_waiting(PARTNER, alias) == 4


def test_what_claims_would_take_is_what_they_take(alias: str) -> None:
    make_many(alias, range(3))
    make(alias, 1, changed_fields=["title"])
    make(alias, 9, priority=3)
    past, future = timezone.now() - timedelta(hours=1), timezone.now() + timedelta(hours=1)
    make(alias, 10, status=Status.RETRY, next_attempt_date=past)
    later = make(alias, 11, status=Status.RETRY, next_attempt_date=future)
    planned = survey.next_items(PARTNER, limit=100, using=alias)
    assert [item.pk for item in planned] == [item.pk for item in take(alias)]
    assert [item.pk for item in survey.not_yet_due(PARTNER, limit=9, using=alias)] == [later.pk]
    held = survey.in_progress(PARTNER, limit=100, using=alias)
    assert {item.pk for item in held} == {item.pk for item in planned}
    assert survey.next_items(PARTNER, limit=100, using=alias) == []


def test_only_some_rules(alias: str) -> None:
    make(alias, 1)
    mine = make(alias, 2, rule_name="mine")
    options: dict[str, Any] = {"limit": 9, "using": alias, "rules": ["mine"]}
    assert [item.pk for item in survey.next_items(PARTNER, **options)] == [mine.pk]


def test_what_stopped_workers_left_is_told_oldest_first(alias: str) -> None:
    now = timezone.now()
    hour = timedelta(hours=1)
    make(alias, 1, creation_date=now - hour)
    make(alias, 2, creation_date=now - 2 * hour, status=Status.RETRY, push_attempts=1)
    make(alias, 3, creation_date=now - 5 * hour, status=Status.IN_PROGRESS, lease_until=now)
    make(alias, 4, creation_date=now - 7 * hour, status=Status.IN_PROGRESS, lease_until=now)
    make(alias, 5, creation_date=now - 9 * hour, status=Status.IN_PROGRESS, lease_until=now + hour)
    left = [(name, round((now - since) / hour)) for name, since in survey.abandoned(alias, now)]
    assert left == [(PARTNER, 7), (PARTNER, 5)]


def test_failures_are_counted_by_their_last_attempt(alias: str) -> None:
    now, day = timezone.now(), timedelta(days=1)
    for attempted, created in ((0.5, 3), (2, 3), (0.5, 30)):
        make(
            alias,
            creation_date=now - created * day,
            last_push_attempts_date=now - attempted * day,
            status=Status.SEND_ERROR,
        )
    make(alias, creation_date=now, status=Status.VALIDATION_ERROR)
    assert survey.count_failed(alias, now - day, 5 * day) == 2
    assert survey.count_failed(alias, now - day, 50 * day) == 3
