"""A killed worker's items come back; a worker that lost its lease writes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from pigeon.models import Outcome, PushAttempt, Status
from pigeon.queue import clock, renew
from tests.queue.making import attempts, make, push, record, status, take, together


@pytest.fixture
def later() -> Any:
    """A moment when leases that were taken now have ended."""
    return timezone.now() + timedelta(hours=1)


def test_items_come_back_when_their_lease_ends(alias: str, later: Any) -> None:
    item = make(alias)
    (lost,) = take(alias, owner="killed")
    assert take(alias) == []

    (again,) = take(alias, owner="other", now=later)

    assert again.pk == item.pk
    assert again.push_attempts == 1
    assert again.previous_token == lost.lease_token, "its temporary files can be removed"
    message = "Worker killed stopped without a word; its lease ended."
    assert attempts(item) == [(Outcome.LEASE_ENDED, message)]
    attempt = PushAttempt.objects.using(alias).get()
    assert attempt.worker == "killed"
    assert attempt.duration > 3000


def test_an_item_that_kills_every_worker_ends_as_an_error(
    alias: str, settings: Any, later: Any
) -> None:
    settings.PIGEON_MAX_PUSH_ATTEMPTS = 2
    item = make(alias)
    take(alias)
    take(alias, now=later)
    assert take(alias, now=later + timedelta(hours=1)) == []
    assert status(item) == Status.PUSH_ERROR == 110
    assert "No attempts are left" in item.message
    assert [outcome for outcome, _ in attempts(item)] == [Outcome.LEASE_ENDED] * 2


def test_a_worker_whose_item_was_taken_writes_no_result(alias: str, later: Any) -> None:
    item = make(alias)
    stale = take(alias)
    (fresh,) = take(alias, now=later)

    for outcome in (Outcome.PUSHED, Outcome.RETRY, Outcome.FAILED, Outcome.CANCELLED, None):
        assert record(alias, stale, outcome) == set()

    assert status(item) == Status.IN_PROGRESS
    assert item.lease_token == fresh.lease_token
    assert len(attempts(item)) == 1, "only that its lease ended"
    assert push(alias, [fresh]) == {item.pk}


def test_a_worker_whose_item_was_taken_cannot_renew(alias: str, later: Any) -> None:
    item = make(alias)
    stale = take(alias)
    (fresh,) = take(alias, now=later)
    until = fresh.lease_until

    assert renew(stale, alias) == set()
    item.refresh_from_db()
    assert item.lease_until == until


def test_a_renewed_lease_ends_later(alias: str, settings: Any, later: Any) -> None:
    make(alias)
    (item,) = take(alias)
    settings.PIGEON_LEASE_DURATION = 24 * 3600
    assert renew([item], alias) == {item.pk}
    assert take(alias, now=later) == []


def test_only_what_is_still_held_is_renewed(alias: str) -> None:
    make(alias, 1)
    make(alias, 2)
    one, two = take(alias)
    push(alias, [one])
    assert renew([one, two], alias) == {two.pk}


def test_a_result_is_written_once(alias: str) -> None:
    item = make(alias)
    items = take(alias)
    assert push(alias, items) == {item.pk}
    assert push(alias, items) == set()
    assert len(attempts(item)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_a_late_result_and_a_takeover_one_wins(alias: str, later: Any) -> None:
    for _ in range(10):
        item = make(alias)
        stale = take(alias)
        written, taken = together(
            lambda stale=stale: push(alias, stale), lambda: take(alias, now=later)
        )
        assert bool(written) != bool(taken)
        assert status(item) == (Status.PUSHED if written else Status.IN_PROGRESS)
        push(alias, taken)


@pytest.mark.parametrize("alias", ["postgresql"], indirect=True)
@pytest.mark.django_db(transaction=True)
def test_a_result_that_is_just_being_written_is_not_taken_for_a_dead_worker(
    alias: str, later: Any
) -> None:
    item = make(alias)
    items = take(alias)
    with transaction.atomic(using=alias):
        push(alias, items)
        assert together(lambda: take(alias, now=later)) == [[]], "and it does not wait"
    assert status(item) == Status.PUSHED


def test_the_clock_moves_within_a_transaction(alias: str) -> None:
    with transaction.atomic(using=alias):
        first = clock(alias)
        assert all(clock(alias) >= first for _ in range(3))
        assert clock(alias) > first
    assert abs(first - timezone.now()) < timedelta(minutes=5)
    assert first.tzinfo is not None
