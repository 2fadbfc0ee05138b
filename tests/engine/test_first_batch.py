"""Little is done for a destination before it is known to be there."""

from __future__ import annotations

import asyncio
import time

import pytest

from pigeon.engine.lane import FIRST_BATCH
from pigeon.exceptions import Unreachable
from pigeon.models import ItemToPush
from tests.apps.newsroom.models import Story
from tests.engine.scripted import Scripted
from tests.flows.site import Site

pytestmark = pytest.mark.django_db(databases=["default"])
MANY = 3 * FIRST_BATCH


def queue(site: Site, *others: str) -> None:
    site.rule("partner", "scripted://host", *others)
    for number in range(MANY):
        Story.objects.create(title=str(number))


def test_a_destination_that_refuses_costs_one_small_batch(
    site: Site, scripted: type[Scripted]
) -> None:
    queue(site, "dummy://")
    scripted.opening = Unreachable("No route to host.")
    site.push()
    there = ItemToPush.objects.filter(destination="scripted://host")
    assert there.exclude(last_push_attempts_date=None).count() == FIRST_BATCH
    assert there.exclude(parcel=None).count() == FIRST_BATCH


def test_nobody_else_needs_no_small_batch(site: Site, scripted: type[Scripted]) -> None:
    queue(site)
    scripted.opening = Unreachable("No route to host.")
    site.push()
    assert ItemToPush.objects.exclude(last_push_attempts_date=None).count() == MANY


def test_nothing_more_is_claimed_before_a_connection_is_open(
    site: Site, scripted: type[Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(site, "dummy://")
    claimed: list[int] = []
    there = ItemToPush.objects.filter(destination="scripted://host")

    async def slowly(self: Scripted) -> None:
        for _ in range(50):  # so long that others would have claimed
            await asyncio.sleep(0.01)
        claimed.append(await there.in_progress().acount())

    monkeypatch.setattr(scripted, "open", slowly)
    assert site.push().total("pushed") == 2 * MANY
    assert claimed[0] == FIRST_BATCH


def test_it_logs_in_while_the_first_items_are_made_ready(
    site: Site, scripted: type[Scripted]
) -> None:
    def get_context(self: object, instance: Story) -> dict[str, object]:
        end = time.monotonic() + 20
        while not scripted.opened and time.monotonic() < end:
            time.sleep(0.005)
        return {"object": instance, "opened": scripted.opened}

    site.rule("partner", "scripted://host", get_context=get_context, template="{{ opened }}")
    Story.objects.create(title="one")
    assert site.push().total("pushed") == 1
    [delivery] = scripted.sent
    assert delivery.parcel
    assert (delivery.parcel.directory / delivery.parcel.files[0].path).read_text() == "1"


def test_a_login_that_nobody_needs_after_all_holds_up_nothing(
    site: Site, scripted: type[Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Scripted] = []

    async def for_ever(self: Scripted) -> None:
        begun.append(self)
        await asyncio.Event().wait()

    monkeypatch.setattr(scripted, "open", for_ever)
    accepts = [True, False]  # when it is saved, and when it is its turn
    site.rule("partner", "scripted://host", filter_by_state=lambda self, story: accepts.pop(0))
    Story.objects.create(title="one")
    assert site.push().total("cancelled") == 1
    assert scripted.closed == len(begun) <= 1
