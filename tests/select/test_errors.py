"""Whatever a rule's own code does, the save stands and the queue says what was wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections, transaction
from django.test.utils import CaptureQueriesContext

import pigeon
from pigeon.models import Status
from tests.apps.newsroom.models import Author, Story
from tests.select.rules import (
    PARTNER,
    answering,
    breaking_sql,
    forget,
    items,
    make_rule,
    only,
    raising,
)

HOOKS = {
    "get_supervisor_for_item": Status.SUPERVISOR_ERROR,
    "filter_by_instance_type": Status.FILTER_BY_INSTANCE_TYPE_ERROR,
    "filter_by_updates": Status.FILTER_BY_UPDATES_ERROR,
    "filter_by_state": Status.FILTER_BY_STATE_ERROR,
    "post_select": Status.PUSH_ERROR,
    "get_push_urls": Status.PUSH_ERROR,
}


def save(story: Story) -> None:
    story.title = "saved"
    story.save()


def saved(alias: str) -> bool:
    return Story.objects.using(alias).get().title == "saved"


@pytest.mark.parametrize(("hook", "status"), HOOKS.items())
def test_a_hook_that_raises_leaves_an_error(
    alias: str, story: Story, hook: str, status: Status
) -> None:
    make_rule(**{hook: raising()})
    save(story)
    assert saved(alias)
    item = only(alias)
    assert item.status == status
    assert item.message == f"{hook} of rule 'rule' raised ValueError: broken on purpose"
    assert item.object_id == str(story.pk)


def test_an_error_does_not_hold_up_other_rules(alias: str, story: Story) -> None:
    make_rule(name="broken", filter_by_state=raising())
    make_rule(name="good")
    save(story)
    assert only(alias, rule_name="broken").status == Status.FILTER_BY_STATE_ERROR
    assert only(alias, rule_name="good").status == Status.NEW


def test_an_error_is_seen_though_the_rule_has_no_destination(alias: str, story: Story) -> None:
    make_rule(push_urls=[], filter_by_state=raising())
    save(story)
    assert only(alias).status == Status.FILTER_BY_STATE_ERROR
    assert only(alias).destination == ""


@pytest.mark.parametrize("hook", HOOKS)
def test_sql_that_fails_in_a_hook_poisons_nothing(alias: str, story: Story, hook: str) -> None:
    """PostgreSQL refuses all further SQL of a transaction in which a statement failed."""
    make_rule(**{hook: breaking_sql(alias)})
    with transaction.atomic(using=alias):
        save(story)
        Author.objects.using(alias).create(name="afterwards")
    assert saved(alias)
    assert Author.objects.using(alias).count() == 1
    assert only(alias).status == HOOKS[hook]
    assert "nowhere" in only(alias).message


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("hook", HOOKS)
def test_nor_when_nothing_wrapped_the_save(alias: str, hook: str) -> None:
    story = Story.objects.using(alias).create(title="a")
    make_rule(**{hook: breaking_sql(alias)})
    save(story)
    assert saved(alias)
    assert only(alias).status == HOOKS[hook]


def test_what_a_failing_hook_wrote_is_undone(alias: str, story: Story) -> None:
    def write_and_fail(self: object, instance: Story) -> bool:
        Author.objects.using(alias).create(name="half")
        raise ValueError

    make_rule(filter_by_state=write_and_fail)
    save(story)
    assert Author.objects.using(alias).count() == 0


def test_what_a_good_hook_wrote_stays(alias: str, story: Story) -> None:
    def write(self: object, instance: Story) -> None:
        Author.objects.using(alias).create(name="whole")

    make_rule(name="good", post_select=write)
    make_rule(name="broken", post_select=breaking_sql(alias))
    save(story)
    assert Author.objects.using(alias).get().name == "whole"


def swallowing(alias: str) -> Callable[..., bool]:
    def hook(*args: object) -> bool:
        try:
            breaking_sql(alias)()
        except Exception:  # noqa: BLE001 - that is the point
            return True
        return False

    return hook


def test_a_hook_that_swallows_a_database_error_poisons_nothing(alias: str, story: Story) -> None:
    make_rule(filter_by_state=swallowing(alias))
    with transaction.atomic(using=alias):
        save(story)
        Author.objects.using(alias).create(name="afterwards")
    assert saved(alias)
    assert only(alias).status == Status.NEW


def test_a_hook_whose_own_save_fails_poisons_nothing(alias: str, story: Story) -> None:
    """Django marks the whole transaction when a save fails inside of one."""

    def save_the_impossible(*args: object) -> bool:
        Story(pk=story.pk, title="twice").save(using=alias, force_insert=True)
        return True

    make_rule(filter_by_state=save_the_impossible)
    with transaction.atomic(using=alias):
        save(story)
        Author.objects.using(alias).create(name="afterwards")
    assert saved(alias)
    assert only(alias).status == Status.FILTER_BY_STATE_ERROR


def test_a_hook_may_queue_other_objects(
    alias: str, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A guard within a guard: both open their savepoint at the same query."""
    authors = Author.objects.using(alias)
    monkeypatch.setattr(Story, "__str__", lambda self: f"{authors.count()} authors")
    make_rule(name="second", selects_on_save=False)
    make_rule(
        post_select=lambda self, instance: pigeon.add_item_to_push(instance, "second"),
    )
    save(story)
    authors.create(name="afterwards")
    assert [item.rule_name for item in items(alias)] == ["second", "rule"]
    assert {item.title for item in items(alias)} == {"0 authors"}


