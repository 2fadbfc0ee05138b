"""A compiled query finds and changes what Django's own does, with the values of each call."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections, models, transaction
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext

from pigeon.models import Hold, ItemToPush, Parcel, Publication, Status
from pigeon.models.among import Among
from pigeon.models.compiled import Argument, Arguments, CompiledQuery
from pigeon.models.parcel import of_events
from pigeon.models.publication import Put, of_objects, path_digest, standing
from tests.queue.making import make

WHEN = datetime(2026, 1, 1, 12, 30, 15, 123456, tzinfo=UTC)
MOMENT = Argument("now", models.DateTimeField())


def by_rule(items: Any) -> Any:
    return items.filter(rule_name=Argument("rule")).order_by("pk")


def test_each_call_has_its_own_values(alias: str) -> None:
    query = CompiledQuery(ItemToPush, by_rule)
    one, two = make(alias, rule_name="one"), make(alias, rule_name="two")
    assert query.objects(alias, rule="one") == [one]
    assert query.objects(alias, rule="two") == [two]
    assert query.objects(alias, rule="'; --") == []


def test_it_is_made_once_on_each_connection(alias: str) -> None:
    made: list[str] = []

    def rule(items: Any) -> Any:
        made.append(threading.current_thread().name)
        return by_rule(items)

    query = CompiledQuery(ItemToPush, rule)
    for _ in range(3):
        query.rows(alias, rule="one")
    assert len(made) == 1

    def elsewhere() -> None:
        query.rows(alias, rule="one")
        query.rows(alias, rule="two")
        connections.close_all()

    thread = threading.Thread(target=elsewhere, name="elsewhere")
    thread.start()
    thread.join()
    assert made[1:] == ["elsewhere"]


def test_what_has_another_shape_is_made_anew(alias: str) -> None:
    query = CompiledQuery(ItemToPush, lambda items, most: by_rule(items)[:most])
    for _ in range(3):
        make(alias, rule_name="one")
    sizes = [len(query.rows(alias, most, rule="one")) for most in (1, 2, 1, 5)]
    assert sizes == [1, 2, 1, 3]


def test_instances_are_those_of_django(alias: str) -> None:
    query = CompiledQuery(ItemToPush, by_rule)
    make(
        alias, rule_name="one", changed_fields=["title"], arguments=["a", "b"],
        snapshot=[{"pk": 1}], expires=WHEN, next_attempt_date=WHEN, forced=True,
        event_id=uuid.uuid4(),
    )  # fmt: skip
    make(alias, rule_name="one")
    expected = list(ItemToPush.objects.using(alias).order_by("pk"))
    found = query.objects(alias, rule="one")
    for ours, theirs in zip(found, expected, strict=True):
        assert state_of(ours) == state_of(theirs)
        assert {name: type(value) for name, value in state_of(ours).items()} == {
            name: type(value) for name, value in state_of(theirs).items()
        }
    found[0].message = "saved like any other"
    found[0].save()
    assert ItemToPush.objects.using(alias).get(pk=found[0].pk).message == "saved like any other"


def state_of(item: ItemToPush) -> dict[str, Any]:
    assert item._state.db and not item._state.adding
    return {name: value for name, value in vars(item).items() if name != "_state"}


def test_no_two_rows_share_what_they_could_change(alias: str) -> None:
    query = CompiledQuery(ItemToPush, by_rule)
    for _ in range(2):
        make(alias, rule_name="one", changed_fields=["title"], snapshot=[{"a": 1}], arguments=[])
    one, two = query.objects(alias, rule="one")
    one.changed_fields.append("body")
    one.snapshot[0]["a"] = 2
    one.arguments.append("x")
    assert (two.changed_fields, two.snapshot, two.arguments) == (["title"], [{"a": 1}], [])


def test_who_listens_to_instances_hears_of_them(alias: str) -> None:
    make(alias, rule_name="one")
    heard: list[Any] = []

    def hear(instance: Any, **kwargs: Any) -> None:
        heard.append(instance)

    post_init.connect(hear, sender=ItemToPush)
    try:
        found = CompiledQuery(ItemToPush, by_rule).objects(alias, rule="one")
    finally:
        post_init.disconnect(hear, sender=ItemToPush)
    assert heard == found
    assert state_of(found[0]) == state_of(ItemToPush.objects.using(alias).get())


@pytest.mark.parametrize("use_tz", [True, False])
def test_moments(use_tz: bool, alias: str, settings: Any) -> None:
    """As the field has them, with a time zone or without."""
    settings.USE_TZ = use_tz
    now = WHEN if use_tz else WHEN.replace(tzinfo=None)
    early, late = now - timedelta(seconds=1), now + timedelta(seconds=1)
    query = CompiledQuery(
        Hold, lambda holds: holds.filter(until__lte=MOMENT).values_list("name", "until")
    )
    Hold.objects.using(alias).create(name="a", token="t", until=now)
    assert query.rows(alias, now=late) == [["a", now]]
    assert query.rows(alias, now=now) == [["a", now]]
    assert query.rows(alias, now=early) == []


def test_many_values(alias: str) -> None:
    query = CompiledQuery(
        ItemToPush,
        lambda items: (
            items.filter(Among("pk", Arguments("ids")), Among("rule_name", Arguments("rules")))
            .order_by("pk")
            .values_list("pk")
        ),
    )
    ids = [make(alias, rule_name=rule).pk for rule in ("one", "%s", "<<ids>>", "two")]
    assert query.column(alias, ids=ids, rules=["one", "%s", "<<ids>>"]) == ids[:3]
    assert query.column(alias, rules=("two",), ids=ids) == ids[3:]
    assert query.column(alias, rules=["one"], ids=ids[1:]) == []


def test_none_of_many_values_is_not_asked(alias: str) -> None:
    query = CompiledQuery(ItemToPush, lambda items: items.filter(Among("pk", Arguments("ids"))))
    change = CompiledQuery(
        ItemToPush, lambda items: items.filter(Among("pk", Arguments("ids"))).cancel("No.")
    )
    make(alias)
    with CaptureQueriesContext(connections[alias]) as seen:
        assert query.objects(alias, ids=[]) == []
        assert change.execute(alias, ids=[]) == 0
    assert not len(seen)
    assert ItemToPush.objects.using(alias).get().status == Status.NEW


def test_keys_that_are_no_texts(alias: str) -> None:
    events = [uuid.uuid4(), uuid.uuid4()]
    parcels = [parcel(alias, event) for event in events]
    assert {each.pk for each in of_events(events, alias)} == {each.pk for each in parcels}
    assert [each.event_id for each in of_events(events[:1], alias)] == events[:1]
    assert of_events([uuid.uuid4()], alias) == []


def parcel(alias: str, event: uuid.UUID) -> Parcel:
    return Parcel.objects.using(alias).create(
        rule_name="one", event_id=event, directory=event.hex, manifest={}, rendered_at=WHEN
    )


def test_verbs_change_as_they_do_by_themselves(alias: str) -> None:
    query = CompiledQuery(
        ItemToPush, lambda items: items.filter(Among("pk", Arguments("ids"))).set_pushed(MOMENT)
    )
    items = [make(alias, status=Status.IN_PROGRESS, lease_token="t") for _ in range(3)]
    waits = make(alias)
    assert query.execute(alias, ids=[items[0].pk, items[1].pk, waits.pk], now=WHEN) == 2
    rows = ItemToPush.objects.using(alias).order_by("pk")
    assert [row.status for row in rows] == [50, 50, Status.IN_PROGRESS, Status.NEW]
    assert [row.pushed_date for row in rows] == [WHEN, WHEN, None, None]
    assert [row.push_attempts for row in rows] == [1, 1, 0, 0]


def test_deleting(alias: str) -> None:
    query = CompiledQuery(Hold, lambda holds: holds.filter(token=Argument("token")).delete())
    for token in ("a", "a", "b"):
        Hold.objects.using(alias).create(name=uuid.uuid4().hex, token=token, until=WHEN)
    assert query.execute(alias, token="a") == 2
    assert [hold.token for hold in Hold.objects.using(alias)] == ["b"]


def test_making_it_changes_nothing(alias: str) -> None:
    """Nor does it leave behind a model whose update() does nothing."""
    make(alias)
    CompiledQuery(ItemToPush, lambda items: items.cancel()).execute(alias)
    assert ItemToPush.objects.using(alias).update(status=Status.NEW) == 1
    assert ItemToPush.objects.using(alias).all().delete()[0] == 1


def test_a_change_that_fails_ends_the_transaction(alias: str) -> None:
    """As Django's own: nobody goes on in half of one."""
    query = CompiledQuery(
        Hold, lambda holds: holds.filter(token=Argument("token")).update(name=Argument("name"))
    )
    for name in ("a", "b"):
        Hold.objects.using(alias).create(name=name, token=name, until=WHEN)
    with transaction.atomic(using=alias):
        with pytest.raises(Exception, match=r"(?i)unique"):
            query.execute(alias, token="a", name="b")
        assert connections[alias].needs_rollback
        connections[alias].set_rollback(True)


def test_locks_are_taken(alias: str) -> None:
    query = CompiledQuery(
        ItemToPush, lambda items: by_rule(items).select_for_update().values_list("pk")
    )
    item = make(alias, rule_name="one")
    with CaptureQueriesContext(connections[alias]) as seen, transaction.atomic(using=alias):
        assert query.objects(alias, rule="one") == [item]
    locks = connections[alias].features.has_select_for_update
    assert any("FOR UPDATE" in each["sql"] for each in seen) == locks


def test_publications_are_found_by_path_and_by_object(alias: str) -> None:
    rows = [
        Put("d", path, path, path_digest(path), "r", "m", "1", key, 1, 3, "", WHEN, WHEN, path)
        for path, key in (("a", "k1"), ("ü", "k2"))
    ]
    Publication.objects.using(alias).put(rows)
    assert [row.path for row in standing("d", ["ü", "x"], alias)] == ["ü"]
    assert standing("other", ["a"], alias) == []
    assert {row.path for row in of_objects({"k1", "k2"}, alias)} == {"a", "ü"}
