"""Claims exclude each other, take their share of both ranges, and never scan."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pigeon.models import DestinationState, ItemToPush, Status
from pigeon.models.item import order_key
from pigeon.queue import add, claim, claims, has_work, hasten, renew
from pigeon.queue.candidates import due, fresh
from pigeon.queue.coalesce import Choice, choose
from tests.queue.making import (
    PARTNER,
    PATIENCE,
    fail,
    ids,
    make,
    make_many,
    partner,
    push,
    status,
    take,
    together,
)


def test_a_claim_takes_new_items_by_priority_then_age(alias: str) -> None:
    make_many(alias, ["first", "second"])
    make(alias, "urgent", priority=5)
    make(alias, "elsewhere", destination="dummy://other")

    assert ids(take(alias, limit=2)) == ["urgent", "first"]
    assert ids(take(alias)) == ["second"]
    assert take(alias) == []


def test_a_claimed_item_says_who_holds_it_until_when(alias: str, settings: Any) -> None:
    settings.PIGEON_LEASE_DURATION = 60
    make(alias)
    now = timezone.now()

    (item,) = take(alias, owner="host:1", now=now)

    assert status(item) == Status.IN_PROGRESS == 20
    assert (item.lease_owner, item.lease_until) == ("host:1", now + timedelta(seconds=60))
    assert len(item.lease_token) == 32


def test_only_the_rules_that_were_asked_for(alias: str) -> None:
    make(alias, "a", rule_name="one")
    make(alias, "b", rule_name="two")
    assert ids(take(alias, rules=["two"])) == ["b"]


@pytest.mark.django_db(transaction=True)
def test_no_two_workers_get_the_same_item(alias: str) -> None:
    make_many(alias, range(300))

    def work() -> list[str]:
        got: list[str] = []
        for _ in range(2000):
            items = take(alias, limit=7)
            got += ids(items)
            push(alias, items)
            if not items and not has_work(PARTNER, alias):
                break
        return got

    shares = together(*[work] * 4)

    everything = [one for share in shares for one in share]
    assert sorted(everything, key=int) == [str(number) for number in range(300)]
    assert ItemToPush.objects.using(alias).pushed().count() == 300


@pytest.mark.django_db(transaction=True)
def test_no_two_processes_get_the_same_item(alias: str) -> None:
    make_many(alias, range(60))
    script = (
        "import django; django.setup()\n"
        "from django.conf import settings\n"
        f"settings.PIGEON_DATABASES = [{alias!r}]\n"
        "from pigeon.queue import has_work\n"
        "from tests.queue.making import PARTNER, take\n"
        "for _ in range(5000):\n"
        f"    items = take({alias!r}, limit=3)\n"
        "    print(*[item.pk for item in items])\n"
        f"    if not items and not has_work(PARTNER, {alias!r}): break\n"
    )
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        )
        for _ in range(2)
    ]  # fmt: skip
    got = [word for worker in workers for word in worker.communicate(timeout=PATIENCE)[0].split()]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert len(got) == len(set(got)) == 60


@pytest.mark.parametrize("alias", ["postgresql"], indirect=True)
@pytest.mark.django_db(transaction=True)
def test_a_worker_does_not_wait_for_another_one_that_is_claiming(alias: str) -> None:
    make(alias, destination="dummy://other")
    take(alias)  # makes the row
    make(alias)
    with transaction.atomic(using=alias):
        DestinationState.objects.using(alias).select_for_update().get(name=PARTNER)
        (none,), (other,) = together(
            lambda: [take(alias)], lambda: [take(alias, to=partner("dummy://other"))]
        )
    assert none == []
    assert len(other) == 1, "another destination's lane is not held up"
    assert len(take(alias)) == 1


@pytest.mark.parametrize("alias", ["postgresql"], indirect=True)
@pytest.mark.django_db(transaction=True)
def test_the_first_claim_at_a_destination_is_one_claim(alias: str) -> None:
    make_many(alias, range(20))
    shares = together(*[lambda: ids(take(alias, limit=20))] * 4)
    assert sorted(len(share) for share in shares) == [0, 0, 0, 20]


def test_new_items_do_not_starve_retries_nor_they_new_ones(alias: str) -> None:
    make_many(alias, [f"again {n}" for n in range(30)])
    fail(alias, take(alias), seconds=-1)
    make_many(alias, [f"new {n}" for n in range(30)])

    taken = ids(take(alias, limit=20))

    assert sum(one.startswith("again") for one in taken) == 10
    assert sum(one.startswith("new") for one in taken) == 10


def test_one_range_takes_the_share_that_the_other_leaves(alias: str) -> None:
    make_many(alias, [f"again {n}" for n in range(30)])
    fail(alias, take(alias), seconds=-1)
    make_many(alias, ["new 1", "new 2"])
    assert len(take(alias, limit=20)) == 20


def test_batches_of_one_starve_neither(alias: str) -> None:
    make_many(alias, [f"again {n}" for n in range(40)])
    fail(alias, take(alias), seconds=-1)
    make_many(alias, [f"new {n}" for n in range(40)])
    taken = [ids(take(alias, limit=1))[0].split()[0] for _ in range(40)]
    assert set(taken) == {"again", "new"}


def test_retries_wait_for_their_time_unless_hastened(alias: str) -> None:
    make(alias)
    fail(alias, take(alias), seconds=1000)

    assert take(alias) == []
    assert not has_work(PARTNER, alias)
    assert hasten([PARTNER], alias) == 1
    assert len(take(alias)) == 1


def test_has_work_speaks_of_what_a_claim_would_find(alias: str) -> None:
    assert not has_work(PARTNER, alias)
    make(alias)
    assert has_work(PARTNER, alias)
    (item,) = take(alias)
    assert not has_work(PARTNER, alias)
    make(alias)
    assert not has_work(PARTNER, alias), "the object's older item is in progress"
    assert has_work(PARTNER, alias, now=item.lease_until), "its lease has ended by then"


def test_an_item_that_somebody_cancels_meanwhile_is_not_taken(alias: str) -> None:
    item = make(alias)
    ItemToPush.objects.using(alias).filter(pk=item.pk).cancel("No longer wanted.")
    assert take(alias) == []
    assert status(item) == Status.CANCELLED


@pytest.mark.django_db(databases=["default", "other"])
def test_states_and_items_may_live_in_different_databases(settings: Any) -> None:
    settings.PIGEON_DATABASES = ["default", "other"]
    make("other", "there")
    assert ids(claim(partner(), owner="w", limit=5, using="other")) == ["there"]
    assert DestinationState.objects.using("default").get().name == PARTNER
    assert not DestinationState.objects.using("other").exists()


@pytest.mark.django_db(transaction=True, databases=["default", "other"])
def test_a_save_to_both_databases_does_not_stand_against_a_claim(settings: Any) -> None:
    """Were both locked by a claim, the two would wait for each other until a timeout."""
    settings.PIGEON_DATABASES = ["default", "other"]
    take("other")  # makes the row of the destination
    make("other", "there")
    with transaction.atomic(using="default"):
        make("default", "here")
        (taken,) = together(lambda: take("other", to=partner()))
    assert ids(taken) == ["there"]


def test_a_claim_reads_index_ranges_only(alias: str) -> None:
    """Whatever waits, the plan of each look is an index range: no scan, no sort."""
    add([_item(number) for number in range(20_000)], alias)
    with connections[alias].cursor() as cursor:
        cursor.execute("ANALYZE")
    items = ItemToPush.objects.using(alias).filter(destination=PARTNER)
    now = timezone.now()
    ours = ItemToPush.objects.using(alias).filter(pk__in=range(100))
    for query in [
        fresh(items, now)[:100],
        due(items, now)[:100],
        ours.held("token"),
        items.lease_ended(now),
    ]:
        plan = query.explain().lower()
        assert "scan pigeon_itemtopush" not in plan, plan
        assert "seq scan" not in plan, plan
        assert "temp b-tree" not in plan, plan
        assert "sort key" not in plan, plan


def _item(number: int) -> ItemToPush:
    waits = number % 4 == 0
    return ItemToPush(
        rule_name="rule", destination=PARTNER, model_label="newsroom.Story",
        object_id=str(number), status=Status.RETRY if waits else Status.NEW,
        next_attempt_date=timezone.now() + timedelta(days=1) if waits else None,
    )  # fmt: skip


@pytest.mark.django_db
def test_what_is_named_by_id_is_not_looked_for_by_status() -> None:
    """SQLite would take the index of the status, and go through a million waiting rows."""
    make_many("default", range(200))
    statements = _updates_of("default", lambda: renew(take("default"), "default"))
    assert len(statements) >= 2
    for statement in statements:
        plan = _plan("default", statement).lower()
        assert "integer primary key" in plan, plan


def _updates_of(alias: str, work: Any) -> list[str]:
    with CaptureQueriesContext(connections[alias]) as seen:
        work()
    return [query["sql"] for query in seen if query["sql"].startswith("UPDATE")]


def _plan(alias: str, statement: str) -> str:
    statement = re.sub(r"= '[^']*'", "= 'x'", statement)
    with connections[alias].cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
        return " ".join(str(row) for row in cursor.fetchall())


def test_the_verb_itself_gives_a_worker_nothing_but_waiting_items(alias: str) -> None:
    """Somebody may have cancelled an item between the claim's look and its writing."""
    make_many(alias, ["a", "b"])
    a, b = ItemToPush.objects.using(alias).order_by("pk")
    named = ItemToPush.objects.using(alias).filter(pk__in=[a.pk, b.pk])
    ItemToPush.objects.using(alias).filter(pk=b.pk).cancel()
    now = timezone.now()
    assert named.set_in_progress("token", "owner", now, now + timedelta(1)) == 1
    assert (status(a), status(b)) == (Status.IN_PROGRESS, Status.CANCELLED)
    assert named.set_in_progress("rival", "owner", now, now + timedelta(1)) == 0


