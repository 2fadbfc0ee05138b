"""Deliveries that take too long: what was not wanted any more, and what hangs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

import pigeon
from pigeon.engine import courier, overrun
from pigeon.exceptions import AmbiguousError, TransientError
from pigeon.models import DestinationState, ItemToPush, Status
from pigeon.parcel import Receipt
from pigeon.senders.base import Delivery, Sender, SyncSender
from pigeon.senders.registry import register_sender, unregister_sender
from tests.apps.newsroom.models import Story
from tests.engine.scripted import Scripted
from tests.flows.site import Site

pytestmark = pytest.mark.django_db(databases=["default"])
#: Longer than any test waits.
FOREVER = 600


def story() -> Story:
    return Story.objects.create(title="one")


@pytest.fixture
def expiring(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A story that goes to a scripted sender, and expires as soon as its delivery has begun."""

    async def send(sender: Sender, delivery: Delivery, expires: Any) -> None:
        assert expires
        soon = timezone.now() + timedelta(seconds=0.3)
        await overrun.send_in_time(sender, delivery, soon)

    monkeypatch.setattr(courier, "send_in_time", send)
    site.rule("partner", "scripted://host", expires_after=FOREVER)
    story()


def test_the_sender_is_told_the_deadline(site: Site, scripted: type[Scripted]) -> None:
    site.rule("partner", "scripted://host", expires_after=FOREVER)
    story()
    site.push()
    assert scripted.sent[0].deadline == site.item().expires


@pytest.mark.usefixtures("expiring")
def test_a_delivery_is_broken_off_at_its_deadline_and_says_what_may_be_there(
    site: Site, scripted: type[Scripted]
) -> None:
    scripted.script = lambda delivery: asyncio.sleep(FOREVER)
    assert site.push().total("failed") == 1
    item = site.item()
    assert item.status == Status.SEND_ERROR and item.lease_token
    assert "while it was being sent" in item.message
    assert "0 of 1 files are known to be done" in item.message


@pytest.mark.usefixtures("expiring")
def test_what_had_landed_by_then_is_on_record(site: Site, scripted: type[Scripted]) -> None:
    async def half(delivery: Delivery) -> None:
        [file] = delivery.parcel.files  # type: ignore[union-attr]
        delivery.record(Receipt(file.path, "there", file.size, file.sha256, "rename", "size"))
        await asyncio.sleep(FOREVER)

    scripted.script = half
    site.push()
    assert "1 of 1 files are known to be done" in site.item().message
    [attempt] = site.attempts()
    assert [receipt["remote_path"] for receipt in attempt.receipts] == ["there"]


@pytest.mark.parametrize("before_its_turn", [True, False])
def test_what_expires_after_an_attempt_that_may_have_left_something_says_so(
    site: Site, scripted: type[Scripted], monkeypatch: pytest.MonkeyPatch, before_its_turn: bool
) -> None:
    """CANCELLED would say that nothing of it is there, and forget what is to be cleaned up."""
    site.rule("partner", "scripted://host", expires_after=FOREVER)
    story()
    scripted.script = lambda delivery: AmbiguousError("No answer.")
    site.push()
    token = site.item().lease_token
    past = timezone.now() - timedelta(seconds=1)
    if before_its_turn:
        ItemToPush.objects.update(expires=past)
    else:
        monkeypatch.setattr(
            courier,
            "send_in_time",
            lambda sender, what, _: overrun.send_in_time(sender, what, past),
        )
    assert site.push(retry_now=True).total("failed") == 1
    item = site.item()
    assert item.status == Status.SEND_ERROR and item.lease_token == token
    assert item.message.startswith("Expired at ") and "an earlier attempt" in item.message


def test_what_expires_before_its_next_attempt_says_why_there_is_none(
    site: Site, scripted: type[Scripted]
) -> None:
    site.settings.PIGEON_RETRY_SCHEDULE = [2 * FOREVER]
    site.rule("partner", "scripted://host", expires_after=FOREVER / 2)
    story()
    scripted.script = lambda delivery: TransientError("Disk full.")
    site.push()
    assert site.item().message == "Disk full. It expires before it could be tried again."


@pytest.mark.usefixtures("expiring")
def test_what_cannot_have_left_anything_is_only_cancelled(
    site: Site, scripted: type[Scripted]
) -> None:
    async def begin(delivery: Delivery) -> None:
        delivery.traces = False
        await asyncio.sleep(FOREVER)

    scripted.script = begin
    assert site.push().total("cancelled") == 1
    assert site.item().message.startswith("Expired at ")


def test_what_expires_while_it_waits_for_its_turn_is_not_sent(
    site: Site, scripted: type[Scripted]
) -> None:
    async def wait(delivery: Delivery) -> None:
        while timezone.now() < until:
            await asyncio.sleep(0.05)

    site.destination("one", "scripted://host", in_flight=1)
    site.rule("partner", "one")
    for title in ("first", "second"):
        Story.objects.create(title=title)
    until = timezone.now() + timedelta(seconds=2)
    ItemToPush.objects.filter(title="second").update(expires=until)
    scripted.script = wait
    summary = site.push()
    assert (summary.total("pushed"), summary.total("cancelled")) == (1, 1)
    assert [delivery.title for delivery in scripted.sent] == ["first"]


