"""Changes of m2m relations, from both sides."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pigeon.models import Action
from tests.apps.newsroom.models import Photo, ProxyStory, SpecialStory, Story
from tests.select.rules import forget, items, make_rule, only


@pytest.fixture
def photos(alias: str) -> list[Photo]:
    return [Photo.objects.using(alias).create(caption=caption) for caption in "abc"]


FORWARD: dict[str, Callable[[Story, list[Photo]], object]] = {
    "add": lambda story, photos: story.photos.add(photos[1]),
    "remove": lambda story, photos: story.photos.remove(photos[0]),
    "clear": lambda story, photos: story.photos.clear(),
    "set": lambda story, photos: story.photos.set([photos[0], photos[2]]),
    "create": lambda story, photos: story.photos.create(caption="d"),
}
REVERSE: dict[str, Callable[[Story, list[Photo]], object]] = {
    "add": lambda story, photos: photos[1].story_set.add(story),
    "remove": lambda story, photos: photos[0].story_set.remove(story),
    "clear": lambda story, photos: photos[0].story_set.clear(),
    "set": lambda story, photos: photos[0].story_set.set([]),
}
BOTH = [*FORWARD.values(), *REVERSE.values()]
NAMES = [*(f"forward-{name}" for name in FORWARD), *(f"reverse-{name}" for name in REVERSE)]


@pytest.mark.parametrize("change", BOTH, ids=NAMES)
def test_a_change_from_either_side_is_a_change_of_the_owner(
    alias: str, story: Story, photos: list[Photo], change: Callable[..., object]
) -> None:
    story.photos.add(photos[0])
    make_rule(filter_by_updates=lambda self, instance: instance.modified_attrs == {"photos"})
    change(story, photos)
    item = only(alias)
    assert (item.action, item.changed_fields) == (Action.UPDATED, ["photos"])
    assert (item.model_label, item.object_id) == ("newsroom.story", str(story.pk))


NOTHING: list[Callable[[Story, list[Photo]], object]] = [
    lambda story, photos: story.photos.add(photos[0]),
    lambda story, photos: story.photos.set([photos[0]]),
    lambda story, photos: photos[0].story_set.add(story),
    lambda story, photos: photos[1].story_set.clear(),
    lambda story, photos: Story.objects.using(story._state.db).create(title="n").photos.clear(),
]


@pytest.mark.parametrize("change", NOTHING)
def test_what_changes_nothing_is_no_change(
    alias: str, story: Story, photos: list[Photo], change: Callable[..., object]
) -> None:
    story.photos.add(photos[0])
    make_rule()
    change(story, photos)
    assert items(alias, action=Action.UPDATED) == []


def test_every_owner_hears_of_a_change_from_the_far_side(alias: str, photos: list[Photo]) -> None:
    stories = [Story.objects.using(alias).create(title=title) for title in "abc"]
    make_rule()
    photos[0].story_set.set(stories)
    assert {item.title for item in items(alias)} == {"a", "b", "c"}
    forget(alias)
    photos[0].story_set.clear()
    assert {item.title for item in items(alias)} == {"a", "b", "c"}


@pytest.mark.parametrize("model", [SpecialStory, ProxyStory])
def test_children_and_proxies_have_their_parents_relations(
    alias: str, photos: list[Photo], model: type[Story]
) -> None:
    story = model.objects.using(alias).create(title="a")
    make_rule(name="child", models=[model])
    story.photos.add(photos[0])
    assert only(alias).model_label == model._meta.label_lower
    forget(alias)
    photos[1].story_set.add(Story.objects.using(alias).get())
    assert only(alias).model_label == model._meta.label_lower


def test_a_plain_story_is_no_special_one(alias: str, story: Story, photos: list[Photo]) -> None:
    make_rule(models=[SpecialStory])
    photos[0].story_set.add(story)
    story.photos.clear()
    assert items(alias) == []


def test_unsaved_changes_of_the_owner_are_not_told(
    alias: str, story: Story, photos: list[Photo]
) -> None:
    make_rule()
    story = Story.objects.using(alias).get()
    story.title = "unsaved"
    story.photos.add(photos[0])
    assert only(alias).changed_fields == ["photos"]
    assert story.modified_attrs == {"title"}


def test_tracked_fields_may_name_a_relation(alias: str, story: Story, photos: list[Photo]) -> None:
    make_rule(name="titles", tracked_fields=["title"])
    make_rule(name="photos", tracked_fields=["photos"])
    story.photos.add(photos[0])
    assert only(alias).rule_name == "photos"


def test_the_far_model_is_not_listened_to(alias: str, story: Story, photos: list[Photo]) -> None:
    make_rule(models=[Photo])
    story.photos.add(photos[0])
    assert items(alias) == []


def test_no_memory_of_a_clear_stays_behind(alias: str, story: Story, photos: list[Photo]) -> None:
    make_rule()
    story.photos.add(photos[0])
    before = {*vars(story)}
    story.photos.clear()
    assert {*vars(story)} == before
