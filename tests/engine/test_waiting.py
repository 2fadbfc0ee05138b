"""A partner who says how long to wait is obeyed: for an item, or for the destination."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from pigeon.exceptions import TransientError, Unreachable
from pigeon.models import DestinationState, ItemToPush, Status
from tests.apps.newsroom.models import Story
from tests.engine.scripted import Scripted
from tests.flows.site import Site

pytestmark = pytest.mark.django_db(databases=["default"])
ASKED = timedelta(hours=5)


def test_an_item_waits_as_long_as_the_partner_asks(site: Site, scripted: type[Scripted]) -> None:
    site.rule("partner", "scripted://host")
    for title in ("locked", "free"):
        Story.objects.create(title=title)
    error = TransientError("Locked.", retry_after=ASKED)
    scripted.script = lambda delivery: error if delivery.title == "locked" else None
    now = timezone.now()
    assert site.push().total("pushed") == 1
    item = ItemToPush.objects.get(title="locked")
    assert item.next_attempt_date and item.next_attempt_date >= now + ASKED
    assert DestinationState.objects.get().is_well


def test_a_destination_waits_as_long_as_it_asks_and_its_items_lose_no_attempt(
    site: Site, scripted: type[Scripted]
) -> None:
    site.destination("busy", "scripted://host", in_flight=1)
    site.rule("partner", "busy")
    for number in range(20):
        Story.objects.create(title=str(number))
    scripted.script = lambda delivery: Unreachable("Too many requests.", retry_after=ASKED)
    now = timezone.now()
    assert site.push().total("retry") == 1
    state = DestinationState.objects.get()
    assert state.next_probe and state.next_probe >= now + ASKED
    assert ItemToPush.objects.filter(failures=0).count() == 20
    site.later(hours=4)
    assert site.push().total("retry") == 0, "nobody asks before then"
    scripted.script = None
    site.later(hours=6)
    assert site.push().total("pushed") == 20
    assert ItemToPush.objects.filter(status=Status.PUSHED).count() == 20
