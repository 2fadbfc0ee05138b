"""Little is done for a destination before it is known to be there."""

from __future__ import annotations

import asyncio

import pytest

from pigeon.engine.lane import FIRST_BATCH
from pigeon.exceptions import Unreachable
from pigeon.models import ItemToPush, Parcel
from tests.apps.newsroom.models import Story
from tests.engine.scripted import Scripted
from tests.flows.site import Site

pytestmark = pytest.mark.django_db(databases=["default"])
MANY = 3 * FIRST_BATCH


def queue(site: Site) -> None:
    site.rule("partner", "scripted://host")
    for number in range(MANY):
        Story.objects.create(title=str(number))


def test_a_destination_that_refuses_costs_one_small_batch(
    site: Site, scripted: type[Scripted]
) -> None:
    queue(site)
    scripted.opening = Unreachable("No route to host.")
    site.push()
    assert ItemToPush.objects.exclude(last_push_attempts_date=None).count() == FIRST_BATCH
    assert Parcel.objects.count() == FIRST_BATCH


def test_nothing_more_is_claimed_before_a_connection_is_open(
    site: Site, scripted: type[Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(site)
    claimed: list[int] = []

    async def slowly(self: Scripted) -> None:
        for _ in range(50):  # so long that others would have claimed
            await asyncio.sleep(0.01)
        claimed.append(await ItemToPush.objects.in_progress().acount())

    monkeypatch.setattr(scripted, "open", slowly)
    assert site.push().total("pushed") == MANY
    assert claimed[0] == FIRST_BATCH
