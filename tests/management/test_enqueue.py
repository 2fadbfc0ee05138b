"""``pigeon_enqueue``: queues what the filters accept, and says who asked."""

from __future__ import annotations

from typing import Any

import pytest

from pigeon.models import ItemToPush, Operation, OperationItem
from pigeon.registry import registry
from tests.apps.newsroom.models import Photo, Story
from tests.management.conftest import Run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]


@pytest.fixture(autouse=True)
def _ann(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ann")


@pytest.fixture
def stories() -> list[Story]:
    made = [Story(title=title, workflow_state=title) for title in ("One", "Two", "secret")]
    Story.objects.bulk_create(made)
    return list(Story.objects.order_by("pk"))


@pytest.mark.parametrize(
    ("line", "queued", "refused"),
    [
        ("{0}", {"One"}, 0),
        ("{0} {1}", {"One", "Two"}, 0),
        ("{0} {0} {2}", {"One"}, 1),
        ("--all", {"One", "Two"}, 1),
        ("--filter workflow_state=Two", {"Two"}, 0),
        ("--filter title__startswith=T --filter workflow_state=One", set(), 0),
    ],
)
def test_objects_are_queued(
    run: Run, stories: list[Story], line: str, queued: set[str], refused: int
) -> None:
    line = f"pigeon_enqueue partner newsroom.Story {line}".format(*(each.pk for each in stories))
    dry = run(f"{line} --dry-run").out
    number = len(queued)
    assert dry == f"Would queue {number} item{'' if number == 1 else 's'} for rule partner.\n"
    assert not ItemToPush.objects.exists()
    said = run(f"{line} --format json").json
    assert said == {"items": number, "refused": refused, "dry_run": False}
    assert {item.title for item in ItemToPush.objects.all()} == queued


def test_who_asked_is_written_down(run: Run, stories: list[Story]) -> None:
    said = run("pigeon_enqueue partner newsroom.Story --all")
    assert said.out == "Queued 2 items for rule partner.\n"
    assert said.err == "The rule's filters refused 1 object; pigeon_explain says why.\n"
    done = Operation.objects.get()
    assert (done.actor, done.verb, done.number) == ("ann", "enqueued", 2)
    assert OperationItem.objects.filter(operation=done).count() == 2
    assert set(ItemToPush.objects.values_list("actor", flat=True)) == {"ann"}


def test_mass_pushes_say_who_asked_as_well(run: Run) -> None:
    run("pigeon_mass_push daily One")
    assert ItemToPush.objects.get().actor == "ann"


def test_an_object_of_another_model_is_refused(run: Run) -> None:
    photo = Photo.objects.create()
    said = run(f"pigeon_enqueue partner newsroom.Photo {photo.pk} --format json").json
    assert (said["items"], said["refused"]) == (0, 1)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("nobody newsroom.Story --all", "No rule is called 'nobody'"),
        ("daily newsroom.Story --all", "makes mass pushes: use pigeon_mass_push"),
        ("partner newsroom.Stories --all", "is not an installed model"),
        ("partner newsroom.Story", "Name primary keys, or say --all, or --filter"),
        ("partner newsroom.Story 1 --all", "Name primary keys, or say --all, or --filter"),
        ("partner newsroom.Story 99999", "no newsroom.Story with the primary key '99999'"),
        ("partner newsroom.Story --filter lost=1", "--filter cannot be used: Cannot resolve"),
        ("partner newsroom.Story --filter id=x", "--filter cannot be used: Field 'id' expected"),
        ("partner newsroom.Story --filter title", "has no value: write FIELD=VALUE"),
        ("partner newsroom.Story --all --database nowhere", "nowhere"),
    ],
)
def test_what_cannot_be_meant(run: Run, line: str, error: str) -> None:
    said = run(f"pigeon_enqueue {line}")
    assert said.status == 1
    assert error in said.error
    assert not ItemToPush.objects.exists()


def test_a_rule_without_destinations_queues_nothing(
    run: Run, stories: list[Story], settings: Any
) -> None:
    settings.PIGEON_PUSH_URLS = {}
    registry.forget_destinations()
    assert run("pigeon_enqueue partner newsroom.Story --all").out.startswith("Queued 0 items")
