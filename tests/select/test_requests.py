"""Items that somebody asks for: one object, a queryset, a mass push."""

from __future__ import annotations

import uuid
import weakref
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

import pigeon
from pigeon.exceptions import ConfigurationError, NotRegistered
from pigeon.models import Action, ItemToPush, Status
from pigeon.select import mass_push
from pigeon.select.requests import PAGE
from tests.apps.newsroom.models import Photo, SlugPage, SpecialStory, Story, UUIDStory
from tests.select.rules import PARTNER, answering, forget, items, make_rule, only, raising


def make_stories(alias: str, number: int, **more: Any) -> None:
    stories = (Story(title=f"story {i:05}", **more) for i in range(number))
    Story.objects.using(alias).bulk_create(stories, batch_size=1000)


# One object


def test_add_item_to_push_asks_no_filter(alias: str, story: Story) -> None:
    rule = make_rule(filter_by_state=answering(False), push_urls=[PARTNER, "dummy://other"])
    for named in ("rule", rule, type(rule)):
        made = pigeon.add_item_to_push(story, named)
        assert [item.pk for item in made] == [item.pk for item in items(alias)]
        assert {item.destination for item in items(alias)} == {PARTNER, "dummy://other"}
        assert {(item.action, item.status) for item in made} == {(Action.UPDATED, Status.NEW)}
        forget(alias)


def test_an_object_that_was_never_saved_cannot_be_pushed() -> None:
    make_rule()
    with pytest.raises(ValueError, match=r"Save this newsroom\.Story"):
        pigeon.add_item_to_push(Story(title="a"), "rule")


def test_an_unknown_rule_is_told_with_the_known_ones(alias: str, story: Story) -> None:
    make_rule(name="known")
    with pytest.raises(NotRegistered, match=r"'nonsense'.*known"):
        pigeon.add_item_to_push(story, "nonsense")
    with pytest.raises(NotRegistered):
        pigeon.enqueue(Story.objects.using(alias), "nonsense")


@pytest.mark.django_db(databases=["default", "other"])
def test_a_database_without_a_queue_is_refused(settings: Any) -> None:
    settings.PIGEON_DATABASES = ["default"]
    make_rule()
    story = Story.objects.using("other").create(title="a")
    with pytest.raises(ConfigurationError, match="PIGEON_DATABASES"):
        pigeon.add_item_to_push(story, "rule")
    with pytest.raises(ConfigurationError, match="PIGEON_DATABASES"):
        pigeon.enqueue(Story.objects.using("other"), "rule")


class ReplicaRouter:
    def db_for_read(self, model: object, **hints: object) -> str:
        return "other"

    def db_for_write(self, model: object, **hints: object) -> str:
        return "default"


@pytest.mark.django_db(databases=["default", "other"])
def test_what_is_read_from_a_replica_is_queued_where_saves_go(settings: Any) -> None:
    settings.PIGEON_DATABASES = ["default"]
    settings.DATABASE_ROUTERS = [ReplicaRouter()]
    make_rule()
    story = Story(title="a")
    story.save(using="other")
    pigeon.add_item_to_push(story, "rule")
    assert only("default").title == "a"
    forget("default")
    Story.objects.create(title="only at the source")
    forget("default")
    assert pigeon.enqueue(Story.objects.all(), "rule") == 1
    assert only("default").title == "only at the source"


# Many objects


def test_enqueue_asks_the_filters_but_not_filter_by_updates(alias: str) -> None:
    make_stories(alias, 3)
    make_rule(
        push_urls=[PARTNER, "dummy://other"],
        filter_by_updates=answering(False),
        filter_by_state=lambda self, instance: instance.title != "story 00001",
    )
    assert pigeon.enqueue(Story.objects.using(alias), "rule") == 4
    assert {item.title for item in items(alias)} == {"story 00000", "story 00002"}
    assert {item.action for item in items(alias)} == {Action.UPDATED}


def test_enqueue_tells_of_a_filter_that_raises(alias: str) -> None:
    make_stories(alias, 2)
    make_rule(filter_by_state=raising())
    assert pigeon.enqueue(Story.objects.using(alias), "rule") == 2
    assert {item.status for item in items(alias)} == {Status.FILTER_BY_STATE_ERROR}


@pytest.mark.slow
def test_enqueue_needs_little_memory_for_many_rows(alias: str) -> None:
    alive: weakref.WeakValueDictionary[int, Story] = weakref.WeakValueDictionary()
    most = 0

    def look(self: object, instance: Story) -> bool:
        nonlocal most
        alive[id(instance)] = instance
        most = max(most, len(alive))
        return True

    make_stories(alias, 20 * PAGE)
    make_rule(filter_by_state=look)
    assert pigeon.enqueue(Story.objects.using(alias), "rule") == 20 * PAGE
    assert ItemToPush.objects.using(alias).count() == 20 * PAGE
    assert most <= 2 * PAGE, "the page that is read and the one before it"


def test_enqueue_reads_and_writes_page_by_page(alias: str) -> None:
    make_stories(alias, 2 * PAGE + 1)
    make_rule()
    with CaptureQueriesContext(connections[alias]) as queries:
        pigeon.enqueue(Story.objects.using(alias), "rule")
    reads = [query for query in queries if query["sql"].startswith("SELECT")]
    assert len(reads) == 4


