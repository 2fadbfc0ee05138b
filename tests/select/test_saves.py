"""Saves and creations become items of the rules that want them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import serializers
from django.db import connections
from django.test.utils import CaptureQueriesContext

import pigeon
from pigeon.models import Action, Status
from pigeon.registry import registry
from tests.apps.newsroom.models import (
    Photo,
    ProxyStory,
    SlugPage,
    SpecialStory,
    Story,
    Unwatched,
    UUIDStory,
)
from tests.apps.tracked.models import Mixed
from tests.select.rules import PARTNER, answering, forget, items, make_rule, only


def test_a_creation_says_what_when_and_for_whom(alias: str) -> None:
    make_rule(priority=3)
    created = Story.objects.using(alias).create(title="Harbour")

    item = only(alias)
    assert (item.rule_name, item.destination, item.priority) == ("rule", PARTNER, 3)
    assert (item.model_label, item.object_id) == ("newsroom.story", str(created.pk))
    assert (item.title, item.action, item.status) == ("Harbour", Action.CREATED, Status.NEW)
    assert item.changed_fields == []
    assert item.message == ""
    assert item.content_object == created


def test_an_update_says_what_changed(alias: str, story: Story) -> None:
    make_rule()
    story = Story.objects.using(alias).get()
    story.title, story.is_online = "Port", True
    story.save()
    item = only(alias)
    assert (item.action, item.changed_fields) == (Action.UPDATED, ["is_online", "title"])


def test_all_items_of_one_save_share_the_event_and_no_others(alias: str) -> None:
    make_rule(name="one", push_urls=[PARTNER, "dummy://other"])
    make_rule(name="two")
    Story.objects.using(alias).create(title="a")
    first = {item.event_id for item in items(alias)}
    assert len(items(alias)) == 3
    assert len(first) == 1
    Story.objects.using(alias).create(title="b")
    assert len({item.event_id for item in items(alias)}) == 2


def test_filter_by_updates_is_not_asked_on_creation(alias: str) -> None:
    asked = []
    make_rule(filter_by_updates=lambda self, instance: asked.append(instance))
    created = Story.objects.using(alias).create(title="a")
    assert len(items(alias)) == 1
    assert asked == []
    created.save()
    assert len(items(alias)) == 1
    assert len(asked) == 1


def test_filter_by_updates_sees_the_modified_attrs(alias: str, story: Story) -> None:
    make_rule(filter_by_updates=lambda self, instance: "title" in instance.modified_attrs)
    story = Story.objects.using(alias).get()
    story.body = "other"
    story.save()
    assert items(alias) == []
    story.title = "Port"
    story.save(update_fields=["body"])
    assert items(alias) == []
    story.save(update_fields=["title"])
    assert only(alias).changed_fields == ["title"]


@pytest.mark.parametrize("hook", ["filter_by_instance_type", "filter_by_state"])
def test_a_filter_that_refuses_leaves_nothing(alias: str, hook: str) -> None:
    make_rule(**{hook: answering(False)})
    Story.objects.using(alias).create(title="a").save()
    assert items(alias) == []


def test_tracked_fields_count_on_updates_only(alias: str) -> None:
    make_rule(tracked_fields=["title"])
    created = Story.objects.using(alias).create(title="a")
    assert len(items(alias)) == 1
    created.body = "other"
    created.save()
    assert len(items(alias)) == 1
    created.title = "b"
    created.save()
    assert items(alias)[-1].changed_fields == ["title"]


def test_tracked_fields_of_a_rule_over_several_models(alias: str) -> None:
    make_rule(models=[Story, Photo], tracked_fields=["title", "caption"])
    photo = Photo.objects.using(alias).create(caption="a")
    forget(alias)
    photo.image.name = "other.jpg"
    photo.save()
    assert items(alias) == []
    photo.caption = "b"
    photo.save()
    assert only(alias).changed_fields == ["caption"]


def test_the_mixin_makes_no_difference(alias: str) -> None:
    make_rule(
        models=[Mixed],
        filter_by_updates=lambda self, instance: "title" in instance.modified_attrs,
    )
    mixed = Mixed.objects.using(alias).create(title="a")
    assert only(alias).action == Action.CREATED
    mixed.body = "text"
    mixed.save()
    assert len(items(alias)) == 1
    mixed.title = "b"
    mixed.save()
    assert items(alias)[-1].changed_fields == ["title"]


def test_an_object_saved_through_a_proxy_or_a_child_stays_one_object(alias: str) -> None:
    make_rule()
    special = SpecialStory.objects.using(alias).create(title="a", kicker="k")
    ProxyStory.objects.using(alias).get().save()
    Story.objects.using(alias).get().save()
    special.save()
    found = items(alias)
    assert len(found) == 4
    assert {(item.model_label, item.object_id) for item in found} == {
        ("newsroom.story", str(special.pk))
    }
    assert len({item.order_key for item in found}) == 1


def test_a_rule_that_names_a_child_or_a_proxy_is_not_about_the_parent(alias: str) -> None:
    make_rule(name="child", models=[SpecialStory])
    make_rule(name="proxy", models=[ProxyStory])
    Story.objects.using(alias).create(title="a")
    assert items(alias) == []
    SpecialStory.objects.using(alias).create(title="a")
    assert only(alias).model_label == "newsroom.specialstory"
    forget(alias)
    ProxyStory.objects.using(alias).create(title="a")
    assert only(alias).model_label == "newsroom.proxystory"


@pytest.mark.parametrize("models", [["newsroom.Story"], ["newsroom.story"], (Story,), "*"])
def test_models_may_be_named_in_many_ways(alias: str, models: Any) -> None:
    make_rule(models=models)
    Story.objects.using(alias).create(title="a")
    assert only(alias).model_label == "newsroom.story"


def test_every_model_of_the_site(alias: str) -> None:
    make_rule(models="*")
    Unwatched.objects.using(alias).create(title="a")
    assert only(alias).model_label == "newsroom.unwatched"


def test_a_rule_may_say_by_a_filter_alone_what_it_is_about(alias: str) -> None:
    make_rule(
        models=[], filter_by_instance_type=lambda self, instance: hasattr(instance, "caption")
    )
    Story.objects.using(alias).create(title="a")
    Photo.objects.using(alias).create(caption="b")
    assert only(alias).model_label == "newsroom.photo"


def test_a_rule_without_models_is_about_nothing(alias: str) -> None:
    make_rule(models=[])
    Story.objects.using(alias).create(title="a")
    assert items(alias) == []


@pytest.mark.parametrize(
    ("model", "key"),
    [(UUIDStory, "6b5a5b9f-8e0c-4f0e-9d7e-0d6f0a1b2c3d"), (SlugPage, "über/uns — 1")],
)
def test_keys_of_any_kind_lead_back_to_the_object(alias: str, model: Any, key: str) -> None:
    make_rule(models=[model])
    model.objects.using(alias).create(pk=key.upper() if model is UUIDStory else key, title="a")
    item = only(alias)
    assert item.object_id == key
    assert item.content_object == model.objects.using(alias).get(pk=key)


def test_fixtures_are_not_selected(alias: str) -> None:
    make_rule()
    rows = [{"model": "newsroom.story", "pk": 7, "fields": {"title": "a"}}]
    for row in serializers.deserialize("python", rows, using=alias):
        row.save(using=alias)
    assert Story.objects.using(alias).get().pk == 7
    assert items(alias) == []


def test_a_rule_without_destinations_queues_nothing(alias: str) -> None:
    make_rule(push_urls=[])
    make_rule(name="unset", push_urls=None)
    Story.objects.using(alias).create(title="a")
    assert items(alias) == []


def test_destinations_come_from_the_settings(alias: str, settings: Any) -> None:
    settings.PIGEON_PUSH_URLS = {"rule": ["sftp://news:secret@partner.example/in", "named"]}
    settings.PIGEON_DESTINATIONS = {"named": {"URL": "dummy://named"}}
    make_rule(push_urls=None)
    Story.objects.using(alias).create(title="a")
    assert {item.destination for item in items(alias)} == {
        "sftp://news@partner.example/in",
        "named",
    }


def test_an_object_that_cannot_say_its_name(alias: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_rule()
    monkeypatch.setattr(Story, "__str__", lambda self: 1 / 0)
    created = Story.objects.using(alias).create(title="a")
    assert only(alias).title == f"story {created.pk}"


def test_a_name_that_the_database_would_refuse(
    alias: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_rule()
    monkeypatch.setattr(Story, "__str__", lambda self: "a\0b\ud800" + "ü" * 300)
    Story.objects.using(alias).create(title="a")
    assert only(alias).title == "a\N{REPLACEMENT CHARACTER}b?" + "ü" * 251


def test_rules_come_and_go_while_the_site_runs(alias: str) -> None:
    assert "save_base" not in vars(Story)
    rule = make_rule()
    Story.objects.using(alias).create(title="a").save()
    assert len(items(alias)) == 2
    pigeon.unregister("rule")
    Story.objects.using(alias).create(title="b").save()
    assert len(items(alias)) == 2
    assert "save_base" not in vars(Story)
    assert rule not in registry.rules()


def test_a_save_only_inserts(alias: str, story: Story) -> None:
    """Nothing of Pigeon's is locked, updated or even read by it."""
    make_rule(push_urls=[PARTNER, "dummy://other"])
    make_rule(name="two")
    story = Story.objects.using(alias).get()
    story.title = "Port"
    with CaptureQueriesContext(connections[alias]) as queries:
        story.save()
    statements = [query["sql"] for query in queries]
    ours = [sql for sql in statements if "pigeon_" in sql]
    assert [sql.split()[0] for sql in ours] == ["INSERT"], "one INSERT for all items"
    assert [sql.split()[0] for sql in statements if sql not in ours] == ["UPDATE"]


