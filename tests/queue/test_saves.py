"""A save only inserts: it goes with its transaction and waits for no worker."""

from __future__ import annotations

import pytest
from django.db import connections, transaction
from django.test.utils import CaptureQueriesContext

from pigeon.models import ItemToPush
from pigeon.queue import add
from tests.apps.newsroom.models import Story
from tests.queue.making import PARTNER, ids, make, push, take, together


def item(object_id: str = "story") -> ItemToPush:
    return ItemToPush(
        rule_name="rule", destination=PARTNER, model_label="newsroom.Story", object_id=object_id
    )


@pytest.mark.django_db(transaction=True)
def test_items_are_committed_and_rolled_back_with_the_save(alias: str) -> None:
    with pytest.raises(RuntimeError), transaction.atomic(using=alias):
        Story.objects.using(alias).create(title="no")
        add([item()], alias)
        raise RuntimeError
    assert not ItemToPush.objects.using(alias).exists()
    with transaction.atomic(using=alias):
        Story.objects.using(alias).create(title="yes")
        add([item()], alias)
    assert ItemToPush.objects.using(alias).count() == 1


def test_a_save_only_inserts(alias: str) -> None:
    make(alias)
    with CaptureQueriesContext(connections[alias]) as seen:
        add([item(), item("other")], alias)
    assert [query["sql"].split()[0] for query in seen.captured_queries] == ["INSERT"]


@pytest.mark.parametrize("alias", ["postgresql"], indirect=True)
@pytest.mark.django_db(transaction=True)
def test_a_save_waits_for_no_claim_and_no_result(alias: str) -> None:
    """Both are in an open transaction that has locked the older item of the same object."""
    make(alias, "story")
    take(alias, limit=1)
    make(alias, "again")
    with transaction.atomic(using=alias):
        items = take(alias)
        together(lambda: _save(alias, "again"))
        push(alias, items)
        together(lambda: _save(alias, "again"))
    assert ItemToPush.objects.using(alias).new().count() == 2
    assert ids(take(alias)) == ["again"]


@pytest.mark.parametrize("alias", ["postgresql"], indirect=True)
@pytest.mark.django_db(transaction=True)
def test_a_claim_waits_for_no_save(alias: str) -> None:
    make(alias, "committed")
    with transaction.atomic(using=alias):
        add([item("open")], alias)
        assert together(lambda: ids(take(alias))) == [["committed"]]
    assert ids(take(alias)) == ["open"]


def _save(alias: str, object_id: str) -> None:
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '2s'")
        add([item(object_id)], alias)