QUERYSETS = {
    "ordered": lambda rows: rows.order_by("-title"),
    "reversed": lambda rows: rows.order_by("title").reverse(),
    "by a related field": lambda rows: rows.order_by("author__name", "?"),
    "deferred": lambda rows: rows.only("title"),
    "sliced": lambda rows: rows.order_by("-title")[: PAGE + 5],
    "united": lambda rows: rows.filter(title__lt="story 00700").union(
        rows.filter(title__gte="story 00600")
    ),
}


@pytest.mark.parametrize("kind", QUERYSETS)
def test_enqueue_takes_any_queryset(alias: str, kind: str) -> None:
    make_stories(alias, PAGE + 5)
    make_rule()
    queryset = QUERYSETS[kind](Story.objects.using(alias))
    assert pigeon.enqueue(queryset, "rule") == PAGE + 5
    rows = ItemToPush.objects.using(alias).values("object_id").distinct()
    assert rows.count() == PAGE + 5


def test_enqueue_takes_a_part(alias: str) -> None:
    make_stories(alias, 10)
    make_rule()
    assert pigeon.enqueue(Story.objects.using(alias).order_by("title")[2:5], "rule") == 3
    assert [item.title for item in items(alias)] == ["story 00002", "story 00003", "story 00004"]


def test_enqueue_names_an_object_once_though_a_join_repeats_it(alias: str) -> None:
    story = Story.objects.using(alias).create(title="a")
    story.photos.set([Photo.objects.using(alias).create(caption=f"x{i}") for i in range(3)])
    make_rule()
    joined = Story.objects.using(alias).filter(photos__caption__startswith="x")
    assert joined.count() == 3
    assert pigeon.enqueue(joined, "rule") == 1
    assert pigeon.enqueue(joined[:2], "rule") == 1
    assert pigeon.enqueue(joined.distinct(), "rule") == 1


@pytest.mark.parametrize(
    ("model", "keys"),
    [
        (UUIDStory, [uuid.uuid4() for _ in range(PAGE + 3)]),
        (SlugPage, [f"page/{i} ü" for i in range(PAGE + 3)]),
    ],
)
def test_enqueue_pages_by_any_key(alias: str, model: Any, keys: list[Any]) -> None:
    make_rule(models=[model])
    model.objects.using(alias).bulk_create(model(pk=key, title="a") for key in keys)
    assert pigeon.enqueue(model.objects.using(alias), "rule") == len(keys)
    assert {item.object_id for item in items(alias)} == {str(key) for key in keys}


def test_enqueue_of_a_child_model(alias: str) -> None:
    make_rule()
    special = SpecialStory.objects.using(alias).create(title="a")
    forget(alias)
    assert pigeon.enqueue(SpecialStory.objects.using(alias), "rule") == 1
    assert (only(alias).model_label, only(alias).object_id) == ("newsroom.story", str(special.pk))


def test_enqueue_refuses_what_is_no_queryset_of_objects(alias: str) -> None:
    make_rule()
    for wrong in ([], Story.objects.using(alias).values("pk"), Story.objects.raw("SELECT 1")):
        with pytest.raises(TypeError, match="queryset of objects"):
            pigeon.enqueue(wrong, "rule")  # type: ignore[arg-type]


# Mass pushes


def make_mass_rule(**attributes: Any) -> pigeon.DefaultConfiguration:
    given = {"name": "mass", "models": [], "push_urls": [PARTNER, "dummy://other"]}
    return make_rule(pigeon.MassPusherConfiguration, **(given | attributes))


def test_a_mass_push_is_one_item_per_destination(alias: str) -> None:
    rule = make_mass_rule(priority=2)
    for named in ("mass", rule, type(rule)):
        mass_push(named, ["2026-11-20", "ä"])
        found = items(alias)
        assert {item.destination for item in found} == {PARTNER, "dummy://other"}
        assert {item.event_id for item in found} == {found[0].event_id}
        assert found[0].is_batch
        assert found[0].arguments == ["2026-11-20", "ä"]
        assert (found[0].title, found[0].object_id) == ("mass 2026-11-20 ä", '["2026-11-20", "ä"]')
        assert (found[0].priority, found[0].content_object) == (2, None)
        forget(alias)


def test_mass_pushes_of_a_rule_keep_their_order(alias: str) -> None:
    make_mass_rule(push_urls=[PARTNER])
    mass_push("mass", ["a"])
    mass_push("mass", ["b" * 300])
    first, second = items(alias)
    assert first.order_key == second.order_key
    assert first.object_id != second.object_id
    assert second.arguments == ["b" * 300]


def test_a_mass_rule_does_not_listen_to_saves(alias: str) -> None:
    make_mass_rule(models=[Story])
    Story.objects.using(alias).create(title="a")
    assert items(alias) == []


def test_a_mass_push_that_cannot_be_is_refused(alias: str) -> None:
    make_rule()
    with pytest.raises(ConfigurationError, match="MassPusherConfiguration"):
        mass_push("rule")
    make_mass_rule(push_urls=[])
    with pytest.raises(ConfigurationError, match="no destination"):
        mass_push("mass")
    make_mass_rule(name="malformed", push_urls=[PARTNER, "nowhere"])
    with pytest.raises(ConfigurationError, match="nowhere"):
        mass_push("malformed")
    with pytest.raises(NotRegistered):
        mass_push("unknown")
    assert items(alias) == []


def test_what_a_mass_rule_must_define() -> None:
    rule = make_mass_rule()
    with pytest.raises(NotImplementedError, match="get_items_to_push"):
        rule.get_items_to_push()  # type: ignore[attr-defined]
