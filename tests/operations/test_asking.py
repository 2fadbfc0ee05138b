"""Queueing by hand is an operation like any other."""

from __future__ import annotations

from typing import Any

import pytest

from pigeon.exceptions import ConfigurationError, NotRegistered
from pigeon.models import ItemToPush, Operation
from pigeon.operations import Done, enqueue
from pigeon.registry import registry
from tests.apps.newsroom.models import Story
from tests.operations.making import ANN, operations
from tests.select.rules import make_rule


@pytest.fixture(autouse=True)
def _rules() -> Any:
    with registry.isolated():
        make_rule(
            filter_by_state=lambda self, story: "secret" not in story.title,
            push_urls=["dummy://here", "dummy://there"],
        )
        yield


def stories(alias: str, number: int, title: str = "one") -> Any:
    Story.objects.using(alias).bulk_create(Story(title=title) for _ in range(number))
    return Story.objects.using(alias)


def test_it_says_who_and_which_items(alias: str) -> None:
    assert enqueue(stories(alias, 2), "rule", ANN) == Done(4)
    [(actor, verb, _, items)] = operations(alias)
    assert (actor, verb) == ("ann", "enqueued")
    assert set(items) == set(ItemToPush.objects.using(alias).values_list("pk", flat=True))
    assert set(ItemToPush.objects.using(alias).values_list("actor", flat=True)) == {"ann"}
    done = Operation.objects.using(alias).get()
    assert (done.chosen, done.detail) == ("objects of newsroom.Story", "for rule rule")


def test_what_the_filters_refuse_is_counted(alias: str) -> None:
    found = stories(alias, 3, "secret")
    assert enqueue(found, "rule", ANN) == Done(0, 3, {"refused by the rule's filters": 3})
    assert operations(alias) == []


def test_a_dry_run_queues_nothing(alias: str) -> None:
    assert enqueue(stories(alias, 2), "rule", ANN, dry_run=True) == Done(4)
    assert not ItemToPush.objects.using(alias).exists()
    assert operations(alias) == []


def test_many_go_in_pages_and_are_one_operation(alias: str) -> None:
    assert enqueue(stories(alias, 1100), "rule", ANN) == Done(2200)
    [(_, _, _, items)] = operations(alias)
    assert len(items) == 2200


def test_what_cannot_be_meant(alias: str, settings: Any) -> None:
    with pytest.raises(NotRegistered):
        enqueue(Story.objects.using(alias), "nobody", ANN)
    settings.PIGEON_DATABASES = ["other"]
    with pytest.raises(ConfigurationError, match="has no queue"):
        enqueue(Story.objects.using(alias), "rule", ANN)
