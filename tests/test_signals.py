"""When signals are sent, with which arguments, and what a receiver can break."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, connections
from django.dispatch import Signal
from docutils import nodes

import pigeon
from pigeon import signals
from pigeon.exceptions import PermanentError, Unreachable
from pigeon.models import DestinationState, ItemToPush, Status
from pigeon.registry import registry
from tests.apps.newsroom.models import Story
from tests.docs.pages import page
from tests.engine.conftest import scripted, site
from tests.engine.scripted import Scripted
from tests.flows.site import Site

__all__ = ["scripted", "site"]
REFERENCE = "docs/reference/signals.rst"
ALL = {name: value for name, value in vars(signals).items() if isinstance(value, Signal)}
PUSHING = sorted(set(ALL) - {"rules_changed"})
Listen = Callable[[str, Callable[..., Any]], None]


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Connects receivers for the time of the test."""
    connected: list[tuple[str, Callable[..., Any]]] = []

    def connect(name: str, receiver: Callable[..., Any]) -> None:
        ALL[name].connect(receiver, weak=False)
        connected.append((name, receiver))

    yield connect
    for name, receiver in connected:
        assert ALL[name].disconnect(receiver)


def push_of_all_kinds(site: Site, scripted: type[Scripted]) -> None:
    """Each signal about pushing is sent once."""
    site.rule("partner", site.destination("beloved", "scripted://host"))
    Story.objects.create(title="bad")
    scripted.opening = Unreachable("No route.")
    site.push()
    scripted.opening = None
    Story.objects.create(title="good")
    scripted.script = lambda delivery: (
        PermanentError("Refused.") if delivery.title == "bad" else None
    )
    site.push(retry_now=True)


def documented() -> dict[str, set[str]]:
    """Signal → its arguments, as the reference has them."""
    found: dict[str, set[str]] = {}
    for section in page(REFERENCE).tree.findall(nodes.section):
        rows = list(section.findall(nodes.row))[1:]
        cells = [next(iter(row.findall(nodes.entry))).astext() for row in rows]
        if section.children[0].astext() in ALL:
            found[section.children[0].astext()] = set(cells)
    return found


@pytest.mark.django_db
def test_the_reference_has_every_signal_with_its_arguments(
    site: Site, scripted: type[Scripted], listen: Listen
) -> None:
    sent: dict[str, set[str]] = {}

    def receiver(name: str) -> Callable[..., None]:
        return lambda signal, **facts: sent.setdefault(name, set()).update(facts) or None

    for name in ALL:
        listen(name, receiver(name))
    push_of_all_kinds(site, scripted)
    with registry.isolated():
        pigeon.register(type("Other", (pigeon.DefaultConfiguration,), {"models": [Story]}))
    assert sent == documented()
    assert set(sent) == set(ALL)


#: Looks whether what the signal tells is in the database.
TOLD: dict[str, Callable[[], bool]] = {
    "item_pushed": lambda: ItemToPush.objects.filter(status=Status.PUSHED).exists(),
    "item_failed": lambda: ItemToPush.objects.filter(status=Status.SEND_ERROR).exists(),
    "destination_opened": lambda: DestinationState.objects.unwell().exists(),
    "destination_closed": lambda: not DestinationState.objects.unwell().exists(),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", PUSHING)
def test_what_is_told_was_committed(
    site: Site, scripted: type[Scripted], listen: Listen, name: str
) -> None:
    seen: list[tuple[bool, bool]] = []

    def look() -> None:
        """From a connection of its own, which sees only what was committed."""
        try:
            seen.append((connection.in_atomic_block, TOLD[name]()))
        finally:
            connections.close_all()

    def receive(**facts: Any) -> None:
        assert not connection.in_atomic_block
        thread = threading.Thread(target=look)
        thread.start()
        thread.join(60)

    listen(name, receive)
    push_of_all_kinds(site, scripted)
    assert seen == [(False, True)]


@pytest.mark.django_db
@pytest.mark.parametrize("name", PUSHING)
def test_a_receiver_that_raises_harms_nobody(
    site: Site, scripted: type[Scripted], listen: Listen, name: str, caplog: Any
) -> None:
    heard = []

    def fails(**facts: Any) -> None:
        raise RuntimeError("our own bug")

    listen(name, fails)
    listen(name, lambda **facts: heard.append(facts))
    push_of_all_kinds(site, scripted)
    statuses = dict(ItemToPush.objects.values_list("title", "status"))
    assert statuses == {"good": Status.PUSHED, "bad": Status.SEND_ERROR}
    assert len(heard) == 1
    assert "our own bug" in caplog.text
