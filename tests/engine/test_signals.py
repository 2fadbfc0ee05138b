"""Django signals: what they tell, when, and what a receiver can break."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pigeon import signals
from pigeon.destinations import Destination
from pigeon.exceptions import AuthenticationError, PermanentError, Unreachable
from pigeon.models import ItemToPush, Status
from tests.apps.newsroom.models import Story
from tests.engine.scripted import Scripted
from tests.flows.site import Site

pytestmark = pytest.mark.django_db(databases=["default"])
NAMES = ("item_pushed", "item_failed", "destination_opened", "destination_closed")


@pytest.fixture
def heard() -> Iterator[list[tuple[str, Any, dict[str, Any]]]]:
    """Every signal with its sender and arguments."""
    found: list[tuple[str, Any, dict[str, Any]]] = []
    receivers = {name: _receiver(name, found) for name in NAMES}
    for name, receiver in receivers.items():
        getattr(signals, name).connect(receiver)
    yield found
    for name, receiver in receivers.items():
        getattr(signals, name).disconnect(receiver)


def _receiver(name: str, found: list[Any]) -> Any:
    def receive(sender: Any, signal: Any, **facts: Any) -> None:
        found.append((name, sender, facts))

    return receive


def test_each_item_is_told_as_it_is_in_the_database(
    site: Site, scripted: type[Scripted], heard: list[Any]
) -> None:
    site.rule("partner", "scripted://host")
    Story.objects.create(title="good")
    Story.objects.create(title="bad")
    scripted.script = lambda delivery: (
        PermanentError("Refused.") if delivery.title == "bad" else None
    )
    site.push()
    told = {facts["item"].title: (name, sender, facts) for name, sender, facts in heard}
    assert sorted(told) == ["bad", "good"]
    name, sender, facts = told["good"]
    assert (name, sender) == ("item_pushed", ItemToPush)
    assert facts["item"].status == Status.PUSHED and facts["item"].pushed_date
    assert facts["destination"].name == "scripted://host"
    assert [receipt.size for receipt in facts["receipts"]]
    name, sender, facts = told["bad"]
    assert (name, facts["item"].status) == ("item_failed", Status.SEND_ERROR)
    assert facts["message"] == facts["item"].message == "Refused."


@pytest.mark.parametrize(
    "error", [Unreachable("No route."), AuthenticationError("Wrong password 'secret!'.")]
)
def test_a_destination_is_told_once_when_it_opens_and_once_when_it_is_well(
    site: Site, scripted: type[Scripted], heard: list[Any], error: Exception
) -> None:
    site.destination("beloved", "scripted://host", password="secret!", connections=4)
    site.rule("partner", "beloved")
    for number in range(40):
        Story.objects.create(title=str(number))
    scripted.opening = error
    site.push()
    site.push(retry_now=True)
    [(name, sender, facts)] = heard
    assert (name, sender) == ("destination_opened", Destination)
    assert facts["destination"].name == "beloved" and facts["next_probe"]
    assert facts["reason"] == str(error).replace("secret!", "[redacted]")
    heard.clear()
    scripted.opening = None
    site.push(retry_now=True)
    assert [name for name, *_ in heard].count("destination_closed") == 1
    assert [name for name, *_ in heard].count("item_pushed") == 40
    site.push()
    assert len(heard) == 41


def test_a_receiver_that_raises_breaks_nothing(
    site: Site, scripted: type[Scripted], caplog: pytest.LogCaptureFixture
) -> None:
    def receive(**facts: Any) -> None:
        raise RuntimeError("our own bug")

    site.rule("partner", "scripted://host")
    Story.objects.create(title="one")
    signals.item_pushed.connect(receive)
    try:
        assert site.push().total("pushed") == 1
    finally:
        signals.item_pushed.disconnect(receive)
    assert "our own bug" in caplog.text


def test_without_receivers_nothing_is_asked(site: Site) -> None:
    site.rule("partner", "dummy://host")

    def queries() -> int:
        Story.objects.create(title="one")
        with CaptureQueriesContext(connection) as asked:
            site.push()
        return len(asked)

    def receive(**facts: Any) -> None:
        pass

    queries()
    without = queries()
    signals.item_pushed.connect(receive)
    try:
        assert queries() == without + 1
    finally:
        signals.item_pushed.disconnect(receive)
