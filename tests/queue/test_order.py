"""Nothing overtakes its own older version; of many waiting versions the newest goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pigeon.models import Action, ItemToPush, Status
from pigeon.queue.coalesce import Waiting, choose
from tests.queue.making import batch, fail, ids, make, make_many, push, status, take

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_nothing_is_claimed_while_its_object_is_in_progress(alias: str) -> None:
    make(alias, "story")
    first = take(alias)
    make(alias, "story")
    make(alias, "another")

    assert ids(take(alias)) == ["another"], "other objects are not held up"
    push(alias, first)
    assert ids(take(alias)) == ["story"]


def test_the_same_object_for_another_rule_or_destination_is_another_matter(alias: str) -> None:
    make(alias, "story")
    take(alias)
    make(alias, "story", rule_name="other")
    assert ids(take(alias)) == ["story"]


def test_a_newer_version_takes_the_place_of_one_that_waits_for_another_attempt(
    alias: str,
) -> None:
    old = make(alias, "story")
    fail(alias, take(alias), seconds=1000)
    new = make(alias, "story")

    assert [item.pk for item in take(alias)] == [new.pk]
    assert status(old) == Status.SUPERSEDED == 60


def test_the_older_version_never_goes_after_the_newer_one(alias: str) -> None:
    old = make(alias, "story")
    fail(alias, take(alias), seconds=-1)
    new = make(alias, "story")
    fail(alias, take(alias), seconds=1000)

    assert take(alias) == [], "the older one was due, the newer one is not"
    assert (status(old), status(new)) == (Status.SUPERSEDED, Status.RETRY)


def test_ten_thousand_saves_of_one_object_are_one_push(alias: str) -> None:
    make_many(alias, ["story"] * 10_000)
    make(alias, "another")

    (item,) = take(alias)

    assert item.pk == ItemToPush.objects.using(alias).filter(object_id="story").latest("pk").pk
    assert ItemToPush.objects.using(alias).superseded().count() == 9_999
    assert ids(take(alias)) == ["another"]


def test_the_newest_takes_over_what_the_older_ones_had_to_say(alias: str) -> None:
    make(alias, "story", action=Action.CREATED, changed_fields=["title", "body"])
    make(alias, "story", action=Action.UPDATED, changed_fields=["title", "author"])

    (item,) = take(alias)

    assert item.action == Action.CREATED
    assert item.changed_fields == ["author", "body", "title"]


def test_the_newest_takes_over_the_traces_that_a_failed_attempt_left(alias: str) -> None:
    make(alias, "story")
    (failed,) = take(alias)
    fail(alias, [failed], seconds=1000)
    make(alias, "story")

    (item,) = take(alias)

    assert item.previous_token == failed.lease_token


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (["updated", "updated"], "updated"),
        (["created", "updated"], "created"),
        (["created", "updated", "deleted"], "deleted"),
        (["updated", "deleted"], "deleted"),
        (["deleted", "created"], "created"),
        (["created", "deleted", "updated"], "updated"),
    ],
)
def test_actions_merge(actions: list[str], expected: str) -> None:
    rows = [_waiting(number, action=action) for number, action in enumerate(actions)]
    choice = choose(rows, NOW)
    merged = choice.merged.get(len(rows) - 1)
    assert (merged.action if merged else actions[-1]) == expected


def _waiting(pk: int, object_id: str = "1", action: str = "updated", **values: object) -> Waiting:
    facts = {"order_key": "key", "status": Status.NEW, "next_attempt_date": None}
    facts |= {"changed_fields": [], "lease_token": ""}
    return Waiting(pk=pk, object_id=object_id, action=action, **(facts | values))  # type: ignore[arg-type]


def test_a_choice_that_changes_nothing_writes_nothing() -> None:
    choice = choose([_waiting(1), _waiting(2)], NOW)
    assert (choice.taken, choice.superseded, choice.merged) == ([2], [1], {})


def test_mass_pushes_of_one_rule_go_one_after_another_the_oldest_first(alias: str) -> None:
    for arguments in ["a", "b", "c"]:
        batch(alias, arguments)
    went = []
    for _ in range(3):
        items = take(alias)
        assert take(alias) == [], "one is in progress"
        went += ids(items)
        push(alias, items)
    assert went == ["a", "b", "c"]


def test_mass_pushes_with_the_same_arguments_coalesce(alias: str) -> None:
    batch(alias, "a")
    batch(alias, "b")
    again = batch(alias, "a")

    (item,) = take(alias)
    assert item.pk == again.pk
    push(alias, [item])
    assert ids(take(alias)) == ["b"]


def test_a_mass_push_waits_for_the_retry_of_an_earlier_one(alias: str) -> None:
    batch(alias, "a")
    fail(alias, take(alias), seconds=1000)
    batch(alias, "b")
    assert take(alias) == []


def test_held_up_mass_pushes_do_not_fill_the_batch(alias: str) -> None:
    batch(alias, "failing")
    fail(alias, take(alias), seconds=1000)
    for number in range(10):
        batch(alias, str(number))
    make(alias, "story")
    assert ids(take(alias, limit=1)) == ["story"]


def test_a_retry_that_is_not_due_is_not_taken_with_its_key() -> None:
    later = _waiting(1, status=Status.RETRY, next_attempt_date=NOW + timedelta(seconds=1))
    assert choose([later], NOW).taken == []
    assert choose([later], NOW + timedelta(seconds=1)).taken == [1]
