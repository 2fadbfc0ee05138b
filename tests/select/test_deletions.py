"""Deletions and withdrawals go to those who hold the object, or soon would."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pigeon.export.gathering import item_makers
from pigeon.models import Action, ItemToPush, Publication, Status
from tests.apps.newsroom.models import Author, Photo, ProxyStory, SpecialStory, Story
from tests.select.rules import PARTNER, forget, items, make_rule, only, raising


def publish(alias: str, *destinations: str) -> None:
    """The waiting items have arrived, at ``destinations`` or where they were going."""
    for item in items(alias):
        if destinations and item.destination not in destinations:
            continue
        now = timezone.now()
        Publication.objects.using(alias).create(
            destination=item.destination, path=item.object_id, path_digest=item.order_key,
            rule_name=item.rule_name, model_label=item.model_label, object_id=item.object_id,
            order_key=item.order_key, item_id=item.pk, size=1, sha256="0", rendered_at=now,
            published_date=now,
        )  # fmt: skip
    forget(alias)


@pytest.mark.parametrize("how", ["remove", "tombstone"])
def test_what_was_published_is_deleted_there(alias: str, how: str) -> None:
    make_rule(push_deletions=how)
    story = Story.objects.using(alias).create(title="Harbour")
    pk = str(story.pk)
    publish(alias)
    story.delete()
    item = only(alias)
    assert (item.action, item.object_id, item.title) == (Action.DELETED, pk, "Harbour")
    assert item.status == Status.NEW


def test_only_those_who_hold_it_hear_of_it(alias: str) -> None:
    make_rule(push_deletions="remove", push_urls=[PARTNER, "dummy://other"])
    story = Story.objects.using(alias).create(title="a")
    publish(alias, PARTNER)
    story.delete()
    assert only(alias).destination == PARTNER


def test_a_deletion_follows_an_item_that_waits(alias: str) -> None:
    make_rule(push_deletions="remove")
    Story.objects.using(alias).create(title="a").delete()
    assert [item.action for item in items(alias)] == [Action.CREATED, Action.DELETED]
    assert len({item.order_key for item in items(alias)}) == 1


def test_nobody_hears_of_what_nobody_holds(alias: str, story: Story) -> None:
    make_rule(push_deletions="remove")
    story.delete()
    assert items(alias) == []


def test_deletions_are_not_pushed_unless_asked_for(alias: str) -> None:
    make_rule()
    story = Story.objects.using(alias).create(title="a")
    publish(alias)
    story.delete()
    assert items(alias) == []


def test_a_finished_error_is_nothing_that_comes(alias: str) -> None:
    make_rule(push_deletions="remove", filter_by_state=raising())
    story = Story.objects.using(alias).create(title="a")
    story.delete()
    assert only(alias).status == Status.FILTER_BY_STATE_ERROR


def test_deletions_of_a_queryset_and_by_cascade(alias: str) -> None:
    make_rule(models=[SpecialStory], push_deletions="remove")
    for title in "abc":
        SpecialStory.objects.using(alias).create(title=title)
    publish(alias)
    Story.objects.using(alias).filter(title="a").delete()
    assert only(alias).title == "a"
    SpecialStory.objects.using(alias).all().delete()
    assert len(items(alias)) == 3


def test_the_deletion_of_a_child_says_it_once(alias: str) -> None:
    """Django sends one signal for each of its tables."""
    make_rule(push_deletions="remove")
    special = SpecialStory.objects.using(alias).create(title="a", kicker="k")
    publish(alias)
    special.delete()
    assert only(alias).model_label == "newsroom.story"
    assert only(alias).snapshot[0]["fields"]["kicker"] == "k"


def test_a_proxy_is_deleted_like_what_it_stands_for(alias: str) -> None:
    make_rule(push_deletions="remove")
    Story.objects.using(alias).create(title="a")
    publish(alias)
    ProxyStory.objects.using(alias).get().delete()
    assert only(alias).model_label == "newsroom.story"


def test_the_object_can_be_had_after_its_row_is_gone(alias: str) -> None:
    rule = make_rule(models=[SpecialStory], push_deletions="tombstone")
    author = Author.objects.using(alias).create(name="A")
    now = timezone.now()
    special = SpecialStory.objects.using(alias).create(
        title="Harbour", kicker="k", author=author, updated_at=now, metadata={"tags": ["ä", 1.5]}
    )
    pk = special.pk
    publish(alias)
    special.delete()

    (maker,) = item_makers(rule, only(alias), None)
    found = maker.instance
    assert isinstance(found, SpecialStory)
    assert (found.pk, found.id, found.title, found.kicker) == (pk, pk, "Harbour", "k")
    assert (found.author_id, found.metadata) == (author.pk, {"tags": ["ä", 1.5]})
    assert abs((found.updated_at - now).total_seconds()) < 0.001
    assert not SpecialStory.objects.using(alias).exists()


def test_numbers_that_json_does_not_know(alias: str) -> None:
    make_rule(push_deletions="tombstone")
    story = Story.objects.using(alias).create(title="a")
    story.title = float("nan")
    publish(alias)
    story.delete()
    assert only(alias).snapshot[0]["fields"]["title"] == "NaN"


def test_an_object_that_cannot_be_serialized_is_deleted_all_the_same(
    alias: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_rule(push_deletions="remove")
    story = Story.objects.using(alias).create(title="a")
    publish(alias)
    monkeypatch.setattr(Story._meta.get_field("metadata"), "value_to_string", raising())
    with caplog.at_level(logging.ERROR, "pigeon.select"):
        story.delete()
    assert not Story.objects.using(alias).exists()
    assert only(alias).snapshot is None
    assert "No snapshot of newsroom.Story" in caplog.text


@pytest.mark.parametrize("hook", ["filter_by_instance_type", "get_supervisor_for_item"])
def test_a_filter_that_raises_has_not_refused_a_deletion(alias: str, hook: str) -> None:
    rule = make_rule(push_deletions="remove")
    story = Story.objects.using(alias).create(title="a")
    publish(alias)
    setattr(type(rule), hook, raising())
    story.delete()
    assert only(alias).action == Action.DELETED


def test_what_the_rule_is_not_about_is_not_deleted_there(alias: str) -> None:
    rule = make_rule(push_deletions="remove")
    story = Story.objects.using(alias).create(title="a")
    publish(alias)
    type(rule).filter_by_instance_type = lambda self, instance: False  # type: ignore[method-assign]
    story.delete()
    assert items(alias) == []


def test_a_deletion_takes_no_lock_and_updates_nothing(alias: str) -> None:
    make_rule(push_deletions="remove", push_urls=[PARTNER, "dummy://other"])
    story = Story.objects.using(alias).create(title="a")
    publish(alias)
    with CaptureQueriesContext(connections[alias]) as queries:
        story.delete()
    ours = [query["sql"] for query in queries if "pigeon_" in query["sql"]]
    assert [sql.split()[0] for sql in ours] == ["SELECT", "SELECT", "INSERT"]
    assert not [sql for sql in ours if "FOR UPDATE" in sql]


# Withdrawals


def online(self: object, instance: Story) -> bool:
    return instance.is_online


def withdrawing(alias: str, **attributes: Any) -> Story:
    """A published story of a rule that withdraws."""
    make_rule(push_withdrawals=True, filter_by_state=online, **attributes)
    story = Story.objects.using(alias).create(title="a", is_online=True)
    publish(alias)
    return story


def test_what_is_no_longer_accepted_is_withdrawn(alias: str) -> None:
    story = withdrawing(alias)
    story.is_online = False
    story.save()
    item = only(alias)
    assert (item.action, item.changed_fields) == (Action.DELETED, ["is_online"])
    assert item.snapshot[0]["fields"]["is_online"] is False


def test_also_when_filter_by_updates_would_say_no(alias: str) -> None:
    story = withdrawing(
        alias, filter_by_updates=lambda self, instance: "title" in instance.modified_attrs
    )
    story.is_online = False
    story.save()
    assert only(alias).action == Action.DELETED


def test_also_when_the_field_is_not_tracked(alias: str) -> None:
    story = withdrawing(alias, tracked_fields=["title"])
    story.is_online = False
    story.save()
    assert only(alias).action == Action.DELETED


def test_once_is_enough(alias: str) -> None:
    story = withdrawing(alias)
    story.is_online = False
    story.save()
    story.save()
    assert len(items(alias)) == 1


def test_but_not_after_it_was_wanted_again(alias: str) -> None:
    story = withdrawing(alias)
    for story.is_online in (False, True, False):
        story.save()
    assert [item.action for item in items(alias)] == [
        Action.DELETED, Action.UPDATED, Action.DELETED,
    ]  # fmt: skip


def test_what_nobody_holds_is_not_withdrawn(alias: str) -> None:
    make_rule(push_withdrawals=True, filter_by_state=online)
    Story.objects.using(alias).create(title="a").save()
    assert items(alias) == []


def test_other_rules_do_not_withdraw(alias: str) -> None:
    make_rule(filter_by_state=online)
    story = Story.objects.using(alias).create(title="a", is_online=True)
    publish(alias)
    story.is_online = False
    story.save()
    assert items(alias) == []


def test_a_broken_filter_withdraws_nothing(alias: str) -> None:
    make_rule(
        push_withdrawals=True, filter_by_updates=lambda *args: False, filter_by_state=raising()
    )
    story = Story.objects.using(alias).create(title="a")
    assert only(alias).status == Status.FILTER_BY_STATE_ERROR
    forget(alias)
    story.save()
    assert items(alias) == []


def test_the_items_of_one_save_share_the_event_also_when_withdrawn(alias: str) -> None:
    make_rule(name="keeps")
    story = withdrawing(alias)
    story.is_online = False
    story.save()
    assert {item.action for item in items(alias)} == {Action.UPDATED, Action.DELETED}
    assert ItemToPush.objects.using(alias).values("event_id").distinct().count() == 1


def test_a_photo_is_no_story(alias: str) -> None:
    make_rule(push_deletions="remove")
    Photo.objects.using(alias).create(caption="a").delete()
    assert items(alias) == []
