"""Pause and resume: what is claimed, who did it, and what happens to those that fail."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from pigeon.exceptions import AuthenticationError, OperationRefused, Unreachable
from pigeon.models import DestinationState, Operation, Status
from pigeon.operations import By, pause, resume
from pigeon.queue import destination_failed, destination_succeeded, hasten
from tests.operations.making import ANN, HERE, THERE, operations
from tests.queue.making import fail, make, partner, push, status, take, together


def taken(alias: str) -> list[Any]:
    return take(alias, to=partner(HERE))


def state(alias: str, name: str = HERE) -> DestinationState:
    return DestinationState.objects.using(alias).get(name=name)


def test_nothing_is_claimed_while_it_is_paused(alias: str) -> None:
    make(alias, 1, destination=HERE)
    assert pause([HERE], ANN, "they move") == 1
    assert taken(alias) == []
    paused = state(alias)
    assert (paused.paused_by, paused.paused_reason, paused.is_paused) == ("ann", "they move", True)
    assert resume([HERE], ANN) == 1
    assert len(taken(alias)) == 1
    assert not state(alias).is_paused
    assert operations(alias) == [("ann", "paused", HERE, []), ("ann", "resumed", HERE, [])]
    assert Operation.objects.using(alias).earliest("pk").detail == "they move"


def test_what_is_in_flight_ends_and_does_not_end_the_pause(alias: str) -> None:
    item = make(alias, 1, destination=HERE)
    claimed = taken(alias)
    pause([HERE], ANN)
    assert push(alias, claimed) == {item.pk}
    destination_succeeded(partner(HERE))
    hasten([HERE], alias)
    make(alias, 2, destination=HERE)
    assert taken(alias) == []


def test_a_failure_does_not_end_it_either(alias: str) -> None:
    make(alias, 1, destination=HERE)
    claimed = taken(alias)
    pause([HERE], ANN)
    destination_failed(partner(HERE), Unreachable("no route"))
    fail(alias, claimed, -1)
    DestinationState.objects.using(alias).update(next_probe=timezone.now() - timedelta(hours=1))
    assert taken(alias) == []


def test_the_log_says_it_in_one_line(alias: str, caplog: Any) -> None:
    with caplog.at_level(logging.INFO, "pigeon.operations"):
        pause([HERE], ANN, "they\nmove")
    [line] = caplog.records
    assert line.getMessage() == "ann (command line): paused: here (they move)"
    assert (line.destination, line.verb, line.items) == (HERE, "paused", 0)


def test_who_was_first_stays(alias: str) -> None:
    assert pause([HERE], ANN, "first") == 1
    assert pause([HERE, THERE], By("bob", ANN.door), "second") == 1
    assert state(alias).paused_by == "ann"
    assert state(alias, THERE).paused_by == "bob"
    assert resume([HERE, THERE], ANN) == 2


@pytest.mark.parametrize("error", [Unreachable("no route"), AuthenticationError("refused")])
def test_one_that_fails_or_is_stopped_is_tried_at_once(alias: str, error: Any) -> None:
    item = make(alias, 1, destination=HERE)
    claimed = taken(alias)
    destination_failed(partner(HERE), error)
    fail(alias, claimed, 9999)
    assert taken(alias) == []
    assert resume([HERE], ANN) == 1
    assert [each.pk for each in taken(alias)] == [item.pk], "the item that waits is the probe"
    assert not state(alias).is_well, "until it succeeds"


def test_items_of_one_that_is_well_keep_their_time(alias: str) -> None:
    item = make(alias, 1, destination=HERE)
    fail(alias, taken(alias), 9999)
    pause([HERE], ANN)
    DestinationState.objects.using(alias).create(name=THERE, failures=1)
    assert resume([HERE, THERE], ANN) == 2
    assert taken(alias) == []
    assert status(item) == Status.RETRY


def test_what_was_not_at_rest_is_no_operation(alias: str) -> None:
    assert resume([HERE], ANN) == 0
    assert operations(alias) == []


@pytest.mark.parametrize("names", [[], ["lost"], [HERE, "lost"], ["lost", "\0"]])
def test_unknown_names_are_refused(alias: str, names: list[str]) -> None:
    for verb in (pause, resume):
        with pytest.raises(OperationRefused, match=r"Name a destination|no destination .*'lost'"):
            verb(names, ANN)
    assert not DestinationState.objects.using(alias).exists()


def test_a_strange_reason_is_stored(alias: str) -> None:
    pause([HERE], By("a\0" * 300, ANN.door), "b\0")
    assert state(alias).paused_reason == "b\N{REPLACEMENT CHARACTER}"
    assert len(state(alias).paused_by) == 255


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_pause_it_once(alias: str) -> None:
    numbers = together(*[lambda: pause([THERE, HERE], ANN)] * 4)
    assert sum(numbers) == 2
    assert len(operations(alias)) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("alias", ["postgresql"], indirect=True)
def test_a_claim_that_has_just_begun_heeds_a_pause(alias: str) -> None:
    make(alias, 1, destination=HERE)
    DestinationState.objects.using(alias).create(name=HERE)
    paused: list[int] = []

    def pause_first(execute: Any, sql: str, *rest: Any) -> Any:
        """After the claim's first look, before it takes the destination's row."""
        if "SKIP LOCKED" in sql and not paused:
            paused.extend(together(lambda: pause([HERE], ANN)))
        return execute(sql, *rest)

    with connections[alias].execute_wrapper(pause_first):
        assert taken(alias) == []
    assert paused == [1]