def test_what_is_moved_during_a_claim_goes_to_the_other_destination_only(
    alias: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim looks without locks: somebody may move an item before it is taken."""
    for _ in range(2):
        item = make(alias)

    def meanwhile(*args: Any) -> Choice:
        choice = choose(*args)
        for row in ItemToPush.objects.using(alias):
            rows = ItemToPush.objects.using(alias).filter(pk=row.pk)
            rows.set_moved("dummy://other", order_key("dummy://other", row.rule_name), None)
        return choice

    monkeypatch.setattr(claims, "choose", meanwhile)
    assert take(alias) == []
    statuses = ItemToPush.objects.using(alias).values_list("destination", "status")
    assert list(statuses) == [("dummy://other", Status.NEW)] * 2, item


@pytest.mark.django_db
def test_what_a_claim_takes_is_not_looked_for_by_destination() -> None:
    make_many("default", [*range(100), *range(100)])
    statements = _updates_of("default", lambda: take("default", limit=200))
    statements = [each for each in statements if "pigeon_itemtopush" in each]
    assert len(statements) >= 2
    for statement in statements:
        plan = _plan("default", statement).lower()
        assert "integer primary key" in plan, plan


def test_a_claim_of_nothing_takes_nothing(alias: str) -> None:
    make(alias)
    assert claim(partner(), owner="worker", limit=0, using=alias) == []
