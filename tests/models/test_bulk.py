"""Rows written in bulk are the rows that instances would have written."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from pigeon.models import Hold, ItemToPush, Outcome, Parcel, Publication, PushAttempt, Tally
from pigeon.models.attempt import Tried
from pigeon.models.bulk import change_each, insert, insert_new
from pigeon.models.hold import Held
from pigeon.models.parcel import Kept
from pigeon.models.publication import Put, path_digest, standing
from pigeon.queue.tallies import Counted
from tests.queue.making import make

WHEN = datetime(2026, 1, 1, 12, 30, 0, 123456, tzinfo=UTC)


def put(path: str, **values: object) -> Put:
    facts = {
        "destination": "d", "path": path, "remote_path": f"/in/{path}",
        "path_digest": path_digest(path), "rule_name": "r", "model_label": "m", "object_id": "1",
        "order_key": "k", "item_id": 2**40, "size": 1, "sha256": "0", "rendered_at": WHEN,
        "published_date": WHEN, "file_name": path,
    }  # fmt: skip
    return Put(**(facts | values))  # type: ignore[arg-type]


def test_what_is_written_is_what_is_read(alias: str) -> None:
    item = make(alias)
    receipts = [{"path": "ü %s {} \"'\u2028", "size": 3}]
    row = Tried(
        item.pk,
        WHEN,
        0.25,
        "w",
        Outcome.RETRY,
        "E",
        "50 % {of} 'it'",
        2**40,
        receipts,
        "d",
        "r",
        [[0.5, "put"]],
    )
    insert(PushAttempt, [row], alias)
    got = PushAttempt.objects.using(alias).get()
    assert got.item == item
    assert Tried(*(getattr(got, name) for name in Tried._fields)) == row


def test_every_field_of_a_row_is_a_field_of_its_model() -> None:
    kinds = [
        (Put, Publication),
        (Tried, PushAttempt),
        (Held, Hold),
        (Kept, Parcel),
        (Counted, Tally),
    ]
    for row, model in kinds:
        columns = {field.attname for field in model._meta.concrete_fields} - {"id"}
        assert set(row._fields) == columns


def test_no_rows_are_no_statement(alias: str) -> None:
    insert(PushAttempt, [], alias)


def test_more_rows_than_one_statement_names(alias: str) -> None:
    Publication.objects.using(alias).put(put(str(number)) for number in range(1300))
    assert Publication.objects.using(alias).count() == 1300


def test_a_conflict_is_an_error_or_a_replacement(alias: str) -> None:
    insert(Publication, [put("a", size=1)], alias)
    with pytest.raises(IntegrityError), transaction.atomic(using=alias):
        insert(Publication, [put("a", size=2)], alias)
    insert(Publication, [put("a", size=3)], alias, unique=("destination", "path_digest"))
    assert Publication.objects.using(alias).get().size == 3


def test_of_rows_for_one_path_the_last_counts(alias: str) -> None:
    Publication.objects.using(alias).put([put("a", size=1), put("b"), put("a", size=2)])
    assert Publication.objects.using(alias).get(path="a").size == 2


def test_publications_are_found_and_forgotten_by_path(alias: str) -> None:
    rows = Publication.objects.using(alias)
    rows.put([put("a"), put("b"), put("a", destination="other")])
    assert [row.path for row in standing("d", ["a", "c"], alias)] == ["a"]
    rows.gone("d", ["a"])
    assert set(rows.values_list("destination", "path")) == {("d", "b"), ("other", "a")}


def test_a_conflict_may_be_left_out(alias: str) -> None:
    assert insert_new(Hold, [Held("a", "mine", WHEN)], alias) == 1
    assert insert_new(Hold, [Held("a", "yours", WHEN), Held("b", "yours", WHEN)], alias) == 1
    rows = Hold.objects.using(alias).order_by("name").values_list("name", "token")
    assert list(rows) == [("a", "mine"), ("b", "yours")]


def test_new_rows_tell_their_ids_in_order(alias: str) -> None:
    parcels = [
        Parcel(rule_name="r", event_id=uuid.uuid4(), directory=str(number), manifest={"n": number},
               rendered_at=WHEN)
        for number in (3, 1, 2)
    ]  # fmt: skip
    Parcel.objects.using(alias).keep(parcels)
    found = Parcel.objects.using(alias).in_bulk([parcel.pk for parcel in parcels])
    assert [found[parcel.pk].manifest for parcel in parcels] == [{"n": 3}, {"n": 1}, {"n": 2}]
    assert [parcel._state.db for parcel in parcels] == [alias] * 3


def test_a_new_parcel_is_what_it_is_made_of() -> None:
    kept = Kept("r", uuid.uuid4(), "m", "1", "d", {"files": []}, 3, WHEN)
    parcel = Parcel.new(kept)
    assert parcel.pk is None
    assert Kept(*(getattr(parcel, name) for name in Kept._fields)) == kept


def test_each_row_gets_a_value_of_its_own(alias: str) -> None:
    items = [make(alias, object_id=str(number), lease_token="t") for number in range(3)]
    rows = [(10, items[0].pk, "t"), (20, items[1].pk, "t"), (30, items[2].pk, "lost")]
    change_each(ItemToPush, "parcel", rows, alias, where=("id", "lease_token"))
    parcels = ItemToPush.objects.using(alias).order_by("pk").values_list("parcel_id", flat=True)
    assert list(parcels) == [10, 20, None]
