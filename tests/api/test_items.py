"""Items: found, read with their attempts, sent again and called off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pigeon.models import ItemToPush, Operation, Outcome, Status
from tests.api.asker import Asker
from tests.api.making import NOON, item, tried
from tests.apps.newsroom.models import Story
from tests.flows.site import Site


@pytest.fixture
def pushed(site: Site) -> ItemToPush:
    Story.objects.create(title="A <b>story</b>")
    site.push()
    return site.item()


def test_the_list(pushed: ItemToPush, viewer: Asker) -> None:
    [found] = viewer.get("items")["results"]
    assert found == {
        "id": pushed.pk, "queue": "default", "rule": "partner", "destination": "beloved",
        "model": "newsroom.story", "object_id": pushed.object_id, "title": "A <b>story</b>",
        "event": str(pushed.event_id), "action": "created", "changed_fields": [],
        "actor": "", "status": "PUSHED", "priority": 0, "push_attempts": 1,
        "creation_date": moment(pushed.creation_date),
        "last_push_attempts_date": moment(pushed.last_push_attempts_date),
        "next_attempt_date": None, "pushed_date": moment(pushed.pushed_date), "expires": None,
        "message": "",
    } | {"changed_fields": found["changed_fields"]}  # fmt: skip


def moment(date: Any) -> str:
    return f"{date.replace(tzinfo=None).isoformat()}Z"


def test_one_with_its_attempts(pushed: ItemToPush, viewer: Asker) -> None:
    found = viewer.get(f"items/{pushed.pk}")
    [attempt] = found["attempts"]
    assert attempt["outcome"] == "pushed"
    [receipt] = attempt["receipts"]
    assert receipt["path"] == f"newsroom_story_{pushed.object_id}.xml"
    assert len(receipt["sha256"]) == 64
    assert all(step["seconds"] >= 0 and step["text"] for step in attempt["transcript"])


def test_only_the_newest_attempts(db: None, viewer: Asker) -> None:
    waiting = item()
    for minute in range(60):
        tried(waiting, minute, outcome=Outcome.RETRY)
    found = viewer.get(f"items/{waiting.pk}")["attempts"]
    assert [attempt["started"][11:16] for attempt in found[:2]] == ["12:59", "12:58"]
    assert len(found) == 50


def test_no_secret_is_told(pushed: ItemToPush, viewer: Asker) -> None:
    for path in ("items", f"items/{pushed.pk}", "attempts", "destinations", "rules", "logs"):
        assert "s3cret-word" not in str(viewer.get(path))


FILTERS: list[tuple[dict[str, Any], str]] = [
    ({"destination": "dummy://other"}, "b"),
    ({"rule": "digest"}, "c"),
    ({"status": "SEND_ERROR"}, "d"),
    ({"status": ["SEND_ERROR", "RETRY"]}, "ed"),
    ({"object": "newsroom.Story:7"}, "a"),
    ({"object": "newsroom.story:7"}, "a"),
    ({"text": "Report"}, "d"),
    ({"since": "2026-11-20T12:30:00Z", "until": "2026-11-20T13:30:00+00:00"}, "e"),
    ({"since": "2026-11-20T12:30:00Z", "status": "NEW"}, ""),
]


@pytest.mark.parametrize(("asked", "expected"), FILTERS)
def test_filters(asked: dict[str, Any], expected: str, viewer: Asker) -> None:
    item(object_id=7, title="a")
    item(title="b", destination="dummy://other")
    item(title="c", rule_name="digest")
    item(title="d report", status=Status.SEND_ERROR)
    tried(item(title="e", status=Status.RETRY), minutes=60, outcome=Outcome.RETRY)
    found = viewer.get("items", **asked)["results"]
    assert [each["title"][0] for each in found] == list(expected)


@pytest.mark.parametrize("asked", [{}, {"rule": "rule"}, {"destination": "dummy://partner"}])
def test_pages_hold_everything_once(asked: dict[str, str], viewer: Asker) -> None:
    """Also what was queued at the same moment."""
    for number in range(23):
        item(object_id=number, creation_date=NOON + timedelta(seconds=number // 5))
    found = viewer.pages("items", page_size=5, **asked)
    assert [len(page) for page in found] == [5, 5, 5, 5, 3]
    ids = [each["id"] for page in found for each in page]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 23


OLDEST: list[dict[str, Any]] = [
    {}, {"rule": "rule"}, {"destination": "dummy://partner"}, {"object": "newsroom.Story:3"},
    {"status": "NEW"}, {"status": ["NEW", "SEND_ERROR"], "destination": "dummy://partner"},
    {"status": "NEW", "rule": "rule"}, {"destination": "dummy://partner", "rule": "digest"},
    {"object": "newsroom.Story:3", "status": "SEND_ERROR"},
]  # fmt: skip


@pytest.mark.django_db(databases=["default"])
@pytest.mark.parametrize("asked", OLDEST)
def test_the_oldest_first_are_the_same_items(
    asked: dict[str, Any], viewer: Asker, alias: str
) -> None:
    for number in range(24):
        item(
            alias, number % 5, creation_date=NOON + timedelta(seconds=number // 5),
            status=(Status.NEW, Status.SEND_ERROR, Status.PUSHED)[number % 3],
            rule_name=("rule", "digest")[number % 2],
            destination=("dummy://partner", "dummy://other")[number // 2 % 2],
        )  # fmt: skip
    oldest = viewer.all("items", page_size=4, ordering="created", **asked)
    assert oldest
    assert oldest[::-1] == viewer.all("items", page_size=4, ordering="-created", **asked)


@pytest.mark.parametrize("name", ["text", "since", "until"])
def test_what_only_goes_with_the_newest_first(name: str, viewer: Asker) -> None:
    asked = {"ordering": "created", name: "2026-11-20T12:00:00Z"}
    told = viewer.get("items", expected=400, **asked)["parameters"]
    assert told == {"ordering": f"created does not go with {name}; leave one out."}


def test_the_next_page_has_the_same_filters(viewer: Asker) -> None:
    for number in range(4):
        item(object_id=number, rule_name=f"rule{number % 2}")
    found = viewer.all("items", page_size=1, rule="rule1")
    assert [each["rule"] for each in found] == ["rule1", "rule1"]


def test_retry(pushed: ItemToPush, operator: Asker, site: Site) -> None:
    done = operator.post(f"items/{pushed.pk}/retry")
    assert done == {"number": 1, "refused": 0, "why": ""}
    operation = Operation.objects.get()
    assert (operation.actor, operation.door, operation.verb) == ("ada", "api", "sent again")
    site.push()
    assert len(site.attempts()) == 2


def test_rendered_anew(pushed: ItemToPush, operator: Asker, site: Site) -> None:
    Story.objects.update(title="Better")
    operator.post(f"items/{pushed.pk}/retry", {"rerender": True})
    site.push()
    first, second = site.attempts()
    assert first.receipts[0]["sha256"] != second.receipts[0]["sha256"]


def test_what_is_older_than_what_went_needs_force(
    pushed: ItemToPush, operator: Asker, site: Site
) -> None:
    Story.objects.get().save()
    site.push()
    told = operator.post(f"items/{pushed.pk}/retry", expected=409)["detail"]
    assert told.startswith(f"Item {pushed.pk} was left as it is: older than what went")
    assert "With 'force' it goes" in told
    assert operator.post(f"items/{pushed.pk}/retry", {"force": True})["number"] == 1


def test_cancel(operator: Asker) -> None:
    waiting = item()
    assert operator.post(f"items/{waiting.pk}/cancel")["number"] == 1
    found = operator.get(f"items/{waiting.pk}")
    assert (found["status"], found["message"]) == ("CANCELLED", "Cancelled by ada.")
    operator.post(f"items/{waiting.pk}/cancel", expected=409)


def test_what_failed_from_two_to_four(operator: Asker) -> None:
    """The partner's disk was full from 2 to 4: send all of that again."""
    failed = [item(object_id=number, status=Status.SEND_ERROR) for number in range(4)]
    for minutes, each in zip((60, 130, 230, 300), failed, strict=True):
        tried(each, minutes, outcome=Outcome.FAILED)
    body = {
        "destination": "dummy://partner", "status": ["SEND_ERROR"],
        "since": "2026-11-20T14:00:00Z", "until": "2026-11-20T16:00:00Z",
    }  # fmt: skip
    assert operator.post("items/retry", {**body, "dry_run": True})["number"] == 2
    assert not ItemToPush.objects.filter(status=Status.RETRY).exists()
    assert operator.post("items/retry", body)["number"] == 2
    again = ItemToPush.objects.filter(status=Status.RETRY).values_list("pk", flat=True)
    assert set(again) == {failed[1].pk, failed[2].pk}


