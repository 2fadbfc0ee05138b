"""What a rule is when it says nothing, row by row of the documented table."""

from __future__ import annotations

from typing import Any

import pytest

import pigeon
from pigeon.packers.flat import FlatPacker
from tests.apps.newsroom.models import Photo, ProxyStory, SpecialStory, Story


class BelovedPartner(pigeon.DefaultConfiguration):
    models = [Story]


@pytest.fixture
def rule() -> BelovedPartner:
    return BelovedPartner()


def test_the_name_is_the_lower_cased_class_name(rule: BelovedPartner) -> None:
    assert rule.name == BelovedPartner.name == "belovedpartner"
    named = type("Named", (BelovedPartner,), {"name": "own"})
    assert named.name == "own"
    assert type("Child", (named,), {}).name == "child"


def test_plain_values() -> None:
    rule = pigeon.DefaultConfiguration()
    assert list(rule.models) == []
    assert (rule.extension, rule.packer, rule.on_invalid) == ("xml", FlatPacker, "refuse")
    assert (rule.push_deletions, rule.push_withdrawals) == (False, False)
    assert (list(rule.validators), rule.tracked_fields, rule.priority) == ([], None, 0)
    assert pigeon.MassPusherConfiguration.on_invalid == "skip"


def test_push_urls_come_from_the_settings(rule: BelovedPartner, settings: Any) -> None:
    assert list(rule.get_push_urls()) == []
    settings.PIGEON_PUSH_URLS = {"belovedpartner": ["dummy://a"]}
    assert rule.get_push_urls() == ["dummy://a"]
    rule.push_urls = []
    assert rule.get_push_urls() == []


@pytest.mark.parametrize(
    ("models", "instance", "accepted"),
    [
        ([Story], Story(), True),
        (["newsroom.Story"], Story(), True),
        ([Story], Photo(), False),
        ([Story], SpecialStory(), True),
        ([Story], ProxyStory(), True),
        ([SpecialStory], Story(), False),
        ([ProxyStory], Story(), False),
        ("*", Photo(), True),
        ([], Story(), False),
    ],
)
def test_what_a_rule_is_about(models: Any, instance: Any, accepted: bool) -> None:
    rule = type("Rule", (pigeon.DefaultConfiguration,), {"models": models})()
    assert rule.filter_by_instance_type(instance) is accepted


def test_the_other_hooks(rule: BelovedPartner) -> None:
    story = Story(pk=7)
    assert rule.filter_by_updates(story) is rule.filter_by_state(story) is True
    assert rule.get_template_names(story) == ["export/belovedpartner/newsroom_story.xml"]
    assert rule.get_tombstone_template_names(story) == [
        "export/belovedpartner/newsroom_story_deleted.xml"
    ]
    assert rule.get_context(story) == {"object": story}
    assert (rule.get_directory(story), rule.get_filename(story)) == ("", "newsroom_story_7.xml")
    assert list(rule.get_related_items(story)) == []
    (maker,) = rule.get_output_makers(story)
    assert isinstance(maker, pigeon.TemplateOutputMaker)
    rule.initialize_push()
    rule.post_select(story)


def test_the_extension_is_that_of_templates_and_files(rule: BelovedPartner) -> None:
    rule.extension = "json"
    assert rule.get_template_names(Story()) == ["export/belovedpartner/newsroom_story.json"]
    assert rule.get_filename(Story(pk=7)) == "newsroom_story_7.json"


def test_a_proxy_is_named_after_what_it_stands_for(rule: BelovedPartner) -> None:
    assert rule.get_filename(ProxyStory(pk=7)) == "newsroom_story_7.xml"


def test_the_name_of_an_archive(rule: BelovedPartner) -> None:
    assert rule.get_archive_name(Story(pk=7)) == "belovedpartner_newsroom_story_7"
    assert rule.get_archive_name(None) == "belovedpartner"
    rule.archive_name = "all"
    assert rule.get_archive_name(Story(pk=7)) == rule.get_archive_name(None) == "all"


def test_the_old_name_is_the_same() -> None:
    assert issubclass(pigeon.SequentialPusherConfiguration, pigeon.DefaultConfiguration)
    old = type("Old", (pigeon.SequentialPusherConfiguration,), {"models": [Story]})()
    assert old.name == "old"
    assert old.selects_on_save
    assert old.filter_by_instance_type(Story())
