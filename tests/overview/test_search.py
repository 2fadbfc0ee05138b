"""Finding items: by every criterion, page by page, without missing or repeating any."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

import pigeon
from pigeon.models import ItemToPush, Outcome, Publication, PushAttempt, Status
from pigeon.models.publication import file_name, path_digest
from pigeon.overview import ranges, tried
from pigeon.overview.query import Cursor
from pigeon.overview.search import Query, all_ids, find
from pigeon.overview.subjects import Subject, subjects_in
from pigeon.registry import registry
from tests.apps.newsroom.models import Story, UUIDStory

NOW = timezone.now().replace(microsecond=0)


class Partner(pigeon.DefaultConfiguration):
    models = [Story, UUIDStory]


@pytest.fixture(autouse=True)
def _rule() -> Iterator[None]:
    with registry.isolated():
        registry.register(Partner)
        yield


def item(alias: str, key: object = 1, *, age: float = 0, **values: Any) -> ItemToPush:
    """An item that was queued ``age`` minutes ago."""
    facts = {"rule_name": "partner", "destination": "beloved", "model_label": "newsroom.story"}
    facts |= {"object_id": str(key), "creation_date": NOW - timedelta(minutes=age)}
    return ItemToPush.objects.using(alias).create(**(facts | values))


def attempt(of: ItemToPush, *, age: float, **values: Any) -> PushAttempt:
    """An attempt that began ``age`` minutes ago."""
    facts = {"destination": of.destination, "rule_name": of.rule_name, "worker": "w"}
    facts |= {"outcome": Outcome.RETRY, "started": NOW - timedelta(minutes=age)}
    return PushAttempt.objects.using(of._state.db).create(item=of, **(facts | values))


def publication(of: ItemToPush, path: str, **values: Any) -> Publication:
    facts = {"destination": of.destination, "path": path, "remote_path": f"/in/{path}"}
    facts |= {"file_name": file_name(path), "path_digest": path_digest(path), "size": 3}
    facts |= {"rule_name": of.rule_name, "model_label": of.model_label}
    facts |= {"object_id": of.object_id, "order_key": of.order_key, "item_id": of.pk}
    facts |= {"sha256": "aa", "rendered_at": NOW, "published_date": NOW}
    return Publication.objects.using(of._state.db).create(**(facts | values))


def found(alias: str, **query: Any) -> list[int]:
    """Ids of all that is found, page by page, two at a time."""
    ids: list[int] = []
    before: Cursor | None = None
    for _ in range(50):
        page = find(Query(**query), using=alias, before=before, limit=2)
        ids += [each.pk for each in page.items]
        before = page.next
        if before is None:
            assert len(ids) == len(set(ids)), "an item came twice"
            return ids
        before = Cursor.from_text(before.as_text())
        assert before is not None
    raise AssertionError("the pages have no end")


def test_everything_newest_first(alias: str) -> None:
    statuses = [Status.NEW, Status.PUSHED, Status.SEND_ERROR, Status.RETRY, Status.PUSHED]
    items = [item(alias, n, age=n, status=status) for n, status in enumerate(statuses)]
    assert found(alias) == [each.pk for each in items]


def test_many_of_one_moment(alias: str) -> None:
    items = [item(alias, n) for n in range(7)]
    assert found(alias) == [each.pk for each in reversed(items)]


def test_by_destination_rule_and_status(alias: str) -> None:
    first = item(alias, 1, age=1)
    other = item(alias, 2, age=2, destination="other", status=Status.PUSHED)
    daily = item(alias, 3, age=3, rule_name="daily", status=Status.SEND_ERROR)
    both = item(alias, 4, age=4, destination="other", rule_name="daily")
    assert found(alias, destination="other") == [other.pk, both.pk]
    assert found(alias, rule="daily") == [daily.pk, both.pk]
    assert found(alias, destination="other", rule="daily") == [both.pk]
    assert found(alias, statuses=(Status.SEND_ERROR,)) == [daily.pk]
    assert found(alias, statuses=(Status.NEW,), destination="other") == [both.pk]
    assert found(alias, statuses=(Status.NEW, Status.PUSHED)) == [first.pk, other.pk, both.pk]
    assert found(alias, statuses=(Status.PUSHED,), rule="daily") == []
    assert found(alias, statuses=(Status.SEND_ERROR,), rule="daily") == [daily.pk]


def test_by_number(alias: str) -> None:
    first, second = item(alias, 42), item(alias, 43)
    assert found(alias, text=f"#{second.pk}") == [second.pk]
    assert found(alias, text="#99999999999999999999") == []
    assert found(alias, text="42") == [first.pk]
    assert found(alias, text="#999999999999999999") == []


@pytest.mark.parametrize(
    "text", ["story 42", "Story:42", "newsroom.Story 42", "NEWSROOM.STORY: 42", "storys 42"]
)
def test_by_object(alias: str, text: str) -> None:
    items = [item(alias, 42, age=n) for n in range(3)]
    item(alias, 43)
    assert found(alias, text=text) == [each.pk for each in items]
    assert find(Query(text=text), using=alias).subjects == (Subject("newsroom.Story", "42"),)
    assert found(alias, object="newsroom.Story:42") == [each.pk for each in items]


def test_a_title_that_begins_with_the_name_of_a_model(alias: str) -> None:
    one = item(alias, 42, title="Story time")
    assert found(alias, text="story time") == [one.pk]
    assert found(alias, text="newsroom.Story:time") == []
    assert found(alias, text="story 042") == [one.pk]


def test_an_object_without_items_is_named_all_the_same(alias: str) -> None:
    page = find(Query(text="story 42"), using=alias)
    assert (page.items, page.subjects) == ([], (Subject("newsroom.Story", "42"),))
    page = find(Query(text="42"), using=alias)
    assert Subject("newsroom.Story", "42") in page.subjects


def test_by_a_key_that_is_no_number(alias: str) -> None:
    key = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
    one = item(alias, key, model_label="newsroom.uuidstory")
    page = find(Query(text=key), using=alias)
    assert [each.pk for each in page.items] == [one.pk]
    assert page.subjects == (Subject("newsroom.UUIDStory", key),)


def test_by_a_key_with_spaces(alias: str) -> None:
    one = item(alias, "a b: c", model_label="newsroom.slugpage")
    subject = Subject("newsroom.SlugPage", "a b: c")
    page = find(Query(text=str(subject)), using=alias)
    assert ([each.pk for each in page.items], page.subjects) == ([one.pk], (subject,))


def test_by_file_name(alias: str) -> None:
    one, again, _ = item(alias, 1, age=2), item(alias, 1, age=1), item(alias, 2)
    held = publication(one, "news/Grüße 1.xml")
    for text in ("Grüße 1.xml", "news/Grüße 1.xml"):
        page = find(Query(text=text), using=alias)
        assert [each.pk for each in page.items] == [again.pk, one.pk]
        assert page.files == (held,)
        assert page.subjects == (Subject("newsroom.Story", "1"),)


def test_by_the_file_of_a_mass_push(alias: str) -> None:
    one = item(alias, "a", model_label="")
    item(alias, "b", model_label="")
    publication(one, "digest.zip")
    assert found(alias, text="digest.zip") == [one.pk]


def test_by_the_name_of_a_file_that_never_went(alias: str) -> None:
    one = item(alias, 42)
    assert found(alias, text="newsroom_story_42.xml") == [one.pk]


def test_by_a_part_of_the_title(alias: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "WINDOW", 3)
    monkeypatch.setattr(ranges, "SCATTERED", 3)
    items = [item(alias, n, age=n, title=f"Title {n % 5}") for n in range(20)]
    wanted = [each.pk for each in items if each.title == "Title 3"]
    assert found(alias, text="itle 3") == wanted
    assert found(alias, text="TITLE 3", destination="beloved") == wanted
    assert found(alias, text="title 3", rule="partner") == wanted
    assert found(alias, text="title 3", statuses=(Status.NEW, Status.PUSHED)) == wanted
    assert found(alias, text="title 9") == []
    assert found(alias, text='"100%"') == []


def test_a_rare_thing_is_looked_for_stretch_by_stretch(
    alias: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "WINDOW", 3)
    monkeypatch.setattr(ranges, "SCATTERED", 3)
    for n in range(30):
        item(alias, n, age=n, status=(Status.NEW, Status.PUSHED)[n % 2])
    rare = item(alias, 77, age=40, title="rare")
    page = find(Query(text="rare"), using=alias)
    assert page.items == []
    assert page.searched_back_to is not None
    assert page.searched_back_to < NOW - timedelta(minutes=7)
    assert page.next is not None
    assert found(alias, text="rare") == [rare.pk]


def test_by_when_it_was_tried(alias: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tried, "BATCH", 3)
    items = [item(alias, n, title=f"Title {n}") for n in range(6)]
    for n, each in enumerate(items):
        attempt(each, age=60 + n)
        attempt(each, age=120 + n)
        attempt(each, age=1000)
    hours = {"since": NOW - timedelta(minutes=200), "until": NOW - timedelta(minutes=10)}
    assert found(alias, **hours) == [each.pk for each in items]
    assert found(alias, destination="beloved", **hours) == [each.pk for each in items]
    assert found(alias, destination="other", **hours) == []
    assert found(alias, text="title 4", **hours) == [items[4].pk]
    assert found(alias, text="story 4", **hours) == [items[4].pk]
    assert found(alias, since=NOW) == []
    edge = NOW - timedelta(minutes=65)
    assert found(alias, since=edge, until=edge + timedelta(seconds=1)) == [items[5].pk]
    assert found(alias, since=edge - timedelta(seconds=1), until=edge) == []
    narrow = {"since": NOW - timedelta(minutes=63), "until": NOW - timedelta(minutes=61)}
    assert found(alias, statuses=(Status.NEW,), **narrow) == [items[2].pk, items[3].pk]


def test_a_window_that_ends_among_items_of_one_moment(
    alias: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "WINDOW", 3)
    monkeypatch.setattr(ranges, "SCATTERED", 3)
    statuses = (Status.NEW, Status.PUSHED, Status.RETRY)
    items = [
        item(alias, n, title=("rare", "x", "y", "z")[n % 4], status=statuses[n % 3])
        for n in range(24)
    ]
    wanted = [each.pk for each in reversed(items) if each.title == "rare"]
    assert found(alias, text="rare") == wanted
    page = find(Query(text="rare"), using=alias)
    assert [each.pk for each in page.items] == wanted[: len(page.items)]


def test_all_ids(alias: str) -> None:
    items = [item(alias, 42, age=n) for n in range(5)]
    ids = [each.pk for each in items]
    assert all_ids(Query(text="story 42"), using=alias, limit=5) == (ids, False)
    assert all_ids(Query(text="story 42"), using=alias, limit=4) == (ids[:4], True)


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "~", "2026-01-01~1", "2026-13-45T00:00:00+00:00~1", "0~0", "9" * 40,
        "0001-01-01T00:00:00+14:00~1", "9999-12-31T23:59:59-14:00~1",
    ],
)  # fmt: skip
def test_a_cursor_that_is_none(text: str) -> None:
    assert Cursor.from_text(text) is None


def test_a_text_that_no_object_is_called_is_not_taken_apart() -> None:
    assert subjects_in(f"newsroom.story:{'1' * 200}")
    assert subjects_in(f"story{' ' * 100_000}1 1") == ()  # quickly


@pytest.mark.parametrize("text", ["%", "_", "'", '"', "\\", ":", "# 1", "a:b:c", "…", "x" * 300])
def test_odd_texts_find_nothing(alias: str, text: str) -> None:
    item(alias, 1, title="One")
    assert found(alias, text=text) == []