def test_some_by_their_ids(operator: Asker) -> None:
    failed = [item(object_id=number, status=Status.SEND_ERROR) for number in range(3)]
    ids = [each.pk for each in failed[:2]]
    assert operator.post("items/retry", {"ids": [*ids, 10**15]})["number"] == 2


@pytest.mark.django_db(databases=["default", "other"])
def test_several_queues(operator: Asker, settings: Any) -> None:
    settings.PIGEON_DATABASES = ["default", "other"]
    here, there = item(title="here"), item("other", title="there", status=Status.SEND_ERROR)
    assert here.pk == there.pk
    assert operator.get("items")["results"][0]["title"] == "here"
    assert operator.get("items", queue="other")["results"][0]["queue"] == "other"
    assert operator.get(f"items/{there.pk}", queue="other")["title"] == "there"
    assert "say which one" in operator.post("items/retry", {"ids": [1]}, expected=400)["detail"]
    body = {"ids": [there.pk], "queue": "other"}
    assert operator.post("items/retry", body)["number"] == 1
    operator.post(f"items/{there.pk}/cancel?queue=other")
    assert ItemToPush.objects.get().status == Status.NEW


def test_moments_without_time_zones(settings: Any, site: Site, viewer: Asker) -> None:
    settings.USE_TZ, settings.TIME_ZONE = False, "Europe/Berlin"
    waiting = item(creation_date=timezone.datetime(2026, 11, 20, 13))
    tried(waiting, started=timezone.datetime(2026, 11, 20, 13))
    assert viewer.get("items")["results"][0]["creation_date"] == "2026-11-20T12:00:00Z"
    asked = {"started__gte": "2026-11-20T12:00:00Z", "started__lte": "2026-11-20T13:00:00+01:00"}
    assert len(viewer.get("attempts", **asked)["results"]) == 1
    assert len(viewer.get("attempts", started__gte="2026-11-20T13:00:00")["results"]) == 1
    assert viewer.get("attempts", started__gte="2026-11-20T12:00:01Z")["results"] == []
