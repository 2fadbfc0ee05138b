from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from pigeon.exceptions import LeaseLost, ParcelDamaged
from pigeon.senders.base import Delivery
from pigeon.senders.dummy import DummySender, Sent, outbox
from tests.senders.parcels import delivery, destination, held, parcel


@pytest.fixture(autouse=True)
def _empty_outbox() -> Iterator[None]:
    outbox.clear()
    yield
    outbox.clear()


def send(what: Delivery) -> None:
    asyncio.run(DummySender(destination("dummy://", name="beloved")).send(what))


def test_what_is_put_is_kept(tmp_path: Path) -> None:
    sent = delivery(parcel(tmp_path, {"a.xml": b"<a/>", "b/c": b""}))
    send(sent)
    files = {"a.xml": b"<a/>", "b/c": b""}
    assert outbox == [Sent("beloved", "partner", "A story", "put", files)]
    assert [(r.path, r.size, r.published) for r in sent.receipts] == [
        ("a.xml", 4, "memory"),
        ("b/c", 0, "memory"),
    ]


def test_removals(tmp_path: Path) -> None:
    gone = delivery(None, action="remove", held=(held("a"), held("b")))
    send(gone)
    assert (outbox[0].action, set(outbox[0].files)) == ("remove", {"a", "b"})
    assert [r.published for r in gone.receipts] == ["removed", "removed"]
    stale = delivery(parcel(tmp_path, {"a": b"1"}), held=(held("a"), held("b")), remove_stale=True)
    send(stale)
    assert [(sent.action, set(sent.files)) for sent in outbox[1:]] == [
        ("put", {"a"}),
        ("remove", {"b"}),
    ]


def test_nothing_is_kept_after_a_lost_lease_or_of_a_damaged_parcel(tmp_path: Path) -> None:
    async def lost() -> None:
        raise LeaseLost("gone")

    what = parcel(tmp_path, {"a": b"1"})
    with pytest.raises(LeaseLost):
        send(delivery(what, check_lease=lost))
    what.local_path(what.files[0]).write_bytes(b"2")
    with pytest.raises(ParcelDamaged):
        send(delivery(what))
    assert outbox == []
