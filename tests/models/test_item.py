"""The item: its numbers, its old names, its key and its object."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections

from pigeon.models import ItemToPush, Status
from pigeon.models.item import fetch_objects, order_key
from tests.apps.newsroom.models import SlugPage, SpecialStory, Story, UUIDStory
from tests.queue.making import batch, make

NUMBERS = {
    "NEW": 10, "IN_PROGRESS": 20, "RETRY": 30, "PUSHED": 50, "SUPERSEDED": 60, "CANCELLED": 70,
    "PUSH_ERROR": 110, "OUTPUT_GENERATION_ERROR": 120, "SEND_ERROR": 130,
    "FILTER_BY_INSTANCE_TYPE_ERROR": 140, "FILTER_BY_UPDATES_ERROR": 150,
    "FILTER_BY_STATE_ERROR": 160, "GET_DIRECTORY_ERROR": 170, "VALIDATION_ERROR": 180,
    "SUPERVISOR_ERROR": 190, "OUTPUT_MAKER_ERROR": 200,
}  # fmt: skip


def test_statuses_keep_their_numbers() -> None:
    assert {status.name: status.value for status in Status} == NUMBERS


@pytest.mark.parametrize("name", NUMBERS)
def test_each_status_has_a_filter_of_its_name(alias: str, name: str) -> None:
    for number in NUMBERS.values():
        make(alias, number, status=number)
    found = getattr(ItemToPush.objects.using(alias), name.lower())()
    assert [item.status for item in found] == [NUMBERS[name]]


def test_filters_over_several_statuses(alias: str) -> None:
    for number in NUMBERS.values():
        make(alias, number, status=number)
    items = ItemToPush.objects.using(alias)
    assert {item.status for item in items.failed()} == {n for n in NUMBERS.values() if n >= 100}
    assert {item.status for item in items.waiting()} == {10, 30}
    assert {item.status for item in items.unfinished()} == {10, 20, 30}


def test_items_that_wait_can_be_cancelled_and_no_others(alias: str) -> None:
    for number in NUMBERS.values():
        make(alias, number, status=number)
    assert ItemToPush.objects.using(alias).cancel("Enough.") == 2
    assert ItemToPush.objects.using(alias).filter(message="Enough.", status=70).count() == 2


def test_the_order_key_is_short_and_its_parts_do_not_run_together() -> None:
    keys = {
        order_key("a", "b", "c", "d"), order_key("ab", "", "c", "d"),
        order_key("a", "b", "cd", ""), order_key("a", "b"), order_key("a", "bc"),
        order_key("ä" * 200, "b" * 100, "c", "d" * 255),
    }  # fmt: skip
    assert len(keys) == 6
    assert {len(key) for key in keys} == {32}


def test_numbers_lie_side_by_side_in_the_index_of_order_keys() -> None:
    numbers = [0, 7, 8, 10, 99, 100, 123_456, 123_457, 2**63 - 1]
    keys = [order_key("a", "b", "c", str(number)) for number in numbers]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(numbers)
    assert max(map(len, keys)) == 32
    assert order_key("a", "b", "c", "9" * 300) != order_key("a", "b", "c", "9" * 301)
    assert len(order_key("a", "b", "c", "9" * 300)) == 32


def test_mass_pushes_share_their_rule_s_key() -> None:
    assert order_key("a", "b", "", "these") == order_key("a", "b", "", "those")


def test_an_item_made_by_hand_gets_its_key(alias: str) -> None:
    item = ItemToPush(rule_name="r", destination="d", model_label="m", object_id="1")
    item.save(using=alias)
    assert item.order_key == order_key("d", "r", "m", "1")


def objects(alias: str) -> list[Any]:
    return [
        Story.objects.using(alias).create(title="an integer"),
        UUIDStory.objects.using(alias).create(title="a UUID"),
        SlugPage.objects.using(alias).create(slug="a/b c ü", title="text"),
        SpecialStory.objects.using(alias).create(title="the parent's"),
    ]


def test_an_item_finds_its_object_whatever_its_key(alias: str) -> None:
    for thing in objects(alias):
        item = make(alias, thing.pk, model_label=thing._meta.label)
        assert item.content_object == thing
        assert item.content_object._state.db == alias


def test_many_objects_take_one_query_a_model(alias: str, django_assert_num_queries: Any) -> None:
    stories = [Story.objects.using(alias).create(title=str(number)) for number in range(5)]
    items = [make(alias, story.pk) for story in stories]
    page = objects(alias)[2]
    items.append(make(alias, page.pk, model_label="newsroom.SlugPage"))
    with django_assert_num_queries(2, connection=connections[alias]):
        found = fetch_objects(items)
    assert [found[item.pk] for item in items] == [*stories, page]


@pytest.mark.parametrize(
    ("label", "object_id"),
    [("newsroom.Story", "1"), ("newsroom.UUIDStory", "7"), ("gone.Model", "1"), ("", "[1]")],
    ids=["no such object", "a key of another type", "no such model", "a mass push"],
)
def test_what_is_not_there_is_none(alias: str, label: str, object_id: str) -> None:
    assert make(alias, object_id, model_label=label).content_object is None


def test_one_lost_model_does_not_hide_the_objects_of_others(alias: str) -> None:
    story = Story.objects.using(alias).create(title="here")
    items = [make(alias, 1, model_label="gone.Model"), make(alias, story.pk)]
    assert fetch_objects(items) == {items[1].pk: story}


def test_how_an_item_shows() -> None:
    item = ItemToPush(rule_name="rule", destination="beloved", object_id="7")
    assert str(item) == "rule: 7 → beloved"
    assert item.is_batch
    assert not ItemToPush(model_label="newsroom.Story").is_batch


def test_a_batch_is_a_batch(alias: str) -> None:
    assert batch(alias, "[]").is_batch
