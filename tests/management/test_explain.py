"""``pigeon_explain``: why an object is, or is not, pushed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

import pigeon
from pigeon.models import DestinationState, ItemToPush, Status
from pigeon.registry import registry
from tests.apps.newsroom.models import SpecialStory, Story, Unwatched, UUIDStory
from tests.management import rules
from tests.management.conftest import Run, Said

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]
DATE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"


def explain(run: Run, title: str = "One", **values: Any) -> Said:
    story = Story.objects.create(title=title, **values)
    return run(f"pigeon_explain newsroom.Story {story.pk}")


def rule(**attributes: Any) -> None:
    registry.unregister("partner")
    registry.register(type("Partner", (rules.Partner,), attributes))


def reports(said: Said) -> dict[str, Any]:
    return {report["rule"]: report for report in said.json["rules"]}


def test_an_object_that_is_pushed(run: Run) -> None:
    said = explain(run)
    assert (said.status, said.err) == (0, "")
    item = ItemToPush.objects.get()
    heading, empty, verdict, types, updates, state, place, line, *rest = said.lines
    assert heading == f"newsroom.Story {item.object_id} “One”"
    assert empty == ""
    assert verdict == "partner: Pushed at each save."
    assert types == "  filter_by_instance_type: yes"
    assert updates == "  filter_by_updates: yes"
    assert state == "  filter_by_state: yes"
    assert place == "  → beloved (dummy://beloved): well"
    assert re.fullmatch(rf"    item {item.pk}: new, created, queued {DATE}", line)
    assert rest == ["", "Rules about other models: daily"]


def test_an_object_that_was_pushed(run: Run) -> None:
    story = Story.objects.create(title="One")
    run("pigeon_push")
    said = run(f"pigeon_explain newsroom.Story {story.pk}")
    assert re.search(
        rf"item \d+: pushed, created, queued {DATE}, 1 attempt, pushed {DATE}\n", said.out
    )
    assert re.search(
        rf"    holds newsroom_story_{story.pk}\.json \(\d+ bytes\) since {DATE}\n", said.out
    )


def test_an_object_that_a_filter_refuses(run: Run) -> None:
    said = explain(run, "secret")
    assert said.lines[2] == "partner: Not pushed: filter_by_state refuses it."
    assert said.lines[5] == "  filter_by_state: no"
    assert said.lines[7] == "    no item"


def test_a_rule_that_asks_what_changed(run: Run) -> None:
    rule(filter_by_updates=lambda self, instance: "title" in instance.modified_attrs)
    said = explain(run)
    assert said.lines[2] == (
        "partner: Pushed when it is created, and when a save changes what the rule asks for."
    )
    assert said.lines[4] == (
        "  filter_by_updates: depends (It is asked at each save of an existing object about the "
        "fields that changed)"
    )


def test_a_rule_that_tracks_some_fields(run: Run) -> None:
    rule(tracked_fields=["title", "body"])
    said = explain(run)
    assert "created, and when a save changes" in said.lines[2]
    assert said.lines[4] == "  tracked_fields: depends (A save must change one of: title, body)"


def test_a_filter_that_raises(run: Run) -> None:
    rule(filter_by_state=lambda self, instance: 1 / 0)
    said = explain(run)
    assert said.lines[2] == (
        "partner: Each save leaves an error item, because filter_by_state raises."
    )
    assert said.lines[5] == (
        "  filter_by_state: no (It raised ZeroDivisionError: division by zero)"
    )
    assert ": filter by state error, created, queued " in said.out


def test_a_rule_without_a_supervisor_for_the_object(run: Run) -> None:
    rule(get_supervisor_for_item=lambda self, instance: None)
    said = explain(run)
    assert said.lines[2] == "partner: Not pushed: get_supervisor_for_item refuses it."


def test_a_supervisor_that_raises(run: Run) -> None:
    rule(get_supervisor_for_item=lambda self, instance: 1 / 0)
    said = explain(run)
    assert said.lines[2] == (
        "partner: Each save leaves an error item, because get_supervisor_for_item raises."
    )


def test_a_supervisor_that_refuses(run: Run) -> None:
    class Never(pigeon.BaseSupervisor):
        def filter_by_updates(self, instance: Any) -> bool:
            return False

        def filter_by_state(self, instance: Any) -> bool:
            return False

    rule(get_supervisor_for_item=lambda self, instance: Never(self, instance))
    said = explain(run)
    assert said.lines[2] == "partner: Not pushed: filter_by_state refuses it."
    assert said.lines[4].startswith("  filter_by_updates: depends")


def test_a_rule_without_destinations(run: Run, settings: Any) -> None:
    settings.PIGEON_PUSH_URLS = {}
    assert explain(run).lines[2] == "partner: Not pushed: the rule has no destination."


def test_a_rule_with_a_wrong_destination(run: Run, settings: Any) -> None:
    settings.PIGEON_PUSH_URLS = {"partner": ["beloved", "sftp://news:hunter2@host:0/"]}
    said = explain(run)
    assert said.lines[2].startswith(
        "partner: Pushed at each save. A destination is wrong: The URL"
    )
    assert "hunter2" not in said.out


def test_a_destination_that_fails(run: Run) -> None:
    until = timezone.now() + timedelta(hours=1)
    DestinationState.objects.create(
        name="beloved", failures=1, next_probe=until, last_error="No route to host."
    )
    story = Story.objects.create(title="One")
    ItemToPush.objects.update(
        status=Status.RETRY, push_attempts=2, message="No route.", next_attempt_date=until
    )
    said = run(f"pigeon_explain newsroom.Story {story.pk}")
    assert re.search(
        rf"→ beloved \(dummy://beloved\): failing, next try at {DATE}: No route to host\.\n",
        said.out,
    )
    assert re.search(
        rf"waiting for another attempt, created, queued {DATE}, 2 attempts, next attempt {DATE}, "
        r"No route\.\n",
        said.out,
    )


def test_a_model_that_no_rule_names(run: Run) -> None:
    Unwatched.objects.create(title="One")
    said = run("pigeon_explain newsroom.Unwatched 1")
    assert said.status == 0
    assert said.lines[1] == (
        "No rule names newsroom.Unwatched, so saving it queues nothing. Name it in the models of "
        "a rule in a pigeon_config module."
    )
    assert said.lines[-1] == "Rules about other models: partner, daily"


def test_a_child_of_a_model_that_a_rule_names(run: Run) -> None:
    special = SpecialStory.objects.create(title="One")
    said = run(f"pigeon_explain newsroom.SpecialStory {special.pk}")
    assert said.lines[2] == "partner: Pushed at each save."
    assert f"item {ItemToPush.objects.get().pk}: new" in said.out


def test_keys_that_are_no_numbers(run: Run) -> None:
    rule(models=[UUIDStory])
    story = UUIDStory.objects.create(title="One")
    said = run(f"pigeon_explain newsroom.UUIDStory {story.pk.hex}")
    assert f"newsroom.UUIDStory {story.pk} “One”" in said.lines[0]
    assert ": new, created, queued " in said.out


def test_an_object_that_is_gone(run: Run) -> None:
    story = Story.objects.create(title="One")
    key = story.pk
    run("pigeon_push")
    story.delete()
    said = run(f"pigeon_explain newsroom.Story {key}")
    assert said.status == 0
    assert said.lines[:2] == [
        f"newsroom.Story {key}",
        "There is no such object in the database 'default'.",
    ]
    assert "partner: The object is gone, so its filters cannot be asked." in said.lines
    assert f"holds newsroom_story_{key}.json" in said.out


def test_a_rule_that_is_gone(run: Run) -> None:
    story = Story.objects.create(title="One")
    registry.unregister("partner")
    said = run(f"pigeon_explain newsroom.Story {story.pk}")
    assert (
        "partner: No rule has this name any more, so items of it that wait will fail."
    ) in said.lines
    assert "  → beloved: it is no longer a destination of this rule" in said.lines


def test_a_rule_for_mass_pushes(run: Run) -> None:
    registry.unregister("daily")
    registry.register(type("Daily", (rules.Daily,), {"models": [Story]}))
    assert "daily: It makes mass pushes: pigeon_mass_push daily starts one." in explain(run).lines


@pytest.mark.django_db(databases=["default", "other"])
def test_a_database_without_a_queue(run: Run) -> None:
    story = Story.objects.using("other").create(title="One")
    said = run(f"pigeon_explain newsroom.Story {story.pk} --database other")
    assert said.lines[1] == (
        "PIGEON_DATABASES does not name 'other', so saves in it queue nothing."
    )


def test_only_the_newest_items_are_shown(run: Run) -> None:
    story = Story.objects.create(title="One")
    for _ in range(7):
        story.save()
    said = run(f"pigeon_explain newsroom.Story {story.pk}")
    newest = ItemToPush.objects.order_by("-pk").values_list("pk", flat=True)[:5]
    assert [int(pk) for pk in re.findall(r"    item (\d+):", said.out)] == list(newest)


def test_for_programs(run: Run) -> None:
    story = Story.objects.create(title="One")
    said = run(f"pigeon_explain newsroom.Story {story.pk} --format json")
    assert said.json["object"] == f"newsroom.Story {story.pk}"
    assert said.json["others"] == ["daily"]
    report = reports(said)["partner"]
    assert report["verdict"] == "Pushed at each save."
    assert [answer["accepts"] for answer in report["answers"]] == [True, True, True]
    [place] = report["places"]
    assert place["condition"] == "well"
    assert place["items"][0]["status"] == "new"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("Story 1", "'Story' is not an installed model. An app or a name is missing. Write"),
        ("newsroom.Story x", "'x' cannot be a primary key of newsroom.Story."),
        ("newsroom.Story 1 --database nowhere", "The database cannot be used: The connection"),
    ],
)
def test_what_cannot_be_explained(run: Run, line: str, error: str) -> None:
    said = run(f"pigeon_explain {line}")
    assert said.status == 1
    assert said.error.startswith(error)
