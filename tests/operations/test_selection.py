"""Which items a selection means, how it is said in words, and how they are found."""

from __future__ import annotations

import datetime as dt
import uuid
from datetime import datetime
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from pigeon.exceptions import OperationRefused
from pigeon.models import ItemToPush, PushAttempt, Status
from pigeon.operations import Selection
from tests.operations.making import HERE, THERE, at, tried
from tests.queue.making import make, make_many

FAR_WEST = dt.timezone(dt.timedelta(hours=-14))
ERRORS = tuple(status for status in Status if status >= 100)


def found(alias: str, **parts: Any) -> list[str]:
    return sorted(item.object_id for item in Selection(**parts).items(alias))


def story(alias: str, object_id: object, **values: Any) -> ItemToPush:
    return make(
        alias, object_id, **({"destination": HERE, "model_label": "newsroom.story"} | values)
    )


def test_an_item_fits_all_of_what_is_given(alias: str) -> None:
    event = uuid.uuid4()
    one = story(alias, 1, event_id=event)
    story(alias, 2, rule_name="other")
    story(alias, 3, destination=THERE)
    story(alias, 4, status=Status.PUSHED)
    story(alias, 1, destination=THERE)

    assert found(alias, ids=[one.pk, 0, -1, 2**80]) == ["1"]
    assert found(alias, rule="other") == ["2"]
    assert found(alias, destination=THERE) == ["1", "3"]
    assert found(alias, statuses=[Status.PUSHED]) == ["4"]
    assert found(alias, object="newsroom.Story:1") == ["1", "1"]
    assert found(alias, object="newsroom.Story:1", event=event) == ["1"]
    assert found(alias, object="newsroom.Story:1", destination=THERE) == ["1"]
    assert found(alias, destination=HERE, rule="other", statuses=[Status.PUSHED]) == []


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [(2, 4, ["b", "c"]), (None, 2, ["a"]), (4, None, ["d"]), (5, 6, []), (2, 2, [])],
)
def test_the_time_is_that_of_attempts(
    alias: str, since: float | None, until: float | None, expected: list[str]
) -> None:
    for name, hour in (("a", 1.9), ("b", 2), ("c", 3.99), ("d", 4)):
        tried(story(alias, name), hour)
    story(alias, "never")
    parts = {"since": None if since is None else at(since), "until": until and at(until)}
    assert found(alias, **parts) == expected
    assert found(alias, destination=HERE, **parts) == expected
    assert found(alias, destination=THERE, **parts) == []


def test_what_was_tried_there_before_it_was_moved_away_is_no_longer_there(alias: str) -> None:
    tried(story(alias, "moved", destination=THERE), 3, HERE)
    assert found(alias, destination=HERE, since=at(2)) == []
    assert found(alias, destination=THERE, since=at(2)) == []
    assert found(alias, since=at(2)) == ["moved"]


def test_a_moment_without_a_zone_is_the_sites(alias: str) -> None:
    tried(story(alias, "a"), 3)
    assert found(alias, since=timezone.make_naive(at(2)), until=timezone.make_naive(at(4))) == [
        "a"
    ]


def test_on_a_site_without_zones(alias: str, settings: Any) -> None:
    settings.USE_TZ = False
    item = story(alias, "a")
    moment = datetime(2027, 1, 31, 3)
    PushAttempt.objects.using(alias).create(
        item=item, destination=HERE, rule_name="rule", started=moment, worker="w", outcome="retry"
    )
    aware = timezone.make_aware(datetime(2027, 1, 31, 2, 59))
    assert found(alias, since=aware) == ["a"]
    assert found(alias, since=moment, until=moment) == []


def test_nothing_is_not_everything(alias: str) -> None:
    assert Selection().is_empty
    assert not Selection(rule="rule").is_empty
    assert Selection(ids=[], statuses=[]).is_empty, "however nothing is written"
    with pytest.raises(OperationRefused, match="Nothing was chosen"):
        Selection().items(alias)


