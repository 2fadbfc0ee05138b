"""Blocks that are lent while a thread reads on: what they hold, and what that costs."""

from __future__ import annotations

import asyncio
import io
import os
import threading
from contextlib import aclosing
from pathlib import Path

import pytest

from pigeon.exceptions import ParcelDamaged
from pigeon.remotes import source as sources
from pigeon.remotes.read_ahead import ReadAhead
from pigeon.remotes.source import Source
from tests.senders.parcels import parcel

CONTENT = os.urandom(1_000_003)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "CHUNK", 10_000)


def a_source(tmp_path: Path) -> Source:
    what = parcel(tmp_path, {"a": CONTENT})
    return Source(what.local_path(what.files[0]), what.files[0])


async def lent(source: Source, offset: int = 0) -> bytes:
    return b"".join([bytes(block) async for block in source.lent(offset)])


@pytest.mark.parametrize("offset", [0, 7, 9_999, 10_000, 10_001, 1_000_002, 1_000_003])
def test_what_is_lent_is_the_file_from_the_offset_on(offset: int, tmp_path: Path) -> None:
    assert asyncio.run(lent(a_source(tmp_path), offset)) == CONTENT[offset:]
    assert asyncio.run(lent(Source.of("a", CONTENT), offset)) == CONTENT[offset:]


def test_an_empty_file(tmp_path: Path) -> None:
    assert asyncio.run(lent(Source.of("a", b""))) == b""


@pytest.mark.parametrize(
    "damaged",
    [CONTENT[:-1] + b"#", b"#" + CONTENT[1:], CONTENT[:-1], CONTENT + b"#", b"", CONTENT * 2],
)
def test_damage_is_noticed_and_no_more_than_the_size_is_lent(
    damaged: bytes, tmp_path: Path
) -> None:
    source = a_source(tmp_path)
    source.local_path.write_bytes(damaged)
    got = bytearray()

    async def run() -> None:
        async for block in source.lent():
            got.extend(block)

    with pytest.raises(ParcelDamaged, match=f"{len(damaged)} bytes"):
        asyncio.run(run())
    assert len(got) == min(len(damaged), len(CONTENT))


def test_a_file_that_is_written_into_while_it_is_sent_is_noticed(tmp_path: Path) -> None:
    """Whatever moment that is: the bytes that went out are those that were hashed."""
    source = a_source(tmp_path)

    async def run() -> bytes:
        got = bytearray()
        async for block in source.lent():
            if not got:
                with source.local_path.open("r+b") as file:
                    file.write(b"#" * 10)  # has been read: these bytes go nowhere
                    file.seek(-10, os.SEEK_END)
                    file.write(b"#" * 10)
            got.extend(block)
        return bytes(got)

    with pytest.raises(ParcelDamaged):
        asyncio.run(run())


@pytest.mark.parametrize("missing", [True, False])
def test_a_file_that_cannot_be_read(missing: bool, tmp_path: Path) -> None:
    source = a_source(tmp_path)
    source.local_path.unlink()
    if not missing:
        source.local_path.mkdir()
    with pytest.raises(ParcelDamaged, match="cannot be read"):
        asyncio.run(lent(source))


class Failing(io.BytesIO):
    def readinto(self, buffer: object) -> int:
        raise OSError("a bad sector")


class Counting(io.BytesIO):
    blocks = 0

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self.blocks += 1
        return super().readinto(buffer)


def test_an_error_while_reading_is_raised() -> None:
    async def run() -> None:
        with ReadAhead(Failing(CONTENT), 1000, 3) as ahead:
            await ahead.block()

    with pytest.raises(OSError, match="a bad sector"):
        asyncio.run(run())


def test_no_more_is_read_ahead_than_there_are_buffers() -> None:
    """However slow the line is: memory is bounded."""

    async def run() -> None:
        stream = Counting(CONTENT)
        with ReadAhead(stream, 1000, 3) as ahead:
            for number in range(5):
                block = await ahead.block()
                async with asyncio.timeout(30):
                    while stream.blocks < number + 3:
                        await asyncio.sleep(0.001)
                await asyncio.sleep(0.02)
                assert stream.blocks == number + 3, "it reads on although nobody wants it"
                assert block == CONTENT[number * 1000 : number * 1000 + 1000], "it was kept"
        assert stream.blocks <= 8

    asyncio.run(run())


def test_who_stops_early_leaves_no_thread_and_no_open_file(tmp_path: Path) -> None:
    source, before = a_source(tmp_path), threading.active_count()

    async def run() -> None:
        async with aclosing(source.lent()) as blocks:
            await anext(blocks)
            assert threading.active_count() == before + 1
            assert _is_open(source.local_path)
        assert threading.active_count() == before
        assert not _is_open(source.local_path)

    asyncio.run(asyncio.wait_for(run(), 10))


def test_who_stops_early_does_not_wait_for_all_that_was_to_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk may be slow, and the loop waits: for the block that is being read, no more."""
    source, read = a_source(tmp_path), []
    first, go_on = threading.Event(), threading.Event()

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            read.append(size)
            if len(read) == 2:
                first.set()
                go_on.wait(10)
            return super().read(size)

    monkeypatch.setattr(Source, "opened", lambda self: Slow(CONTENT))

    async def run() -> None:
        async with aclosing(source.chunks()) as chunks:
            await anext(chunks)
            await asyncio.to_thread(first.wait, 10)
            threading.Timer(0.2, go_on.set).start()
        assert len(read) == 2

    asyncio.run(asyncio.wait_for(run(), 20))


def _is_open(path: Path) -> bool:
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("the system does not tell what is open")
    return str(path) in {os.path.realpath(one) for one in descriptors.iterdir()}
