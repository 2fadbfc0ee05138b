"""``pigeon_push``: what it sends, prints and how it ends."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from pigeon.models import DestinationState, ItemToPush, Status
from pigeon.models.status import WAITING
from pigeon.senders import dummy
from tests.apps.newsroom.models import Story
from tests.management.conftest import Run
from tests.servers.process import free_port

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]
SECRET = "hunter2"


def story(title: str = "One") -> Story:
    return Story.objects.create(title=title)


def titles() -> list[str]:
    return [sent.title for sent in dummy.outbox]


def test_everything_that_waits_goes(run: Run) -> None:
    for title in ("One", "Two"):
        story(title)
    said = run("pigeon_push")
    assert (said.status, said.error, said.err) == (0, "", "")
    assert titles() == ["One", "Two"]
    heading, line = said.lines
    assert heading == "destination  pushed  to be tried again  failed  cancelled  sent"
    assert line.split()[:5] == ["beloved", "2", "0", "0", "0"]


def test_nothing_to_do_is_silent_and_well(run: Run) -> None:
    said = run("pigeon_push")
    assert (said.status, said.out, said.err) == (0, "", "")


def test_quiet_means_quiet(run: Run) -> None:
    story()
    assert run("pigeon_push -v 0").out == ""


def test_numbers_for_programs(run: Run) -> None:
    story()
    said = run("pigeon_push --format json").json
    assert said["pushed"] == 1
    assert said["destinations"]["beloved"]["pushed"] == 1
    assert said["bytes_sent"] == said["destinations"]["beloved"]["bytes_sent"] > 0
    assert said["stopped"] is False
    assert said["errors"] == []


def test_only_some_rules(run: Run) -> None:
    story()
    run("pigeon_mass_push daily One")
    assert run("pigeon_push --rule daily").status == 0
    assert [sent.destination for sent in dummy.outbox] == ["digest"]
    run("pigeon_push --rule daily --rule partner")
    assert [sent.destination for sent in dummy.outbox] == ["digest", "beloved"]


def test_only_some_destinations(run: Run) -> None:
    story()
    run("pigeon_mass_push daily One")
    run("pigeon_push --destination digest")
    assert [sent.destination for sent in dummy.outbox] == ["digest"]


def test_only_so_many(run: Run) -> None:
    for number in range(5):
        story(str(number))
    run("pigeon_push --limit 3 --concurrency 1")
    assert titles() == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("--rule partnr", "No rule is called 'partnr'. Registered rules: daily, partner."),
        ("--destination nobody", "Unknown destination: nobody. Known: beloved, digest."),
        ("--limit 0", "Error: argument --limit: '0' is not a whole number from 1"),
        ("--concurrency x", "Error: argument --concurrency: 'x' is not a whole number from 1"),
        ("--dry-run --forever", "--dry-run goes with neither --forever nor --retry-now."),
        ("--dry-run --retry-now", "--dry-run goes with neither --forever nor --retry-now."),
    ],
)
def test_what_cannot_be_meant(run: Run, line: str, error: str) -> None:
    said = run(f"pigeon_push {line}")
    assert (said.status, said.error, said.out) == (1, error, "")


def test_a_failed_item_ends_in_1_and_a_sentence(run: Run) -> None:
    story("One")
    story("broken")
    said = run("pigeon_push")
    assert said.status == 1
    assert said.error == (
        "Not everything was pushed.\n"
        "beloved: 1 failed. Last error: get_output_makers of rule 'partner' raised "
        "RuntimeError: the story is broken"
    )
    assert said.lines[1].split()[:5] == ["beloved", "1", "0", "1", "0"]
    assert run("pigeon_push").status == 0, "what failed before is not this run's"


def unreachable(settings: Any) -> None:
    url = f"sftp://news:{SECRET}@127.0.0.1:{free_port()}/in"
    settings.PIGEON_DESTINATIONS = {"beloved": {"URL": url}, "digest": {"URL": "dummy://digest"}}


def test_an_item_to_be_tried_again_ends_in_1_without_a_secret(run: Run, settings: Any) -> None:
    unreachable(settings)
    story()
    run("pigeon_mass_push daily One")
    said = run("pigeon_push --format json")
    assert said.status == 1
    assert said.error.startswith(
        "Not everything was pushed.\nbeloved: 1 will be tried again. Last"
    )
    assert said.json["retry"] == 1
    assert said.json["destinations"]["beloved"]["last_error"]
    assert said.json["destinations"]["digest"]["pushed"] == 1, "no other destination waits"
    assert SECRET not in said.out + said.err + said.error


def test_a_second_push_leaves_a_failing_destination_alone(run: Run, settings: Any) -> None:
    unreachable(settings)
    story()
    assert run("pigeon_push").status == 1
    assert run("pigeon_push").status == 0
    assert ItemToPush.objects.get().push_attempts == 1
    assert run("pigeon_push --retry-now").status == 1
    assert ItemToPush.objects.get().push_attempts == 2


def test_nothing_is_tried_without_a_folder_for_parcels(run: Run, settings: Any) -> None:
    del settings.PIGEON_OUTPUT_DIRECTORY
    story()
    said = run("pigeon_push")
    assert said.status == 1
    assert said.error.startswith("PIGEON_OUTPUT_DIRECTORY is not set. Say in your settings where")
    assert ItemToPush.objects.get().status == Status.NEW


def test_an_error_that_no_item_holds(run: Run) -> None:
    story()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pigeon_parcel RENAME TO elsewhere")
    said = run("pigeon_push")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE elsewhere RENAME TO pigeon_parcel")
    assert said.status == 1
    assert "no such table: pigeon_parcel" in said.error
    assert ItemToPush.objects.get().status in WAITING


def test_a_queue_that_is_not_there(run: Run, settings: Any) -> None:
    settings.PIGEON_DATABASES = ["nowhere"]
    said = run("pigeon_push --dry-run")
    assert said.status == 1
    assert said.error == (
        "The database cannot be used: The connection 'nowhere' doesn't exist. Check DATABASES "
        "and PIGEON_DATABASES, and that 'manage.py migrate' has been run for each alias."
    )


# --dry-run


def test_a_dry_run_sends_nothing(run: Run, site: Path) -> None:
    first, second = story("One"), story("Two")
    said = run("pigeon_push --dry-run")
    assert said.status == 0
    assert dummy.outbox == []
    assert list(site.iterdir()) == []
    ids = [item.pk for item in ItemToPush.objects.order_by("pk")]
    where, count, heading, *lines = said.lines
    assert where == "beloved (dummy://beloved): well"
    assert count == "2 items would go, in this order:"
    assert heading.split() == ["item", "rule", "object", "title", "action"]
    assert [line.split() for line in lines] == [
        [str(ids[0]), "partner", "newsroom.story", str(first.pk), "One", "created"],
        [str(ids[1]), "partner", "newsroom.story", str(second.pk), "Two", "created"],
    ]
    assert set(ItemToPush.objects.values_list("status", flat=True)) == {Status.NEW}


def test_a_dry_run_of_nothing(run: Run) -> None:
    assert run("pigeon_push --dry-run").out == "Nothing waits.\n"


def test_a_dry_run_lists_as_claims_take(run: Run) -> None:
    one, two = story("One"), story("Two")
    one.save()
    ItemToPush.objects.filter(object_id=str(two.pk)).update(priority=5)
    said = run("pigeon_push --dry-run --format json").json
    listed = [(item["title"], item["action"]) for item in said[0]["going"]]
    assert listed == [("Two", "created"), ("One", "updated")]
    run("pigeon_push")
    assert titles() == ["Two", "One"]


def test_a_dry_run_says_why_an_item_waits(run: Run, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    story("later")
    when = timezone.now().replace(year=2099, month=1, day=2, hour=11, minute=4, second=5)
    ItemToPush.objects.update(status=Status.RETRY, next_attempt_date=when, message="Disk full.")
    [outlook] = run("pigeon_push --dry-run --format json").json
    assert outlook["going"] == []
    assert outlook["waiting"][0]["waits"] == (
        "Next attempt at 2099-01-02 12:04:05 CET: Disk full."
    )
    said = run("pigeon_push --dry-run")
    assert "1 item would wait:" in said.lines


@pytest.mark.parametrize(
    ("lease", "words"),
    [
        (timedelta(minutes=2), "Worker here:1 holds it until "),
        (-timedelta(minutes=2), "Worker here:1 stopped without a word; the next push takes it"),
    ],
)
def test_a_dry_run_says_who_holds_an_item(run: Run, lease: timedelta, words: str) -> None:
    story()
    until = timezone.now() + lease
    ItemToPush.objects.update(
        status=Status.IN_PROGRESS, lease_owner="here:1", lease_token="t", lease_until=until
    )
    [outlook] = run("pigeon_push --dry-run --format json").json
    assert outlook["waiting"][0]["waits"].startswith(words)


def test_a_dry_run_says_that_a_destination_fails(run: Run, settings: Any) -> None:
    unreachable(settings)
    story()
    run("pigeon_push")
    story("Two")
    said = run("pigeon_push --dry-run")
    assert said.lines[0].startswith("beloved (sftp://news@127.0.0.1:")
    assert "): failing, next try at " in said.lines[0]
    assert "would go" not in said.out
    DestinationState.objects.update(next_probe=timezone.now())
    said = run("pigeon_push --dry-run")
    assert "): was failing, is tried again with the next push: " in said.lines[0]
    assert " would go, in this order:" in said.lines[1]
    assert SECRET not in said.out


def test_a_dry_run_says_that_a_destination_is_stopped(run: Run) -> None:
    story()
    DestinationState.objects.create(
        name="beloved",
        stopped_reason="Login refused.",
        fingerprint=beloved_fingerprint(),
        next_probe=timezone.now() + timedelta(hours=1),
    )
    said = run("pigeon_push --dry-run")
    assert said.lines[0].startswith("beloved (dummy://beloved): stopped, next try at ")
    assert said.lines[0].endswith(": Login refused.")
    assert said.out.count("Login refused.") == 1  # not again for each item
    assert re.search(
        r"  The destination is stopped, next try at [-\d]+ [:\d]+ UTC\.$", said.lines[3]
    )


def beloved_fingerprint() -> str:
    from pigeon.registry import registry

    return registry.destinations()["beloved"].fingerprint()


def test_a_dry_run_lists_destinations_that_are_gone(run: Run, settings: Any) -> None:
    story()
    settings.PIGEON_DESTINATIONS = {"digest": {"URL": "dummy://digest"}}
    settings.PIGEON_PUSH_URLS = {"partner": [], "daily": ["digest"]}
    said = run("pigeon_push --dry-run")
    assert said.lines[:2] == ["beloved: no longer exists in the settings", "1 item would wait:"]
    assert said.lines[3].endswith("The destination no longer exists.")
    assert run("pigeon_push --dry-run --destination digest").out == "Nothing waits.\n"


def test_a_dry_run_says_that_there_is_more(run: Run) -> None:
    for number in range(3):
        story(str(number))
    said = run("pigeon_push --dry-run --limit 2")
    assert said.lines[1] == "2 items would go, in this order:"
    assert said.lines[-1] == "More may wait than is listed; raise --limit to see it."


def test_titles_cannot_command_a_terminal(run: Run) -> None:
    story("evil \x1b[31m\u202etitle\nwith lines")
    said = run("pigeon_push --dry-run")
    assert "\x1b" not in said.out
    assert "\u202e" not in said.out
    assert len(said.lines) == 4
