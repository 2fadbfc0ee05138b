from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pigeon.models import DestinationState
from pigeon.models.operation import Door, Operation, Verb
from tests.dashboard.test_home import words

pytestmark = pytest.mark.usefixtures("desk")
PAUSE = ("pigeon:pause", "pigeon:resume")


@pytest.fixture
def pauser(login: Callable[..., Client]) -> Client:
    return login("view_itemtopush", "change_destinationstate", name="grace")


def press(client: Client, name: str, destination: str = "beloved", **data: str):
    """As a browser does it: with the token of the page that has the button."""
    page = client.get(reverse("pigeon:destination", args=["beloved"])).content.decode()
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[0]
    return client.post(
        reverse(name, args=[destination]), {"csrfmiddlewaretoken": token, **data}, follow=True
    )


def test_pausing_says_by_whom_and_why(pauser: Client) -> None:
    shown = words(press(pauser, "pigeon:pause", reason="they move"))
    assert "beloved is paused." in shown
    assert "Paused by grace" in shown
    state = DestinationState.objects.get(name="beloved")
    assert (state.paused_by, state.paused_reason) == ("grace", "they move")
    [done] = Operation.objects.all()
    assert (done.verb, done.actor, done.door) == (Verb.PAUSED, "grace", Door.DASHBOARD)


def test_a_second_pause_leaves_the_first(pauser: Client) -> None:
    press(pauser, "pigeon:pause", reason="one")
    assert "beloved was paused already." in words(press(pauser, "pigeon:pause", reason="two"))
    assert DestinationState.objects.get(name="beloved").paused_reason == "one"


def test_resuming_a_paused_destination(pauser: Client) -> None:
    press(pauser, "pigeon:pause")
    press(pauser, "pigeon:resume")
    assert not DestinationState.objects.get(name="beloved").is_paused


def test_a_failing_destination_is_tried_now(pauser: Client) -> None:
    later = timezone.now() + timedelta(hours=1)
    DestinationState.objects.create(name="beloved", failures=3, next_probe=later)
    press(pauser, "pigeon:resume")
    assert DestinationState.objects.get(name="beloved").next_probe <= timezone.now()


@pytest.mark.parametrize("reason", ["\0", "x" * 100_000, "<b>bold</b>", "🕊"])
def test_any_reason_can_be_given(pauser: Client, reason: str) -> None:
    answer = press(pauser, "pigeon:pause", reason=reason)
    assert answer.status_code == 200
    assert "<b>bold" not in answer.content.decode()
    assert len(DestinationState.objects.get(name="beloved").paused_reason) <= 500


@pytest.mark.parametrize("name", PAUSE)
def test_a_destination_that_there_is_not(pauser: Client, name: str) -> None:
    assert press(pauser, name, "nobody").status_code == 404
    assert not DestinationState.objects.exists()


@pytest.mark.parametrize("name", PAUSE)
def test_a_forged_post_is_refused(pauser: Client, name: str) -> None:
    assert pauser.post(reverse(name, args=["beloved"])).status_code == 403
    assert pauser.get(reverse(name, args=["beloved"])).status_code == 405
    assert not Operation.objects.exists()


@pytest.mark.parametrize("name", PAUSE)
def test_who_may_only_see_has_no_buttons(login: Callable[..., Client], name: str) -> None:
    viewer = login("view_itemtopush")
    page = viewer.get(reverse("pigeon:destination", args=["beloved"])).content.decode()
    assert reverse(name, args=["beloved"]) not in page
    answer = press(viewer, name)  # with the token of the button that logs out
    assert answer.status_code == 403
    assert "pigeon.change_destinationstate" in answer.content.decode()
    assert not Operation.objects.exists()
