"""A large file whose transfer broke goes on where what stands there is known to be right."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from pigeon.exceptions import TransientError
from pigeon.parcel import Parcel
from pigeon.senders.names import temporary_path
from tests.contracts.places import Place, opened
from tests.faults.proxy import Proxy
from tests.faults.test_lines import deliver, through
from tests.senders.parcels import delivery, held, parcel, without_digests

MB = 1024 * 1024
#: More than the bytes of SFTP that may be under way at once, so that some are settled.
CONTENT = os.urandom(32 * MB)
LEFT = temporary_path("a.bin", "token1")

pytestmark = pytest.mark.slow


def broken_off(place: Place, what: Parcel, after: int = 24 * MB) -> None:
    """Send ``what`` over a line that is cut after so many bytes."""

    async def test(line: Proxy) -> None:
        line.budget = after
        with pytest.raises(TransientError):
            await deliver(line.to(place), delivery(what))

    through(place, test)
    assert set(place.files()) == {LEFT}
    assert place.files()[LEFT] != CONTENT


def bytes_of_the_next_attempt(place: Place, what: Parcel) -> int:
    """Send ``what`` again over a good line, with all that the engine would know."""
    spent: list[float] = []

    async def test(line: Proxy) -> None:
        line.budget = plenty = 1024 * MB
        again = delivery(what, token="token2", stale_tokens=("token1",))
        await deliver(line.to(place), again)
        assert [receipt.published for receipt in again.receipts] == ["rename"]
        spent.append(plenty - line.budget)

    through(place, test)
    return int(spent[0])


def test_it_goes_on(place: Place, tmp_path: Path) -> None:
    what = parcel(tmp_path, {"a.bin": CONTENT})
    broken_off(place, what)
    assert bytes_of_the_next_attempt(place, what) < len(CONTENT) * 3 // 4
    assert place.files() == {"a.bin": CONTENT}


def test_it_goes_on_where_a_first_attempt_knew_no_digest(place: Place, tmp_path: Path) -> None:
    """The engine finds it out before the second one."""
    what = parcel(tmp_path, {"a.bin": CONTENT})
    broken_off(place, without_digests(what))
    assert bytes_of_the_next_attempt(place, what) < len(CONTENT) * 3 // 4
    assert place.files() == {"a.bin": CONTENT}


def test_it_goes_on_after_a_second_break(place: Place, tmp_path: Path) -> None:
    """The engine then knows the second attempt's token only."""
    what = parcel(tmp_path, {"a.bin": CONTENT})
    broken_off(place, what, after=20 * MB)

    async def test(line: Proxy) -> None:
        line.budget = 2 * MB
        with pytest.raises(TransientError):
            again = delivery(what, token="token2", stale_tokens=("token1",))
            await deliver(line.to(place), again)

    through(place, test)
    assert set(place.files()) == {temporary_path("a.bin", "token2")}
    last = delivery(what, token="token3", stale_tokens=("token2",))
    place.send(last)
    assert place.files() == {"a.bin": CONTENT}


def test_what_was_tampered_with_is_not_built_upon(place: Place, tmp_path: Path) -> None:
    what, left = parcel(tmp_path, {"a.bin": CONTENT}), bytearray(CONTENT[: 24 * MB])
    left[2 * MB] ^= 1
    place.write(LEFT, bytes(left))
    assert bytes_of_the_next_attempt(place, what) > len(CONTENT)
    assert place.files() == {"a.bin": CONTENT}


def test_holes_near_the_end_are_filled(place: Place, tmp_path: Path) -> None:
    """As a server leaves them that did the writes under way in another order."""
    what = parcel(tmp_path, {"a.bin": CONTENT})
    holey = bytearray(CONTENT[: 20 * MB])
    holey[14 * MB : 15 * MB] = bytes(MB)
    place.write(LEFT, bytes(holey))
    assert bytes_of_the_next_attempt(place, what) < 20 * MB
    assert place.files() == {"a.bin": CONTENT}


def test_a_newer_version_is_not_built_upon_an_older_one(place: Place, tmp_path: Path) -> None:
    place.write(LEFT, CONTENT[: 24 * MB])
    newer = os.urandom(len(CONTENT))
    assert bytes_of_the_next_attempt(place, parcel(tmp_path / "2", {"a.bin": newer})) > len(newer)
    assert place.files() == {"a.bin": newer}


def test_what_is_of_no_use_any_more_is_removed(place: Place, tmp_path: Path) -> None:
    place.write(LEFT, CONTENT[: 24 * MB])
    place.send(
        delivery(
            parcel(tmp_path / "2", {"b.bin": b"renamed"}),
            held=(held("a.bin"),),
            token="token2",
            stale_tokens=("token1",),
        )
    )
    assert place.files() == {"b.bin": b"renamed"}


def test_a_worker_that_ends_leaves_it_for_the_next(place: Place, tmp_path: Path) -> None:
    what = parcel(tmp_path, {"a.bin": CONTENT, "small": b"x"})

    async def test(line: Proxy) -> None:
        async with opened(line.to(place)) as sender:
            line.budget, frozen = 24 * MB, asyncio.Event()
            line.when_spent = frozen.set
            task = asyncio.create_task(sender.send(delivery(what)))
            await frozen.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    through(place, test)
    assert len(place.files()[LEFT]) > 0
    place.send(delivery(what, token="token2", stale_tokens=("token1",)))
    assert place.files() == {"a.bin": CONTENT, "small": b"x"}