def test_an_event_needs_its_object() -> None:
    with pytest.raises(OperationRefused, match="Name the object, too"):
        Selection(event=uuid.uuid4(), destination=HERE).items("default")


@pytest.mark.parametrize(
    "text", ["newsroom.Story:042", "newsroom.story 42", " newsroom.Story : 42 "]
)
def test_an_object_may_be_written_in_several_ways(alias: str, text: str) -> None:
    story(alias, 42)
    assert found(alias, object=text) == ["42"]


@pytest.mark.parametrize(
    ("label", "key", "text"),
    [
        ("newsroom.slugpage", "a b:c", "newsroom.SlugPage:a b:c"),
        ("gone.model", "x", "gone.Model x"),
        (
            "newsroom.uuidstory",
            "6f9619ff-8b86-d011-b42d-00c04fc964ff",
            "newsroom.UUIDStory:6F9619FF8B86D011B42D00C04FC964FF",
        ),
    ],
)
def test_keys_of_all_kinds(alias: str, label: str, key: str, text: str) -> None:
    story(alias, key, model_label=label)
    assert found(alias, object=text) == [key]


@pytest.mark.parametrize(
    "text", ["story", "42", "newsroom.Story", "newsroom.Story:", ":", "a.b.c 1"]
)
def test_what_is_no_object(text: str) -> None:
    with pytest.raises(OperationRefused, match="is no object: write its model and primary key"):
        Selection(object=text).items("default")


@pytest.mark.parametrize(
    "parts",
    [
        {"destination": "a\0"},
        {"rule": "\ud800"},
        {"object": "newsroom.SlugPage:\0"},
        {"object": "newsroom.Story:" + "9" * 400},
        {"statuses": [2**80]},
        {"ids": [2**80]},
    ],
    ids=str,
)
def test_strange_values_mean_no_item(alias: str, parts: dict[str, Any]) -> None:
    story(alias, 1)
    assert found(alias, **parts) == []


@pytest.mark.parametrize("moment", [datetime.min, datetime.max.replace(tzinfo=FAR_WEST)])
def test_the_ends_of_the_calendar_are_refused(moment: datetime, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Vienna"
    with pytest.raises(OperationRefused, match="is too far away"):
        Selection(since=moment).items("default")


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({}, "everything"),
        ({"ids": (1,)}, "item 1"),
        ({"ids": (1, 2)}, "items 1, 2"),
        ({"ids": tuple(range(1, 1001))}, "1000 items"),
        ({"destination": HERE, "rule": "rule"}, "destination here, rule rule"),
        (
            {"statuses": (Status.SEND_ERROR, 30)},
            "status send error or waiting for another attempt",
        ),
        ({"statuses": (Status.NEW, *ERRORS)}, "status new or any error"),
        ({"statuses": (999,)}, "status 999"),
        ({"object": "news.Story:42"}, "news.Story:42"),
        (
            {"since": datetime(2027, 1, 31, 2), "until": datetime(2027, 1, 31, 4)},
            "tried since 2027-01-31 02:00:00, tried before 2027-01-31 04:00:00",
        ),
    ],
)
def test_words(parts: dict[str, Any], words: str) -> None:
    assert Selection(**parts).words() == words


@pytest.mark.parametrize("alias", ["postgresql"], indirect=True)
def test_items_are_found_along_indexes(alias: str) -> None:
    make_many(alias, range(3000), destination=HERE, model_label="newsroom.story")
    with connections[alias].cursor() as cursor:
        cursor.execute("ANALYZE pigeon_itemtopush")
    for parts in INDEXED:
        plan = Selection(**parts).items(alias).values_list("pk").explain()
        assert "Seq Scan on pigeon_itemtopush" not in plan, f"{parts}: {plan}"


INDEXED: list[dict[str, Any]] = [
    {"ids": [1, 2, 3]},
    {"destination": THERE},
    {"destination": THERE, "statuses": [130]},
    {"rule": "other"},
    {"statuses": [130]},
    {"object": "newsroom.Story:42"},
    {"since": at(2), "until": at(4)},
    {"destination": THERE, "since": at(2), "until": at(4)},
]
