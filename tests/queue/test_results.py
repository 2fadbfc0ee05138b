"""What came of items: all of it in one transaction, and publications as they stand after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from pigeon.exceptions import TransientError
from pigeon.models import ItemToPush, Outcome, Parcel, Publication, PushAttempt, Status
from pigeon.parcel import Receipt
from pigeon.queue import Result, finish, retry_date
from tests.queue.making import (
    PARTNER,
    attempts,
    fail,
    make,
    make_many,
    push,
    record,
    status,
    take,
)

RENDERED = datetime(2026, 1, 1, tzinfo=UTC)


def receipt(path: str, published: str = "rename", size: int = 7) -> Receipt:
    return Receipt(path, f"/incoming/{path}", size, "0" * 64, published, "size")


def published(alias: str) -> dict[str, int]:
    return dict(Publication.objects.using(alias).values_list("path", "size"))


def test_a_pushed_item_is_done(alias: str) -> None:
    item = make(alias)
    push(alias, take(alias))
    assert status(item) == Status.PUSHED == 50
    assert item.push_attempts == 1
    assert item.pushed_date is not None
    assert (item.lease_token, item.lease_owner, item.lease_until) == ("", "", None)


def test_an_item_to_be_tried_again_keeps_its_last_token(alias: str) -> None:
    item = make(alias)
    (taken,) = take(alias)
    fail(alias, [taken], seconds=60, message="the partner was busy")
    assert status(item) == Status.RETRY == 30
    assert item.message == "the partner was busy"
    assert item.lease_token == taken.lease_token
    assert item.next_attempt_date > timezone.now()


def test_a_failed_item_has_the_status_that_its_error_says(alias: str) -> None:
    item = make(alias)
    record(alias, take(alias), Outcome.FAILED, status=Status.VALIDATION_ERROR, message="line 3")
    assert status(item) == Status.VALIDATION_ERROR
    assert (item.message, item.push_attempts, item.next_attempt_date) == ("line 3", 1, None)


def test_a_pointless_item_is_cancelled(alias: str) -> None:
    item = make(alias)
    record(alias, take(alias), Outcome.CANCELLED, message="the object is gone")
    assert status(item) == Status.CANCELLED == 70
    assert item.push_attempts == 0


@pytest.mark.parametrize("tried", [False, True])
def test_an_item_that_is_given_back_is_as_before(alias: str, tried: bool) -> None:
    item = make(alias)
    if tried:
        fail(alias, take(alias), seconds=-1)
    item.refresh_from_db()
    before = (item.status, item.push_attempts, item.lease_token, item.next_attempt_date)
    record(alias, take(alias), None)
    item.refresh_from_db()
    assert before == (item.status, item.push_attempts, item.lease_token, item.next_attempt_date)
    assert len(attempts(item)) == int(tried)
    assert len(take(alias)) == 1


def test_an_attempt_says_what_it_did(alias: str) -> None:
    make(alias)
    started = timezone.now()
    result = Result(
        take(alias)[0], Outcome.RETRY, when=started, message="disk full", duration=1.5,
        error_class="TransientError", started=started,
        receipts=(receipt("a", size=5), receipt("b", "found", size=50)),
    )  # fmt: skip
    finish([result], owner="host:7", using=alias)
    attempt = PushAttempt.objects.using(alias).get()
    assert (attempt.started, attempt.duration, attempt.worker) == (started, 1.5, "host:7")
    assert (attempt.outcome, attempt.message) == (Outcome.RETRY, "disk full")
    assert attempt.error_class == "TransientError"
    assert attempt.bytes_sent == 5, "what was found there was not sent"
    assert attempt.receipts[0] == {
        "path": "a", "remote_path": "/incoming/a", "size": 5, "sha256": "0" * 64,
        "published": "rename", "verified": "size",
    }  # fmt: skip


def test_digests_found_out_on_the_way_are_in_the_manifest(
    alias: str, caplog: pytest.LogCaptureFixture
) -> None:
    """With the result, unless another destination's worker was faster: its word stays."""
    item = make(alias)
    parcel = Parcel.objects.using(alias).create(
        rule_name="rule", event_id=item.event_id, directory="x", rendered_at=RENDERED,
        manifest={
            "files": [
                {"path": "a", "size": 7, "sha256": "", "modified_ns": 5},
                {"path": "b", "size": 7, "sha256": "bb"},
                {"path": "c", "size": 7, "sha256": "", "modified_ns": 6},
            ],
        },
    )  # fmt: skip
    ItemToPush.objects.using(alias).update(parcel=parcel)
    push(alias, take(alias), digests=(("a", "aa"), ("b", "cc")))
    parcel.refresh_from_db()
    assert parcel.manifest["files"] == [
        {"path": "a", "size": 7, "sha256": "aa"},
        {"path": "b", "size": 7, "sha256": "bb"},
        {"path": "c", "size": 7, "sha256": "", "modified_ns": 6},
    ]
    [said] = caplog.records
    assert said.levelname == "ERROR" and "b was sent with other bytes" in said.message