def test_a_hook_that_makes_no_query_opens_no_savepoint(alias: str, story: Story) -> None:
    make_rule(filter_by_state=answering(True))
    make_rule(name="broken", filter_by_state=raising())
    story = Story.objects.using(alias).get()
    with CaptureQueriesContext(connections[alias]) as queries:
        save(story)
    assert not [query for query in queries if "SAVEPOINT" in query["sql"]]


def test_a_hook_that_queries_opens_one_savepoint(alias: str, story: Story) -> None:
    def ask_twice(self: object, instance: Story) -> bool:
        return not any(Author.objects.using(alias).exists() for _ in range(2))

    make_rule(filter_by_state=ask_twice)
    with CaptureQueriesContext(connections[alias]) as queries:
        save(story)
    opened = [query["sql"] for query in queries if query["sql"].startswith("SAVEPOINT")]
    assert len(opened) == 1
    assert connections[alias].execute_wrappers == []


@pytest.mark.parametrize(
    ("urls", "said"),
    [
        (["sftp://news:geheim@partner.example:port/in"], "port is not a number"),
        (["nowhere"], "neither a URL nor a name"),
        ("dummy://partner", "must be a list"),
        ([7], "which are strings"),
        (["dummy://" + "x" * 300], "shorter name"),
    ],
)
def test_malformed_push_urls_are_told_in_the_queue(
    alias: str, story: Story, urls: Any, said: str
) -> None:
    make_rule(push_urls=urls)
    save(story)
    assert saved(alias)
    item = only(alias)
    assert (item.status, item.destination) == (Status.PUSH_ERROR, "")
    assert said in item.message
    assert "geheim" not in item.message


def test_a_malformed_url_does_not_hold_up_the_others(alias: str, story: Story) -> None:
    make_rule(push_urls=["nowhere", PARTNER])
    save(story)
    assert only(alias, destination=PARTNER).status == Status.NEW
    assert only(alias, destination="").status == Status.PUSH_ERROR


def test_a_supervisor_that_is_none_or_nonsense(alias: str, story: Story) -> None:
    make_rule(name="none", get_supervisor_for_item=answering(None))
    make_rule(name="nonsense", get_supervisor_for_item=answering("Photo"))
    save(story)
    assert only(alias).rule_name == "nonsense"
    assert only(alias).status == Status.SUPERVISOR_ERROR
    assert "pigeon.BaseSupervisor" in only(alias).message


def test_a_reason_that_the_database_would_refuse(alias: str, story: Story) -> None:
    make_rule(filter_by_state=raising(ValueError("a\0b\ud800")))
    save(story)
    assert "ValueError: a" in only(alias).message


def test_an_exception_that_cannot_be_printed(alias: str, story: Story) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    make_rule(filter_by_state=raising(Mute()))
    save(story)
    assert only(alias).message == "filter_by_state of rule 'rule' raised Mute"


def test_what_ends_the_process_is_not_swallowed(alias: str, story: Story) -> None:
    make_rule(filter_by_state=raising(KeyboardInterrupt()))  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt), transaction.atomic(using=alias):
        save(story)
    assert connections[alias].execute_wrappers == []
    assert not saved(alias)


def test_a_key_that_does_not_fit_is_an_error(alias: str) -> None:
    from pigeon.select.objects import MAX_KEY
    from tests.apps.newsroom.models import SlugPage

    make_rule(models=[SlugPage])
    long = SlugPage(slug="x" * (MAX_KEY + 1), title="a")
    pigeon.add_item_to_push(long, "rule", using=alias)
    assert only(alias).status == Status.PUSH_ERROR
    assert "primary key" in only(alias).message
    forget(alias)
