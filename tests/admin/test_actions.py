"""Actions of the admin: what they do, who may, and what is written down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from pigeon.models import DestinationState, ItemToPush, Operation, Status
from pigeon.models.operation import Door, Verb
from tests.admin.conftest import LogIn, item
from tests.admin.test_lists import listed, text, url

ITEM_ACTIONS = ("send_as_sent", "render_anew", "reset", "cancel", "set_priority")


def act(client: Client, action: str, *rows: Any, query: str = "", **more: Any) -> Any:
    table = "destinationstate" if isinstance(rows[0], DestinationState) else "itemtopush"
    data = {"action": action, "_selected_action": [row.pk for row in rows], **more}
    return client.post(url(table, query), data, follow=True)


def logged() -> list[tuple[str, str, str]]:
    entries = LogEntry.objects.order_by("pk").select_related("user")
    return [(each.user.username, each.object_id or "", each.change_message) for each in entries]


@pytest.mark.parametrize(
    ("action", "verb", "status", "before"),
    [
        ("send_as_sent", Verb.SENT_AGAIN, Status.RETRY, Status.PUSHED),
        ("render_anew", Verb.RENDERED_ANEW, Status.RETRY, Status.SEND_ERROR),
        ("reset", Verb.RESET, Status.NEW, Status.SEND_ERROR),
        ("cancel", Verb.CANCELLED, Status.CANCELLED, Status.NEW),
    ],
)
def test_an_action_does_it_and_writes_down_who_did(
    operator: Client, action: str, verb: Verb, status: Status, before: Status
) -> None:
    one, other = item(status=before), item(status=before)
    answer = act(operator, action, one)
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.status, other.status) == (status, before)
    done = Operation.objects.get()
    assert (done.actor, done.door, done.verb, done.number) == ("ada", Door.ADMIN, verb, 1)
    [(user, pk, words)] = logged()
    assert (user, pk) == ("ada", str(one.pk)) and "1 item " in words
    assert "1 item " in text(answer)


def test_what_is_refused_is_told(operator: Client) -> None:
    finished, waiting = item(status=Status.PUSHED), item()
    answer = act(operator, "cancel", finished, waiting)
    assert "1 item left as before: 1 not waiting" in text(answer)
    assert act(operator, "cancel", finished).status_code == 200
    assert Operation.objects.count() == 1, "the second did nothing"
    assert len(logged()) == 2, "both items that were chosen for the first"


def test_a_priority_is_asked_for(operator: Client) -> None:
    one = item()
    page = text(act(operator, "set_priority", one))
    assert 'name="priority"' in page and "csrfmiddlewaretoken" in page
    again = text(act(operator, "set_priority", one, **{"pigeon-answer": 1, "priority": "99999"}))
    assert "32767" in again, "it is asked again"
    assert not Operation.objects.exists()
    act(operator, "set_priority", one, **{"pigeon-answer": 1, "priority": "-5"})
    one.refresh_from_db()
    assert one.priority == -5
    assert Operation.objects.get().detail == "priority -5"


def test_all_that_the_filters_leave(operator: Client) -> None:
    for _ in range(120):
        item(status=Status.SEND_ERROR)
    kept = item(status=Status.SEND_ERROR, destination="digest")
    first = ItemToPush.objects.first()
    query = "?destination=beloved&status=130"
    act(operator, "reset", first, query=query, select_across="1")
    assert ItemToPush.objects.new().count() == 120
    kept.refresh_from_db()
    assert kept.status == Status.SEND_ERROR
    assert LogEntry.objects.count() == 120


def test_pause_and_resume(operator: Client) -> None:
    state = DestinationState.objects.create(name="beloved")
    assert 'name="reason"' in text(act(operator, "pause", state))
    answers = {"pigeon-answer": 1, "reason": "<b>Maintenance</b>"}
    page = text(act(operator, "pause", state, **answers))
    assert "paused by ada" in page and "<b>Main" not in page
    state.refresh_from_db()
    assert (state.paused_by, state.paused_reason) == ("ada", "<b>Maintenance</b>")
    act(operator, "resume", state)
    state.refresh_from_db()
    assert not state.is_paused
    assert [each.verb for each in Operation.objects.order_by("pk")] == ["paused", "resumed"]
    assert [words for _, _, words in logged()] == [
        "Destination paused. <b>Maintenance</b>",
        "Destination resumed.",
    ]


def test_resuming_tries_a_stopped_destination_at_once(operator: Client) -> None:
    probe = timezone.now() + timedelta(hours=9)
    state = DestinationState.objects.create(
        name="beloved", stopped_reason="Login refused.", next_probe=probe
    )
    act(operator, "resume", state)
    state.refresh_from_db()
    assert state.next_probe is not None and state.next_probe < probe


@pytest.mark.parametrize("action", ITEM_ACTIONS)
def test_who_may_only_see_does_nothing_to_items(viewer: Client, action: str) -> None:
    one = item(status=Status.SEND_ERROR)
    assert 'name="action"' not in text(viewer.get(url("itemtopush")))
    act(viewer, action, one, **{"pigeon-answer": 1, "priority": "3"})
    one.refresh_from_db()
    assert (one.status, one.priority) == (Status.SEND_ERROR, 0)
    assert not Operation.objects.exists() and not logged()


def test_items_and_destinations_have_permissions_of_their_own(login: LogIn, site: Any) -> None:
    state, one = DestinationState.objects.create(name="beloved"), item()
    steering = login("view_itemtopush", "change_itemtopush", name="steering")
    act(steering, "pause", state, **{"pigeon-answer": 1, "reason": ""})
    closing = login("view_itemtopush", "change_destinationstate", name="closing")
    act(closing, "cancel", one)
    assert not Operation.objects.exists()


def test_a_forged_post_is_refused(operator: Client) -> None:
    one = item()
    forged = Client(enforce_csrf_checks=True)
    forged.cookies = operator.cookies
    assert act(forged, "cancel", one).status_code == 403
    assert not Operation.objects.exists()


def test_an_operation_leads_to_its_items_and_an_item_to_what_was_done(operator: Client) -> None:
    one = item()
    act(operator, "cancel", one)
    done = Operation.objects.get()
    assert listed(operator.get(url("operation"))) == [done.pk]
    assert f"/itemtopush/{one.pk}/change/" in text(
        operator.get(url("operation", f"{done.pk}/change/"))
    )
    assert f"/operation/{done.pk}/change/" in text(
        operator.get(url("itemtopush", f"{one.pk}/change/"))
    )
    assert "cancelled" in text(operator.get(url("itemtopush", f"{one.pk}/history/")))
