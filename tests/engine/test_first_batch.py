"""Little is done for a destination before it is known to be there."""

from __future__ import annotations

import asyncio
import time

import pytest

from pigeon.engine.context import Context
from pigeon.engine.lane import FIRST_BATCH
from pigeon.exceptions import TransientError, Unreachable
from pigeon.models import ItemToPush, PushAttempt
from pigeon.models.attempt import Outcome
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
    """Nothing is exported for it; one item says why, as whoever looks for a reason needs it."""
    queue(site, "dummy://")
    scripted.opening = Unreachable("No route to host.")
    site.push()
    there = ItemToPush.objects.filter(destination="scripted://host")
    assert there.exclude(last_push_attempts_date=None).count() == FIRST_BATCH
    assert not there.exclude(parcel=None).exists()
    [attempt] = PushAttempt.objects.filter(item__in=there)
    assert (attempt.outcome, attempt.message) == (Outcome.RETRY, "No route to host.")
    assert there.waiting().count() == MANY and not there.filter(failures__gt=0).exists()


def test_one_connection_of_several_is_enough(
    site: Site, scripted: type[Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The partner may allow fewer than it said, and refuse the first of them."""
    opened: list[Scripted] = []

    async def only_the_second(self: Scripted) -> None:
        opened.append(self)
        if len(opened) == 1:
            raise TransientError("Too many connections.")
        await asyncio.sleep(0.05)

    monkeypatch.setattr(scripted, "open", only_the_second)
    monkeypatch.setattr(scripted, "in_flight", 1)
    queue(site, "dummy://")
    site.destination("scripted://host", "scripted://host", connections=2)
    site.push()
    assert scripted.sent


def test_while_it_hangs_a_stopped_worker_gives_back_what_it_has_claimed(
    site: Site, scripted: type[Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(site, "dummy://")
    contexts: list[Context] = []

    def context(*args: object) -> Context:
        contexts.append(Context(*args))  # type: ignore[arg-type]
        return contexts[-1]

    async def for_ever(self: Scripted) -> None:
        contexts[0].stopping.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("pigeon.engine.run.Context", context)
    monkeypatch.setattr(scripted, "open", for_ever)
    assert site.push().stopped
    there = ItemToPush.objects.filter(destination="scripted://host")
    assert there.waiting().count() == MANY
    assert not PushAttempt.objects.filter(item__in=there).exists()


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
