"""``pigeon_retry``: which items go again, where to, and what is said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pigeon.models import ItemToPush, Operation, Parcel, PushAttempt, Status
from pigeon.senders import dummy
from tests.apps.newsroom.models import Story
from tests.management.conftest import Run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]


@pytest.fixture(autouse=True)
def _ann(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ann")


def item(number: int, status: int = Status.SEND_ERROR, **values: Any) -> ItemToPush:
    """An item that was tried an hour ago."""
    made = ItemToPush.objects.create(
        **{
            "rule_name": "partner",
            "destination": "beloved",
            "model_label": "newsroom.story",
            "object_id": str(number),
            "status": status,
            **values,
        }
    )
    tried(made, timedelta(hours=1))
    return made


def tried(made: ItemToPush, ago: timedelta) -> None:
    PushAttempt.objects.create(
        item=made, destination=made.destination, rule_name=made.rule_name, worker="worker",
        started=timezone.now() - ago, outcome="failed",
    )  # fmt: skip


def waiting() -> set[int]:
    """Numbers of the objects that go again."""
    rows = ItemToPush.objects.retry().filter(next_attempt_date__lte=timezone.now())
    return {int(row.object_id) for row in rows}


@pytest.fixture
def _items() -> None:
    item(1)
    item(2, Status.VALIDATION_ERROR)
    item(3, Status.PUSHED)
    item(4, Status.RETRY, next_attempt_date=timezone.now() + timedelta(days=1))
    item(5, Status.CANCELLED)
    item(6, Status.NEW)
    item(7, destination="digest", rule_name="daily")
    old = item(8)
    PushAttempt.objects.filter(item=old).update(started=timezone.now() - timedelta(days=2))


@pytest.mark.usefixtures("_items")
@pytest.mark.parametrize(
    ("line", "numbers"),
    [
        ("--destination beloved", {1, 2, 4, 8}),
        ("--destination beloved --status pushed", {3}),
        ("--destination beloved --status 130 --status cancelled", {1, 5, 8}),
        ("--rule daily", {7}),
        ("--status send_error", {1, 7, 8}),
        ("--status failed", {1, 2, 7, 8}),
        ("--status 'validation error'", {2}),
        ("--since 2h", {1, 2, 3, 4, 5, 7}),
        ("--until 2h", {8}),
        ("--destination beloved --since 3d --until 1d", {8}),
        ("--since 3d --until 1d --rule daily", set()),
        ("--object newsroom.Story:3", {3}),
        ("--object 'newsroom.Story 3'", {3}),
    ],
)
def test_what_is_chosen_goes_again(run: Run, line: str, numbers: set[int]) -> None:
    before = waiting()
    refused = {6} if "--since 2h" in line else set()
    dry = run(f"pigeon_retry --dry-run {line}")
    assert dry.out.startswith(f"{len(numbers)} item")
    assert waiting() == before
    said = run(f"pigeon_retry {line} --format json").json
    assert waiting() == numbers
    assert (said["items"], said["refused"]) == (len(numbers), len(refused))


def test_what_it_says_and_who_did_it(run: Run) -> None:
    item(1)
    item(2, Status.NEW)
    said = run("pigeon_retry --destination beloved --since 2h")
    assert said.status == 0
    assert said.out.startswith("1 item goes again (destination beloved, tried since 2")
    assert said.err == "1 item left as before: 1 waiting for the first attempt anyway.\n"
    done = Operation.objects.get()
    assert (done.actor, done.door, done.verb, done.number) == ("ann", "command", "sent again", 1)


def test_items_by_their_ids(run: Run) -> None:
    one, two = item(1), item(2)
    item(3)
    assert run(f"pigeon_retry --item {one.pk} --item {two.pk}").status == 0
    assert waiting() == {1, 2}


@pytest.mark.parametrize(
    ("how", "anew"), [("", False), ("--as-sent", False), ("--rerender", True)]
)
def test_as_sent_or_rendered_anew(run: Run, how: str, anew: bool) -> None:
    story = Story.objects.create(title="before")
    run("pigeon_push")
    Story.objects.filter(pk=story.pk).update(title="after")
    assert run(f"pigeon_retry --object newsroom.Story:{story.pk} {how}").status == 0
    run("pigeon_push")
    assert len(dummy.outbox) == 2
    [content] = dummy.outbox[1].files.values()
    assert (b"after" in content) == anew
    assert Parcel.objects.count() == 1 + anew


def test_something_newer_went_so_it_needs_force(run: Run) -> None:
    old = item(1)
    item(1, Status.PUSHED)
    said = run(f"pigeon_retry --item {old.pk}")
    assert said.status == 1, "nothing goes"
    assert "1 older than what went" in said.err
    assert "--force sends them" in said.err
    assert run(f"pigeon_retry --item {old.pk} --force").status == 0
    assert waiting() == {1}


def test_items_of_a_destination_that_is_gone_are_moved(run: Run) -> None:
    Story.objects.create(title="One")
    ItemToPush.objects.update(destination="gone")
    failed = item(7, destination="gone")
    item(8, Status.PUSHED, destination="gone")
    said = run("pigeon_retry --destination gone --to digest")
    assert said.out.startswith("2 items go again to digest (destination gone, status ")
    failed.refresh_from_db()
    assert failed.destination == "digest"
    run("pigeon_push")
    assert [sent.destination for sent in dummy.outbox] == ["digest"]
    assert ItemToPush.objects.pushed().filter(destination="digest").count() == 1


def test_quiet_means_quiet(run: Run) -> None:
    item(1)
    assert run("pigeon_retry --destination beloved -v 0").out == ""


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("", "Nothing was chosen: name items, a destination, a rule, a status, a time or an"),
        ("--destination nobody", "No destination is called 'nobody', and no item is for one."),
        ("--rule nobody", "No rule is called 'nobody', and no item is for one."),
        ("--status lost", "'lost' is no status: write one of failed, waiting, new, in_progress"),
        ("--object story", "'story' is no object: write its model and primary key"),
        ("--since yesterday", "'yesterday' is no moment: write a date and time such as"),
        ("--since 2h --until 3h", "--until is not after --since"),
        ("--destination beloved --to nobody", "There is no destination 'nobody' to move items"),
        ("--as-sent --rerender", "not allowed with"),
        ("--item 0", "not a whole number"),
        ("--rule partner --database nowhere", "The database 'nowhere' has no queue."),
    ],
)
def test_what_cannot_be_meant(run: Run, line: str, error: str) -> None:
    said = run(f"pigeon_retry {line}")
    assert said.status == 1
    assert error in said.error


def test_a_huge_id_is_nobodys(run: Run) -> None:
    said = run(f"pigeon_retry --item {2**70}")
    assert (said.status, said.error) == (0, "")
    assert said.out.startswith("0 items go again")
