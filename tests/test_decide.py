"""What a rule says of an object, and which hook said it."""

from __future__ import annotations

from typing import Any

import pytest

import pigeon
from pigeon.decide import accepts_state, accepts_type, decide, hooks_for, item_model
from pigeon.exceptions import FilterByStateError, SupervisorError
from tests.apps.newsroom.models import Photo, ProxyStory, SpecialStory, Story


def make(**attributes: Any) -> pigeon.DefaultConfiguration:
    return type("Rule", (pigeon.DefaultConfiguration,), {"models": [Story], **attributes})()


def refused_by(rule: pigeon.DefaultConfiguration, *, created: bool = False) -> str:
    return decide(rule, Story(), created=created, changed=lambda: {"title"}).refused_by


def no(self: object, instance: object) -> bool:
    return False


def fail(self: object, instance: object) -> bool:
    raise ValueError("on purpose")


@pytest.mark.parametrize(
    "hook", ["filter_by_instance_type", "filter_by_updates", "filter_by_state"]
)
def test_the_filter_that_refused_is_named(hook: str) -> None:
    assert refused_by(make(**{hook: no})) == hook


def test_filters_are_asked_in_order() -> None:
    assert refused_by(make(filter_by_updates=no, filter_by_state=fail)) == "filter_by_updates"
    assert refused_by(make(filter_by_updates=fail, tracked_fields=["body"])) == "tracked_fields"
    assert refused_by(make(filter_by_updates=fail, tracked_fields=["body"]), created=True) == ""


def test_changes_are_only_found_out_if_somebody_asks() -> None:
    def never() -> set[str]:
        raise AssertionError

    assert decide(make(), Story(), created=False, changed=never).selected


def test_who_answers() -> None:
    rule = make()
    assert hooks_for(rule, Story()) is rule
    supervised = make(
        get_supervisor_for_item=lambda self, instance: pigeon.BaseSupervisor(self, instance)
    )
    found = decide(supervised, Story(), created=True, changed=set)
    assert isinstance(found.hooks, pigeon.BaseSupervisor)


def test_the_present_state_alone() -> None:
    assert accepts_state(make(filter_by_updates=no), Story())
    assert not accepts_state(make(filter_by_state=no), Story())
    assert not accepts_state(make(get_supervisor_for_item=lambda *args: None), Story())
    with pytest.raises(FilterByStateError, match=r"filter_by_state of rule 'rule'.*on purpose"):
        accepts_state(make(filter_by_state=fail), Story())
    with pytest.raises(SupervisorError):
        accepts_state(make(get_supervisor_for_item=fail), Story())


def test_the_type_alone() -> None:
    assert accepts_type(make(), Story())
    assert not accepts_type(make(), Photo())
    assert accepts_type(make(filter_by_instance_type=fail), Photo())


@pytest.mark.parametrize(
    ("models", "instance", "known_as"),
    [
        ([Story], Story(), Story),
        ([Story], SpecialStory(), Story),
        ([Story], ProxyStory(), Story),
        ([Story, SpecialStory], SpecialStory(), SpecialStory),
        (["newsroom.ProxyStory"], ProxyStory(), ProxyStory),
        ("*", ProxyStory(), Story),
        ("*", SpecialStory(), SpecialStory),
        ([], ProxyStory(), Story),
    ],
)
def test_under_which_model_an_object_is_known(models: Any, instance: Any, known_as: type) -> None:
    assert item_model(make(models=models), instance) is known_as
