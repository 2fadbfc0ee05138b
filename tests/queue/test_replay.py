"""Finished items go again: as sent, or rendered anew; never an older one by accident."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.utils import timezone

from pigeon.models import ItemToPush, Outcome, Parcel, PushAttempt, Status
from pigeon.queue import clean
from pigeon.queue.steering import Page, Refusal, send_again
from tests.queue.making import batch, ids, make, make_many, push, record, status, take


def rows(alias: str, *items: ItemToPush) -> Any:
    every = ItemToPush.objects.using(alias)
    return every.filter(pk__in=[item.pk for item in items]) if items else every.all()


class Replay(NamedTuple):
    """How many items go again, and how many were refused because something newer went."""

    replayed: int
    refused: int


def replay(items: Any, **how: bool) -> Replay:
    pks = list(items.values_list("pk", flat=True))
    steered = send_again(Page(pks, items.db), **how)
    return Replay(len(steered.ids), steered.refused.get(Refusal.NEWER, 0))


def parcel(alias: str) -> Parcel:
    return Parcel.objects.using(alias).create(
        rule_name="rule", event_id=uuid.uuid4(), directory=uuid.uuid4().hex, manifest={},
        rendered_at=timezone.now(),
    )  # fmt: skip


def sent(alias: str, object_id: object = 1) -> ItemToPush:
    item = make(alias, object_id, parcel=parcel(alias))
    push(alias, take(alias))
    return item


def test_as_sent_goes_the_stored_parcel(alias: str) -> None:
    item = sent(alias)
    assert replay(rows(alias, item)) == Replay(replayed=1, refused=0)
    (again,) = take(alias)
    assert (again.pk, again.parcel_id, again.forced) == (item.pk, item.parcel_id, False)
    assert (again.push_attempts, again.render_after) == (0, None)


def test_rendered_anew_forgets_the_parcel(alias: str) -> None:
    item, before = sent(alias), timezone.now() - timedelta(minutes=5)
    assert replay(rows(alias, item), rerender=True) == Replay(1, 0)
    (again,) = take(alias)
    assert again.parcel is None
    assert again.render_after > before


@pytest.mark.parametrize("state", ["waiting", "in progress", "pushed"])
def test_an_older_version_as_sent_is_refused_unless_forced(alias: str, state: str) -> None:
    old = sent(alias)
    make(alias)
    if state != "waiting":
        items = take(alias)
    if state == "pushed":
        push(alias, items)

    assert replay(rows(alias, old)) == Replay(0, 1)
    assert status(old) == Status.PUSHED
    assert replay(rows(alias, old), force=True) == Replay(1, 0)
    old.refresh_from_db()
    assert old.forced


def test_a_newer_version_that_never_went_does_not_stand_against_it(alias: str) -> None:
    old = sent(alias)
    make(alias)
    record(alias, take(alias), Outcome.FAILED, status=Status.VALIDATION_ERROR)
    assert replay(rows(alias, old)) == Replay(1, 0)


def test_an_older_version_may_be_rendered_anew(alias: str) -> None:
    old = sent(alias)
    sent(alias)
    assert replay(rows(alias, old), rerender=True) == Replay(1, 0)


def test_a_mass_push_with_other_arguments_is_nothing_newer(alias: str) -> None:
    old = batch(alias, "a")
    push(alias, take(alias))
    batch(alias, "b")
    push(alias, take(alias))
    assert replay(rows(alias, old)) == Replay(1, 0)


def test_only_finished_items_go_again(alias: str) -> None:
    make(alias, "in progress")
    take(alias)
    make(alias, "new")
    assert replay(rows(alias)) == Replay(0, 0)
    assert replay(rows(alias), force=True) == Replay(0, 0)


def test_many_by_destination_status_or_time(alias: str) -> None:
    make_many(alias, range(1200))
    for _ in range(12):
        record(alias, take(alias), Outcome.FAILED, status=Status.SEND_ERROR, message="full")
    some = rows(alias).send_error().filter(creation_date__lte=timezone.now())
    assert replay(some) == Replay(1200, 0)
    assert rows(alias).retry().filter(message="").count() == 1200


def test_reset_makes_items_new_again(alias: str) -> None:
    item = sent(alias)
    assert rows(alias, item).reset() == 1
    assert status(item) == Status.NEW == 10
    assert (item.parcel, item.pushed_date, item.push_attempts) == (None, None, 0)
    assert item.render_after is not None
    assert len(take(alias)) == 1


def test_what_a_worker_holds_is_not_reset(alias: str) -> None:
    item = make(alias)
    take(alias)
    assert rows(alias).reset() == 0
    assert status(item) == Status.IN_PROGRESS


# Cleaning


def old_items(alias: str) -> dict[Status, ItemToPush]:
    """One old item in each status."""
    long_ago = timezone.now() - timedelta(days=90)
    made = {state: make(alias, state, creation_date=long_ago) for state in Status}
    for state, item in made.items():
        ItemToPush.objects.using(alias).filter(pk=item.pk).update(status=state)
    return made


@pytest.mark.parametrize("errors", [False, True])
def test_cleaning_keeps_what_is_unfinished_or_needs_a_look(alias: str, errors: bool) -> None:
    items = old_items(alias)
    young = make(alias, "young", status=Status.PUSHED)
    gone = {Status.PUSHED, Status.SUPERSEDED, Status.CANCELLED}
    gone |= {state for state in Status if state >= 100} if errors else set()
    limit = timezone.now() - timedelta(days=30)

    assert clean(limit, using=alias, errors=errors, dry_run=True) == len(gone)
    assert rows(alias).count() == len(Status) + 1, "a dry run deletes nothing"
    assert clean(limit, using=alias, errors=errors) == len(gone)

    left = {item.object_id for item in rows(alias)}
    assert left == {str(state) for state in items if state not in gone} | {young.object_id}


def test_attempts_go_with_their_items(alias: str) -> None:
    sent(alias)
    assert clean(timezone.now() + timedelta(days=1), using=alias) == 1
    assert not PushAttempt.objects.using(alias).exists()


def test_cleaning_goes_in_pages(alias: str, django_assert_max_num_queries: Any) -> None:
    from django.db import connections

    make_many(alias, range(1100), status=Status.PUSHED)
    make(alias, "waits")
    with django_assert_max_num_queries(100, connection=connections[alias]) as seen:
        assert clean(timezone.now() + timedelta(days=1), using=alias) == 1100
    assert sum("LIMIT 500" in query["sql"] for query in seen.captured_queries) >= 3
    assert ids(rows(alias)) == ["waits"]