def test_a_delivery_that_hangs_is_given_up_and_looked_for_later(
    site: Site, scripted: type[Scripted]
) -> None:
    site.destination("one", "scripted://host", delivery_timeout=0.5)
    site.rule("partner", "one")
    story()
    scripted.script = lambda delivery: asyncio.sleep(FOREVER)
    assert site.push().total("retry") == 1
    item, [attempt] = site.item(), site.attempts()
    assert "not done after 0.5 seconds" in item.message and "delivery_timeout" in item.message
    assert attempt.error_class == "AmbiguousError"
    assert (scripted.opened, scripted.closed) == (1, 1), "the connection was not kept"
    scripted.script = None
    site.destination("one", "scripted://host")
    assert site.push(retry_now=True).total("pushed") == 1
    assert scripted.sent[-1].stale_tokens


@pytest.mark.parametrize("hangs", [True, False])
def test_a_partner_that_loses_every_answer_does_not_use_up_all_items(
    site: Site, scripted: type[Scripted], monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    """A few connections lost in a row are the destination's affair, however they were lost."""

    async def lose(delivery: Delivery) -> Exception:
        if hangs:
            await asyncio.sleep(FOREVER)
        return AmbiguousError("The connection broke before the answer came.")

    site.destination("one", "scripted://host", delivery_timeout=0.3, in_flight=1)
    site.rule("partner", "one")
    for number in range(10):
        Story.objects.create(title=str(number))
    monkeypatch.setattr(scripted, "broken", property(lambda self: not hangs))
    scripted.script = lose
    site.push()
    assert ItemToPush.objects.exclude(failures=0).count() == courier.BREAKS
    assert DestinationState.objects.get().next_probe
    scripted.script = None
    site.destination("one", "scripted://host", in_flight=1)
    monkeypatch.setattr(scripted, "broken", False)
    assert site.push(retry_now=True).total("pushed") == 10
    assert DestinationState.objects.get().is_well


class Hanging(SyncSender):
    """A user's own sender that never comes back, once."""

    schemes = ("hanging",)
    release = threading.Event()
    calls = 0

    def send(self, delivery: Delivery) -> None:
        Hanging.calls += 1
        if Hanging.calls == 1:
            Hanging.release.wait(FOREVER)
            self.check_lease(delivery)
            raise AssertionError("it went on after another may have taken the item")
        delivery.record(Receipt("x", "x", 0, "", "put", "none"))


@pytest.fixture
def hanging() -> Iterator[type[Hanging]]:
    Hanging.calls = 0
    Hanging.release.clear()
    register_sender(Hanging)
    yield Hanging
    Hanging.release.set()
    unregister_sender(Hanging)


def test_a_plain_sender_that_hangs_holds_nothing_for_ever(
    site: Site, hanging: type[Hanging]
) -> None:
    site.destination("one", "hanging://host", delivery_timeout=2)
    site.rule("partner", "one")
    for title in ("first", "second"):
        Story.objects.create(title=title)
    summary = site.push()
    assert (summary.total("pushed"), summary.total("retry")) == (1, 1)
    assert site.push(retry_now=True).total("pushed") == 1


def test_how_long_by_default(hanging: type[Hanging], monkeypatch: pytest.MonkeyPatch) -> None:
    from pigeon.destinations import resolve
    from pigeon.senders.registry import make_sender

    limits = {url: make_sender(resolve(url)).delivery_timeout for url in ("file:///x", "dummy://")}
    assert limits == {"file:///x": None, "dummy://": 3600}
    assert make_sender(resolve("hanging://host")).delivery_timeout == 3600
    monkeypatch.setattr(Hanging, "delivery_timeout", 7200)
    assert make_sender(resolve("hanging://host")).delivery_timeout == 7200


def test_a_rule_says_how_long_its_items_are_wanted(site: Site) -> None:
    def left() -> timedelta:
        expires = site.item().expires
        assert expires
        return expires - timezone.now()

    rule = site.rule("partner", "dummy://", expires_after=3600, push_deletions="remove")
    one = Story.objects.create(title="one")
    assert timedelta(minutes=59) < left() <= timedelta(hours=1)
    pigeon.add_item_to_push(one, rule)
    assert timedelta(minutes=59) < left() <= timedelta(hours=1)
    until = timezone.now() + timedelta(days=2)
    pigeon.add_item_to_push(one, rule, expires=until)
    assert site.item().expires == until
    pigeon.enqueue(Story.objects.all(), rule, expires=until)
    assert site.item().expires == until
    site.push()
    one.delete()
    assert site.item().action == "deleted" and site.item().expires is None


@pytest.mark.parametrize("length", [timedelta(minutes=5), 300, 300.0])
def test_lengths_of_time(site: Site, length: Any) -> None:
    site.rule("partner", "dummy://", expires_after=length)
    story()
    item = site.item()
    assert item.expires
    length = item.expires - item.creation_date
    assert timedelta(minutes=4) < length < timedelta(minutes=6)
