"""Items are written by the save's own transaction, in the save's own database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction
from django.db.models.signals import post_save

from pigeon.models import ItemToPush, Status
from tests.apps.newsroom.models import Story
from tests.select.rules import items, make_rule, only


class Undone(Exception):
    pass


@pytest.fixture
def _a_later_receiver_fails() -> Iterator[None]:
    def fail(**kwargs: Any) -> None:
        raise Undone

    yield post_save.connect(fail, sender=Story, weak=False, dispatch_uid="tests.fail")
    post_save.disconnect(sender=Story, dispatch_uid="tests.fail")


@pytest.mark.django_db(transaction=True)
def test_under_autocommit_row_and_item_are_one(alias: str) -> None:
    make_rule()
    seen = []

    def look(**kwargs: Any) -> None:
        seen.append((connections[alias].in_atomic_block, len(items(alias))))

    post_save.connect(look, sender=Story)
    Story.objects.using(alias).create(title="a")
    post_save.disconnect(look, sender=Story)
    assert seen == [(True, 1)]
    assert len(items(alias)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_later_handler_that_fails_takes_both_back(alias: str, request: Any) -> None:
    make_rule()
    request.getfixturevalue("_a_later_receiver_fails")
    with pytest.raises(Undone):
        Story.objects.using(alias).create(title="a")
    assert items(alias) == []
    assert not Story.objects.using(alias).exists()


@pytest.mark.django_db(transaction=True)
def test_a_rollback_takes_the_items_back(alias: str) -> None:
    make_rule()
    with pytest.raises(Undone), transaction.atomic(using=alias):
        Story.objects.using(alias).create(title="a")
        assert len(items(alias)) == 1
        raise Undone
    assert items(alias) == []


def test_a_nested_rollback_takes_its_own_items_back(alias: str) -> None:
    make_rule()
    with transaction.atomic(using=alias):
        Story.objects.using(alias).create(title="kept")
        with pytest.raises(Undone), transaction.atomic(using=alias):
            Story.objects.using(alias).create(title="undone")
            raise Undone
    assert only(alias).title == "kept"


def test_a_savepoint_that_is_rolled_back_takes_its_items_back(alias: str) -> None:
    make_rule()
    savepoint = transaction.savepoint(using=alias)
    Story.objects.using(alias).create(title="undone")
    transaction.savepoint_rollback(savepoint, using=alias)
    assert items(alias) == []


def test_a_save_that_fails_leaves_nothing(alias: str) -> None:
    make_rule()
    story = Story.objects.using(alias).create(title="a")
    with pytest.raises(IntegrityError), transaction.atomic(using=alias):
        Story(pk=story.pk, title="b").save(using=alias, force_insert=True)
    assert len(items(alias)) == 1


def test_a_rolled_back_change_is_still_a_change(alias: str, story: Story) -> None:
    make_rule(filter_by_updates=lambda self, instance: "title" in instance.modified_attrs)
    story = Story.objects.using(alias).get()
    story.title = "Port"
    with pytest.raises(Undone), transaction.atomic(using=alias):
        story.save()
        raise Undone
    assert items(alias) == []
    story.save()
    assert only(alias).changed_fields == ["title"]


@pytest.mark.django_db(databases=["default", "other"])
def test_items_are_where_the_save_goes(settings: Any) -> None:
    settings.PIGEON_DATABASES = ["default", "other"]
    make_rule()
    story = Story.objects.create(title="a")
    story.title = "b"
    story.save(using="other")
    assert only("default").title == "a"
    assert only("other").title == "b"


@pytest.mark.django_db(databases=["default", "other"])
def test_a_database_without_a_queue_is_told_in_the_log(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.PIGEON_DATABASES = ["default"]
    make_rule(push_deletions="remove")
    story = Story.objects.using("other").create(title="a")
    assert "'other' was not queued: add it to PIGEON_DATABASES" in caplog.text
    caplog.clear()
    story.delete(using="other")
    assert "'other' was not queued" in caplog.text
    assert items("default") == []


@pytest.mark.django_db(transaction=True, databases=["postgresql"])
def test_a_save_neither_waits_nor_fails_while_a_worker_holds_rows(settings: Any) -> None:
    if "postgresql" not in connections.databases:
        pytest.skip("PostgreSQL is not here")
    settings.PIGEON_DATABASES = ["postgresql"]
    make_rule(push_deletions="remove")
    story = Story.objects.using("postgresql").create(title="a")
    worker = connections["postgresql"].copy("postgresql")
    try:
        with worker.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT * FROM pigeon_itemtopush FOR UPDATE")
            assert len(cursor.fetchall()) == 1
            with transaction.atomic(using="postgresql"):
                with connections["postgresql"].cursor() as own:
                    own.execute("SET LOCAL lock_timeout = '1ms'")
                story.title = "b"
                story.save()
                story.photos.set([])
                story.delete()
            cursor.execute("ROLLBACK")
    finally:
        worker.close()
    statuses = ItemToPush.objects.using("postgresql").values_list("status", flat=True)
    assert set(statuses) == {Status.NEW}
    assert len(statuses) == 3
