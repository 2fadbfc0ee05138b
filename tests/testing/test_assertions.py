from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import pigeon
from pigeon import select
from pigeon.exceptions import ConfigurationError, NotRegistered
from pigeon.registry import registry
from pigeon.testing import (
    assertNotPushed,
    assertNotQueued,
    assertPushed,
    assertQueued,
    captured,
    push,
)
from tests.apps.newsroom.models import ProxyStory, Story, Unwatched
from tests.testing.conftest import FAR, NEAR

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _captured(rule: Any) -> Iterator[None]:
    with captured():
        yield


@pytest.fixture
def story() -> Story:
    return Story.objects.create(title="Ebb", is_online=True)


def test_an_object_is_queued_and_then_pushed(story: Story) -> None:
    assertQueued(story)
    assertQueued(story, rule="partner", destination=FAR)
    assertNotPushed(story)
    push()
    assertNotQueued(story)
    assertPushed(story, rule="partner")
    assertPushed(story, rule="partner", destination=NEAR, times=1)
    assertPushed(story, times=2)


def test_a_rule_is_named_by_its_class_too(story: Story, rule: Any) -> None:
    assertQueued(story, rule=rule)
    assertQueued(story, rule=registry.get("partner"))


def test_a_refused_object_is_neither() -> None:
    offline = Story.objects.create(title="Flood", is_online=False)
    push()
    assertNotQueued(offline)
    assertNotPushed(offline)


def test_an_object_is_known_under_its_parent_or_proxy() -> None:
    story = ProxyStory.objects.create(title="Ebb", is_online=True)
    assertQueued(story)
    assertQueued(Story.objects.get())


def test_another_object_with_the_same_key_is_another() -> None:
    story = Story.objects.create(title="Ebb", is_online=True)
    assertNotQueued(Unwatched.objects.create(pk=story.pk, title="Ebb"))


def test_a_mass_push_has_no_object() -> None:
    @pigeon.register
    class Digest(pigeon.MassPusherConfiguration):
        push_urls = ["dummy://"]

        def get_items_to_push(self, *args: str) -> list[Story]:
            return []

    assertNotQueued(None)
    select.mass_push("digest")
    assertQueued(None, rule="digest")
    assertNotQueued(None, rule="partner")


def test_the_message_says_what_is_queued_instead(story: Story) -> None:
    with pytest.raises(AssertionError) as error:
        assertPushed(story, rule="partner", destination=FAR)
    assert str(error.value) == (
        f"newsroom.Story {story.pk} (Ebb) was not pushed by the rule 'partner' to 'far'. "
        "The queue holds:\n"
        "  partner: Ebb → far (created): new\n"
        f"  partner: Ebb → {NEAR} (created): new"
    )


def test_the_message_gives_the_reason_of_a_failure(story: Story, rule: Any) -> None:
    rule.validators = [lambda content: "too salty"]
    push()
    with pytest.raises(AssertionError, match=r"far \(created\): validation error: .*too salty"):
        assertPushed(story)


def test_the_message_lists_other_objects_and_says_how_many_more(story: Story) -> None:
    for number in range(15):
        Story.objects.create(title=f"Nr. {number}", is_online=True)
    with pytest.raises(AssertionError) as error:
        assertNotQueued(story)
    text = str(error.value)
    assert text.startswith(f"newsroom.Story {story.pk} (Ebb) is queued. The queue holds:\n")
    assert "  and of other objects:\n  partner: Nr. 0 → far (created): new\n" in text
    assert text.endswith("  … and 12 more")


def test_the_message_says_that_the_queue_is_empty() -> None:
    story = Story.objects.create(title="Ebb")
    with pytest.raises(AssertionError, match=r"is not queued\. The queue is empty: no rule has"):
        assertQueued(story)


def test_pushes_are_counted(story: Story) -> None:
    push()
    with pytest.raises(AssertionError, match=r"was pushed 2 times, not once\."):
        assertPushed(story, times=1)
    with pytest.raises(AssertionError, match=r"\(Ebb\) was pushed by the rule 'partner'\."):
        assertNotPushed(story, rule="partner")


def test_misspelt_names_do_not_pass_as_not_pushed(story: Story) -> None:
    with pytest.raises(NotRegistered, match="No rule is called 'partnr'"):
        assertNotPushed(story, rule="partnr")
    with pytest.raises(ConfigurationError, match="neither a URL nor a name"):
        assertNotPushed(story, destination="fra")


def test_a_deleted_object_is_asked_for_by_its_key(story: Story) -> None:
    key = story.pk
    story.delete()
    with pytest.raises(ValueError, match=r"give Story\(pk=<its old key>\)"):
        assertQueued(story)
    assertQueued(Story(pk=key))
