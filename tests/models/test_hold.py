"""A name is held by one at a time, until it is given back or its time is up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections

from pigeon.models import hold
from pigeon.models.hold import hold_name
from tests.queue.making import together

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=2)


def acquire(alias: str, token: str, *names: str, now: datetime = NOW) -> set[str]:
    until = now + timedelta(minutes=2)
    return hold.acquire(names, token, alias, now=now, until=until)


def test_names_are_short_and_their_parts_do_not_run_together() -> None:
    assert len(hold_name("slot", "sftp://a", "0")) == 64
    assert hold_name("a", "b") != hold_name("ab")


def test_what_one_holds_another_does_not_get(alias: str) -> None:
    assert acquire(alias, "one", "a", "b") == {"a", "b"}
    assert acquire(alias, "two", "b", "c") == {"c"}


def test_what_one_holds_it_gets_again(alias: str) -> None:
    acquire(alias, "one", "a")
    assert acquire(alias, "one", "a", "b") == {"a", "b"}


def test_what_was_given_back_is_free(alias: str) -> None:
    acquire(alias, "one", "a", "b", "c")
    assert hold.release("one", ["a"], alias) == 1
    assert acquire(alias, "two", "a", "b") == {"a"}
    assert hold.release_all("one", alias) == 2
    assert acquire(alias, "two", "b", "c") == {"b", "c"}


def test_nobody_gives_back_what_another_holds(alias: str) -> None:
    acquire(alias, "one", "a")
    assert hold.release("two", ["a"], alias) == 0


def test_a_hold_ends_by_itself(alias: str) -> None:
    acquire(alias, "one", "a")
    assert acquire(alias, "two", "a", now=LATER - timedelta(seconds=1)) == set()
    assert acquire(alias, "two", "a", now=LATER) == {"a"}


def test_a_renewed_hold_does_not(alias: str) -> None:
    acquire(alias, "one", "a", "b")
    assert hold.renew("one", alias, until=LATER + timedelta(minutes=1)) == 2
    assert acquire(alias, "two", "a", now=LATER) == set()


def test_a_parcel_of_many_files(alias: str) -> None:
    names = [hold_name("path", str(number)) for number in range(1500)]
    assert len(acquire(alias, "one", *names)) == 1500
    assert acquire(alias, "two", *names) == set()
    assert hold.release("one", names, alias) == 1500


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ended", [False, True])
def test_of_many_rivals_one_gets_each_name(alias: str, ended: bool) -> None:
    names = [f"name {number}" for number in range(20)]
    if ended:
        acquire(alias, "gone", *names, now=NOW - timedelta(hours=1))
    shares = together(
        *[lambda at=at: acquire(alias, str(at), *names[at:], *names[:at]) for at in range(6)]
    )
    got = sorted(name for share in shares for name in share)
    assert got == sorted(names)


def test_many_names_take_few_statements(alias: str, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(6, connection=connections[alias]):
        acquire(alias, "one", *[str(number) for number in range(100)])
