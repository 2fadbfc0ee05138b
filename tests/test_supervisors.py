"""A supervisor answers a rule's hooks for one object."""

from __future__ import annotations

import copy

import pytest

import pigeon
from tests.apps.newsroom.models import Photo, Story


class PhotoSupervisor(pigeon.BaseSupervisor):
    def filter_by_state(self, instance: Photo) -> bool:
        return bool(instance.caption)


class Partner(pigeon.DefaultConfiguration):
    models = [Story, Photo]
    extension = "json"

    def __init__(self) -> None:
        self.selected: list[object] = []

    def post_select(self, instance: object) -> None:
        self.selected.append(instance)

    def get_supervisor_for_item(self, instance: object) -> pigeon.BaseSupervisor:
        return (PhotoSupervisor if isinstance(instance, Photo) else pigeon.BaseSupervisor)(
            self, instance
        )


@pytest.fixture
def rule() -> Partner:
    return Partner()


def test_what_it_overrides_is_its_own(rule: Partner) -> None:
    supervisor = rule.get_supervisor_for_item(Photo())
    assert not supervisor.filter_by_state(Photo())
    assert supervisor.filter_by_state(Photo(caption="a"))


def test_all_else_is_the_rules(rule: Partner) -> None:
    story = Story(pk=7)
    supervisor = rule.get_supervisor_for_item(story)
    assert supervisor.filter_by_instance_type(story)
    assert supervisor.filter_by_updates(story)
    assert supervisor.filter_by_state(story)
    assert not supervisor.filter_by_instance_type(object())
    assert (supervisor.name, supervisor.extension) == ("partner", "json")
    assert supervisor.get_filename(story) == "newsroom_story_7.json"
    assert list(supervisor.get_related_items(story)) == []
    (maker,) = supervisor.get_output_makers(story)
    assert maker.get_filename() == "newsroom_story_7.json"
    supervisor.post_select(story)
    assert rule.selected == [story]


def test_a_maker_may_ask_the_supervisor(rule: Partner) -> None:
    class Renaming(pigeon.BaseSupervisor):
        def get_filename(self, instance: object) -> str:
            return "renamed.json"

    supervisor = Renaming(rule, Story(pk=7))
    assert pigeon.TemplateOutputMaker(supervisor, Story(pk=7)).get_filename() == "renamed.json"


def test_what_nobody_has_is_an_attribute_error(rule: Partner) -> None:
    supervisor = rule.get_supervisor_for_item(Story())
    with pytest.raises(AttributeError, match="nothing"):
        supervisor.nothing
    assert copy.copy(supervisor).configuration is rule
