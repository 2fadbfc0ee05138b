"""Bad lines: what the operator reads, what stands at the partner, and what comes after."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pigeon.destinations import Destination
from pigeon.exceptions import AmbiguousError, DeliveryError, TransientError, Unreachable
from pigeon.senders.base import Delivery
from pigeon.senders.names import temporary_path
from tests.contracts.places import Place, opened
from tests.faults.proxy import Proxy
from tests.senders.parcels import delivery, parcel

LARGE = os.urandom(4 * 1024 * 1024)
#: Seconds, for faults that end by a time-out: long enough for a login on a busy machine.
PATIENCE = 3


async def deliver(target: Destination, what: Delivery) -> None:
    async with opened(target) as sender:
        await sender.send(what)


def through(place: Place, test: Callable[[Proxy], object]) -> None:
    """Run the coroutine function ``test`` with a line to ``place``."""

    async def run() -> None:
        port = place.destination().port
        assert port
        async with Proxy(port, ftp=place.url.startswith("ftp")) as line:
            await test(line)  # type: ignore[misc]

    asyncio.run(run())


def assert_the_next_attempt_delivers(place: Place, tmp_path: Path, content: bytes) -> None:
    """Over a good line, with the first attempt's token known; nothing else is left there."""
    again = delivery(
        parcel(tmp_path / "again", {"a.bin": content}), token="token2", stale_tokens=("token1",)
    )
    place.send(again)
    assert place.files() == {"a.bin": content}
    assert len(again.receipts) == 1


def test_refused_connection(place: Place, tmp_path: Path) -> None:
    async def test(line: Proxy) -> None:
        line.refuse()
        with pytest.raises(Unreachable, match=rf"127\.0\.0\.1:{line.port} cannot be reached"):
            await deliver(line.to(place), delivery(parcel(tmp_path, {"a": b"x"})))

    through(place, test)


def test_unknown_host(place: Place, tmp_path: Path) -> None:
    place.url = place.url.replace("127.0.0.1", "no-such-host.invalid")
    with pytest.raises(Unreachable, match=r"'no-such-host\.invalid' cannot be resolved"):
        place.send(delivery(parcel(tmp_path, {"a": b"x"})))


def test_silence_at_connect(place: Place, tmp_path: Path) -> None:
    async def test(line: Proxy) -> None:
        line.greets = False
        with pytest.raises(Unreachable, match=r"did not answer within 0\.5 seconds"):
            await deliver(line.to(place, timeout=0.5), delivery(parcel(tmp_path, {"a": b"x"})))

    through(place, test)


def test_silence_in_the_middle_of_a_file(place: Place, tmp_path: Path) -> None:
    async def test(line: Proxy) -> None:
        async with opened(line.to(place, timeout=PATIENCE)) as sender:
            line.budget, line.when_spent = 2_000_000, line.freeze
            with pytest.raises(TransientError, match="stopped answering for 3 seconds") as caught:
                await sender.send(delivery(parcel(tmp_path / "1", {"a.bin": LARGE})))
            assert "a.bin" in str(caught.value)
            assert sender.broken

    through(place, test)
    assert "a.bin" not in place.files()
    assert_the_next_attempt_delivers(place, tmp_path, LARGE)


def test_a_cut_in_the_middle_of_a_file(place: Place, tmp_path: Path) -> None:
    place.write("a.bin", b"the older version")

    async def test(line: Proxy) -> None:
        async with opened(line.to(place)) as sender:
            line.budget = 2_000_000
            with pytest.raises(TransientError, match="dropped while Pigeon tried to write"):
                await sender.send(delivery(parcel(tmp_path / "1", {"a.bin": LARGE})))
            assert sender.broken

    through(place, test)
    assert place.files()["a.bin"] == b"the older version"
    assert_the_next_attempt_delivers(place, tmp_path, LARGE)


def test_a_cut_before_the_rename(place: Place, tmp_path: Path) -> None:
    async def test(line: Proxy) -> None:
        async def cut() -> None:
            line.cut()
            await asyncio.sleep(0.05)

        what = delivery(parcel(tmp_path / "1", {"a.bin": b"content"}), check_lease=cut)
        with pytest.raises(DeliveryError):
            await deliver(line.to(place), what)
        assert not what.receipts

    through(place, test)
    left = place.folder / temporary_path("a.bin", "token1")
    inode = left.stat().st_ino
    assert place.files() == {left.name: b"content"}
    assert_the_next_attempt_delivers(place, tmp_path, b"content")
    assert (place.folder / "a.bin").stat().st_ino == inode, "sent twice"


def test_the_answer_to_the_rename_is_lost(place: Place, tmp_path: Path) -> None:
    async def test(line: Proxy) -> None:
        async def mute() -> None:
            line.mute = True

        what = delivery(parcel(tmp_path / "1", {"a.bin": b"content"}), check_lease=mute)
        with pytest.raises(AmbiguousError, match="may or may not"):
            await deliver(line.to(place), what)
        assert not what.receipts

    through(place, test)
    inode = (place.folder / "a.bin").stat().st_ino
    assert_the_next_attempt_delivers(place, tmp_path, b"content")
    assert (place.folder / "a.bin").stat().st_ino == inode, "sent twice"


def test_a_slow_line_is_not_a_dead_one(place: Place, tmp_path: Path) -> None:
    """It takes longer than the time-out for the whole file, but something always moves."""

    async def test(line: Proxy) -> None:
        def pause() -> None:
            line.budget, line.frozen = 700_000, True
            asyncio.get_running_loop().call_later(0.8, setattr, line, "frozen", False)

        async with opened(line.to(place, timeout=PATIENCE)) as sender:
            line.budget, line.when_spent = 700_000, pause
            await sender.send(delivery(parcel(tmp_path, {"a.bin": LARGE})))

    through(place, test)
    assert place.files() == {"a.bin": LARGE}
