"""What every sender promises, whatever is behind its URL: see ``doors.py``."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pigeon.exceptions import (
    AuthenticationError,
    DeliveryError,
    LeaseLost,
    ParcelDamaged,
    PermanentError,
    Unreachable,
)
from pigeon.parcel import Held
from pigeon.senders.base import Delivery, Sender
from pigeon.senders.registry import BUILT_IN, check_destination, make_sender
from tests.contracts.doors import CLOSED_PORT, KINDS, WRONG, Door, opened_door
from tests.senders.parcels import RENDERED_AT, delivery, parcel

LARGE = os.urandom(2 * 1024 * 1024 + 17)
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@pytest.fixture(params=KINDS)
def door(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> Iterator[Door]:
    """An empty destination of each kind in turn."""
    with opened_door(request.param, request, settings, tmp_path) as found:
        assert found.url.startswith(f"{KINDS[request.param]}:")
        yield found


def failure(door: Door, one: Delivery, **more: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        door.send(one, **more)
    return caught.value


def test_every_scheme_has_a_door() -> None:
    assert set(BUILT_IN) <= set(KINDS.values())


def test_content_arrives_byte_for_byte_and_receipts_are_true(door: Door, tmp_path: Path) -> None:
    files = {
        "story.xml": b"<story/>\r\n\n.\n",
        "Grüße aus 東京 #1 100%.xml": "Grüße".encode(),
        "a 'quoted' & $HOME; name.txt": bytes(range(256)),
        "large.bin": LARGE,
        "empty": b"",
    }
    sent = delivery(parcel(tmp_path / "p", files))
    door.send(sent)
    assert door.received() == files
    assert {(r.path, r.size, r.sha256) for r in sent.receipts} == {
        (path, len(content), hashlib.sha256(content).hexdigest())
        for path, content in files.items()
    }
    assert len(sent.receipts) == len(files)
    assert all(receipt.remote_path for receipt in sent.receipts)
    assert len({receipt.published for receipt in sent.receipts}) == 1


def test_a_newer_version_replaces_the_older(door: Door, tmp_path: Path) -> None:
    older = delivery(parcel(tmp_path / "1", {"a.txt": b"older and longer"}))
    newer = delivery(
        parcel(tmp_path / "2", {"a.txt": b"newer"}), token="token2", idempotency_key="key2"
    )
    door.send(older, newer)
    assert door.received() == {"a.txt": b"newer"}


def test_after_a_lost_record_there_is_still_one_copy(door: Door, tmp_path: Path) -> None:
    what = parcel(tmp_path / "p", {"a.txt": b"content", "b.bin": LARGE})
    first = delivery(what)
    again = delivery(what, token="token2", stale_tokens=("token1",))
    door.send(first, again)
    assert door.received() == {"a.txt": b"content", "b.bin": LARGE}
    assert _facts(first) == _facts(again)


def _facts(sent: Delivery) -> list[tuple[str, str, str]]:
    return sorted((r.path, r.remote_path, r.sha256) for r in sent.receipts)


def test_removal_takes_ours_and_only_ours(door: Door, tmp_path: Path) -> None:
    ours = delivery(parcel(tmp_path / "1", {"a.txt": b"ours"}))
    other = delivery(
        parcel(tmp_path / "2", {"b.txt": b"another's"}), token="t2", idempotency_key="key2"
    )
    door.send(ours, other)
    gone = delivery(None, action="remove", held=(_held(ours), _missing()), token="t3")
    if not door.removes:
        assert isinstance(failure(door, gone), PermanentError)
        assert door.received() == {"a.txt": b"ours", "b.txt": b"another's"}
        return
    door.send(gone)
    assert door.received() == {"b.txt": b"another's"}
    assert [(r.path, r.published, r.size) for r in gone.receipts] == [
        ("a.txt", "removed", 0),
        ("missing.txt", "removed", 0),
    ]
    door.send(delivery(None, action="remove", held=(_held(ours),), token="t4"))


def _held(sent: Delivery) -> Held:
    receipt = sent.receipts[0]
    return Held(receipt.path, receipt.size, receipt.sha256, RENDERED_AT, receipt.remote_path)


def _missing() -> Held:
    return Held("missing.txt", 1, "0" * 64, RENDERED_AT)


def test_what_the_parcel_no_longer_has_goes_if_asked(door: Door, tmp_path: Path) -> None:
    old = delivery(parcel(tmp_path / "1", {"a.txt": b"old"}))
    door.send(old)
    new = parcel(tmp_path / "2", {"b.txt": b"new"})
    kept = delivery(new, held=(_held(old),), token="t2", idempotency_key="key2")
    door.send(kept)
    assert door.received() == {"a.txt": b"old", "b.txt": b"new"}
    both = (_held(old), _held(kept))
    asked = delivery(new, held=both, remove_stale=True, token="t3", idempotency_key="key3")
    if door.removes:
        door.send(asked)
        assert door.received() == {"b.txt": b"new"}
    else:
        assert isinstance(failure(door, asked), PermanentError)
    assert [r.path for r in asked.receipts] == ["b.txt", "a.txt"][: 2 if door.removes else 1]


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "large"])
def test_a_damaged_parcel_never_arrives(door: Door, tmp_path: Path, content: bytes) -> None:
    damaged = parcel(tmp_path / "p", {"a.txt": content})
    path = damaged.local_path(damaged.files[0])
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ParcelDamaged, match=r"a\.txt is not what"):
        door.send(delivery(damaged))
    path.unlink()
    with pytest.raises(ParcelDamaged, match="cannot be read"):
        door.send(delivery(damaged))
    assert "a.txt" not in door.received()


def test_a_lost_lease_publishes_nothing(door: Door, tmp_path: Path) -> None:
    async def lost() -> None:
        raise LeaseLost("another worker has it")

    with pytest.raises(LeaseLost):
        door.send(delivery(parcel(tmp_path / "p", {"a.txt": b"x"}), check_lease=lost))
    assert door.received() == {}


# Where connecting is cancelled, anyio may leave a socket to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_cancelled_at_any_turn_a_delivery_spoils_nothing_of_the_next(
    door: Door, tmp_path: Path
) -> None:
    """On the same connection, as long as the sender does not say that it is broken."""
    remaining = [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987]

    def named(name: str) -> Delivery:
        what = parcel(tmp_path / name, {name: name.encode()})
        return delivery(what, token=name, idempotency_key=name)

    async def send(sender: Sender) -> None:
        while remaining and not sender.broken:
            moment = remaining.pop()
            task = asyncio.create_task(sender.send(named(f"cancelled{moment}")))
            for _ in range(moment):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if not sender.broken:
                await sender.send(named(f"next{moment}"))
                assert door.received()[f"next{moment}"] == b"next%d" % moment

    while remaining:
        door.use(send)
    gc.collect()
    assert all(
        content == name.encode()
        for name, content in door.received().items()
        if name.startswith(("next", "cancelled"))
    )


def test_a_wrong_login_is_told_without_it(door: Door, tmp_path: Path, settings: Any) -> None:
    one = delivery(parcel(tmp_path / "p", {"a.txt": b"x"}))
    if door.url.startswith("mailto:"):
        settings.EMAIL_HOST_PASSWORD = WRONG
    elif door.wrong is None:
        pytest.skip("there is no login")
    error = failure(door, one, **door.wrong or {})
    assert type(error) is AuthenticationError
    assert WRONG not in str(error)
    assert door.received() == {}


def test_where_nobody_is(door: Door, tmp_path: Path, settings: Any) -> None:
    if door.url.startswith("mailto:"):
        settings.EMAIL_PORT = CLOSED_PORT
        door.gone = door.url
    if not door.gone:
        pytest.skip("there is nothing that could be away")
    door.url = door.gone
    error = failure(door, delivery(parcel(tmp_path / "p", {"a.txt": b"x"})), timeout=20)
    assert type(error) is Unreachable


def test_unknown_options_are_named(door: Door) -> None:
    assert check_destination(door.destination()) == []
    [problem] = check_destination(door.destination(connection=2))
    assert problem == "Unknown option 'connection'. Did you mean 'connections'?"


def test_closing_twice_or_unopened_is_harmless(door: Door) -> None:
    async def run() -> None:
        never_open, sender = make_sender(door.destination()), make_sender(door.destination())
        await never_open.close()
        await sender.open()
        await sender.close()
        await sender.close()

    asyncio.run(run())


def test_as_many_at_once_as_the_sender_says(door: Door, tmp_path: Path) -> None:
    wanted = {f"{n}.txt": b"%d" % n for n in range(20)}
    deliveries = [
        delivery(parcel(tmp_path / str(n), {path: content}), token=f"t{n}", idempotency_key=str(n))
        for n, (path, content) in enumerate(wanted.items())
    ]

    async def send(sender: Sender) -> None:
        waiting = iter(deliveries)

        async def slot() -> None:
            for one in waiting:
                await sender.send(one)

        await asyncio.gather(*(slot() for _ in range(sender.in_flight)))

    door.use(send)
    assert door.received() == wanted
    assert [len(one.receipts) for one in deliveries] == [1] * 20


def test_several_connections_do_not_disturb_each_other(door: Door, tmp_path: Path) -> None:
    async def run() -> None:
        senders = [make_sender(door.destination()) for _ in range(3)]
        try:
            for sender in senders:
                await sender.open()
            parcels = [parcel(tmp_path / str(n), {f"{n}.bin": LARGE}) for n in range(3)]
            await asyncio.gather(
                *(
                    sender.send(delivery(what, token=f"t{n}", idempotency_key=str(n)))
                    for n, (sender, what) in enumerate(zip(senders, parcels, strict=True))
                )
            )
        finally:
            for sender in senders:
                await sender.close()

    asyncio.run(run())
    assert door.received() == {f"{n}.bin": LARGE for n in range(3)}