def test_a_save_that_no_rule_wants_makes_no_query_of_ours(alias: str, story: Story) -> None:
    for number in range(20):
        make_rule(name=f"rule{number}", filter_by_state=answering(False))
    story = Story.objects.using(alias).get()
    with CaptureQueriesContext(connections[alias]) as queries:
        story.save()
    assert [query["sql"].split()[0] for query in queries] == ["UPDATE"]


def test_models_that_no_rule_names_are_left_alone(alias: str) -> None:
    make_rule()
    assert "save_base" not in vars(Unwatched)
    with CaptureQueriesContext(connections[alias]) as queries:
        Unwatched.objects.using(alias).create(title="a")
        Unwatched.objects.using(alias).all().delete()
    assert [query["sql"].split()[0] for query in queries] == ["INSERT", "DELETE"]
    assert items(alias) == []


def test_a_save_within_a_filter_is_an_event_of_its_own(alias: str, story: Story) -> None:
    """What one save changed is found out once, but not for another save."""

    def save_once_more(self: object, instance: Story) -> bool:
        seen = instance.modified_attrs
        if "title" not in seen:
            instance.title = "by the filter"
            instance.save()
        return True

    make_rule(filter_by_updates=save_once_more)
    story = Story.objects.using(alias).get()
    story.body = "other"
    story.save()
    inner, outer = items(alias)
    assert inner.changed_fields == ["body", "title"]
    assert outer.changed_fields == ["body"]
    assert inner.event_id != outer.event_id