def test_without_such_digests_no_parcel_is_asked_about(
    alias: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = make(alias)
    monkeypatch.setattr(Parcel, "objects", None)
    push(alias, take(alias))
    assert status(item) == Status.PUSHED


def test_many_results_of_all_kinds_at_once(alias: str) -> None:
    make_many(alias, range(40))
    items = take(alias)
    outcomes = [Outcome.PUSHED, Outcome.RETRY, Outcome.FAILED, None]
    results = [
        Result(item, outcomes[at % 4], when=timezone.now(), message=f"message {at}")
        for at, item in enumerate(items)
    ]
    assert len(finish(results, owner="w", using=alias)) == 40
    rows = ItemToPush.objects.using(alias)
    counts = [rows.pushed().count(), rows.retry().count(), rows.failed().count()]
    assert [*counts, rows.new().count()] == [10, 10, 10, 10]
    assert PushAttempt.objects.using(alias).count() == 30
    assert rows.get(pk=items[1].pk).message == "message 1"


def test_publications_say_what_the_destination_holds(alias: str) -> None:
    item = make(alias, "7")
    facts = {"receipts": (receipt("a.xml"), receipt("ü/b.xml")), "rendered_at": RENDERED}
    push(alias, take(alias), **facts)
    row = Publication.objects.using(alias).get(path="ü/b.xml")
    assert (row.destination, row.rule_name, row.item_id) == (PARTNER, "rule", item.pk)
    assert (row.model_label, row.object_id) == ("newsroom.Story", "7")
    assert (row.order_key, row.rendered_at) == (item.order_key, RENDERED)
    assert row.held().path == "ü/b.xml"


def test_a_later_publication_takes_the_place_of_the_earlier_one(alias: str) -> None:
    make(alias)
    push(alias, take(alias), receipts=(receipt("a.xml", size=1),))
    make(alias)
    push(alias, take(alias), receipts=(receipt("a.xml", size=2), receipt("b.xml", size=3)))
    assert published(alias) == {"a.xml": 2, "b.xml": 3}


def test_what_was_removed_is_no_publication(alias: str) -> None:
    make(alias)
    push(alias, take(alias), receipts=(receipt("a.xml"), receipt("b.xml")))
    make(alias)
    push(alias, take(alias), receipts=(receipt("a.xml", "removed"),))
    assert published(alias) == {"b.xml": 7}


def test_a_file_of_theirs_that_was_left_alone_is_no_publication(alias: str) -> None:
    """It would count as ours, and the next version would replace it."""
    make(alias)
    push(alias, take(alias), receipts=(receipt("a.xml", "skipped"), receipt("b.xml")))
    assert published(alias) == {"b.xml": 7}


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [("rename", "removed", {}), ("removed", "rename", {"a.xml": 7})],
)
def test_of_two_results_for_one_path_the_later_counts(
    alias: str, first: str, second: str, left: dict[str, int]
) -> None:
    make_many(alias, [1, 2])
    one, two = take(alias)
    results = [
        Result(one, Outcome.PUSHED, receipts=(receipt("a.xml", first),)),
        Result(two, Outcome.PUSHED, receipts=(receipt("a.xml", second),)),
    ]
    finish(results, owner="w", using=alias)
    assert published(alias) == left


def test_what_landed_before_a_failure_is_not_forgotten(alias: str) -> None:
    make(alias)
    fail(alias, take(alias), seconds=10, receipts=(receipt("a.xml"),))
    assert published(alias) == {"a.xml": 7}


@pytest.mark.django_db(transaction=True)
def test_a_database_error_midway_leaves_everything_as_it_was(
    alias: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last thing that is written fails: nothing of the rest stays."""
    item = make(alias)
    items = take(alias)
    bad = Receipt("a.xml", "/a.xml", -1, "x" * 65 if alias == "postgresql" else None, "rename", "")  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r"value|constraint|NULL"):
        push(alias, items, receipts=(bad,))
    assert status(item) == Status.IN_PROGRESS
    assert attempts(item) == []
    assert published(alias) == {}
    assert push(alias, items) == {item.pk}, "and its worker still holds it"


def test_when_to_try_again(alias: str, settings: Any) -> None:
    settings.PIGEON_RETRY_SCHEDULE = [100]
    settings.PIGEON_MAX_PUSH_ATTEMPTS = 3
    item, now = make(alias), timezone.now()
    when = retry_date(item, now, TransientError("busy"))
    assert when
    assert timedelta(seconds=50) <= when - now <= timedelta(seconds=100)
    later = timedelta(hours=9)
    assert retry_date(item, now, TransientError("busy", retry_after=later)) == now + later
    item.failures = 2
    assert retry_date(item, now, TransientError("busy")) is None


def test_a_batch_costs_few_statements(alias: str, django_assert_max_num_queries: Any) -> None:
    from django.db import connections

    make_many(alias, range(100))
    take(alias, limit=1)
    with django_assert_max_num_queries(30, connection=connections[alias]):
        items = take(alias, limit=90)
        push(alias, items, receipts=(receipt("a.xml"),))
    assert len(items) == 90


def test_a_publication_keeps_the_name_that_the_partner_chose(alias: str) -> None:
    make(alias)
    chosen = Receipt("a.txt", "news/a_x7Yd.txt", 7, "0" * 64, "stored", "size")
    push(alias, take(alias), receipts=(chosen,))
    row = Publication.objects.using(alias).get()
    assert (row.remote_path, row.held().remote_path) == ("news/a_x7Yd.txt", "news/a_x7Yd.txt")
