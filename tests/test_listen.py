"""Models are attached while a rule names them, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models.signals import m2m_changed, post_save, pre_delete

import pigeon
from pigeon.listen import routes_of
from pigeon.registry import registry
from tests.apps.newsroom.models import Photo, ProxyStory, SpecialStory, Story, Unwatched

FAMILY = [Story, SpecialStory, ProxyStory]


@pytest.fixture(autouse=True)
def _no_other_rules() -> Iterator[None]:
    with registry.isolated():
        yield


def make(name: str, models: Any, **attributes: Any) -> pigeon.DefaultConfiguration:
    given = {"name": name, "models": models, **attributes}
    pigeon.register(type("Rule", (pigeon.DefaultConfiguration,), given))
    return registry.get(name)


def test_a_model_its_proxies_and_its_children_are_heard() -> None:
    rule = make("rule", [Story])
    for model in FAMILY:
        assert routes_of(model) == (rule,)
        assert post_save.has_listeners(model)
    for model in (Photo, Unwatched):
        assert routes_of(model) == ()
        assert not post_save.has_listeners(model)
    assert m2m_changed.has_listeners(Story.photos.through)


def test_deletions_are_heard_only_by_those_who_push_them() -> None:
    """A listener keeps Django from deleting rows without loading them."""
    make("rule", [Story])
    assert not pre_delete.has_listeners(Story)
    make("deleting", [Story], push_deletions="remove")
    assert all(pre_delete.has_listeners(model) for model in FAMILY)
    pigeon.unregister("deleting")
    assert not any(pre_delete.has_listeners(model) for model in FAMILY)


def test_nothing_of_ours_stays_when_the_last_rule_goes() -> None:
    before = {model: {*vars(model)} for model in FAMILY}
    make("one", [Story])
    make("two", [SpecialStory])
    pigeon.unregister("one")
    assert routes_of(Story) == ()
    assert len(routes_of(SpecialStory)) == 1
    pigeon.unregister("two")
    for model in FAMILY:
        assert {*vars(model)} == before[model]
        assert not post_save.has_listeners(model)
    assert not m2m_changed.has_listeners(Story.photos.through)


def test_a_rule_hears_of_a_model_once_though_it_names_parent_and_child() -> None:
    rule = make("rule", [Story, SpecialStory, ProxyStory])
    assert routes_of(SpecialStory) == (rule,)


def test_fields_that_no_rule_needs_are_not_tracked() -> None:
    make("one", [Story], tracked_fields=["title"])
    assert Story(title="a", body="b").modified_attrs == {"id", "title"}
    make("two", [Story], tracked_fields=["body"])
    assert Story(title="a", body="b").modified_attrs == {"id", "title", "body"}
    make("three", [Story])
    assert "author" in Story().modified_attrs


def test_a_field_that_no_model_has_does_not_keep_the_site_from_starting() -> None:
    make("rule", [Story], tracked_fields=["titel"])
    assert Story().modified_attrs == {"id"}


def test_every_model_but_our_own() -> None:
    from pigeon.models import ItemToPush

    rule = make("rule", "*")
    assert routes_of(Unwatched) == (rule,)
    assert routes_of(ItemToPush) == ()
