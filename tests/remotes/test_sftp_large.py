"""Several large files on one connection: memory is bounded, and small ones do not wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from pigeon.exceptions import DeliveryError
from pigeon.remotes.sftp import LARGE_AT_ONCE, SFTPRemote
from pigeon.remotes.source import Source
from tests.senders.parcels import destination
from tests.servers.server import Server

CONTENT = bytes(range(256)) * 4 * 1024
NUMBER = 3 * LARGE_AT_ONCE


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many large files are being read, whenever one begins."""
    reading, seen = [0], list[int]()
    chunks = Source.chunks

    async def counted(self: Source, offset: int = 0) -> AsyncGenerator[bytes, None]:
        reading[0] += 1
        seen.append(reading[0])
        try:
            async for chunk in chunks(self, offset):
                yield chunk
        finally:
            reading[0] -= 1

    monkeypatch.setattr(Source, "chunks", counted)
    return seen


def large(name: str) -> Source:
    return Source.of(name, CONTENT)


def test_only_a_few_large_files_are_read_at_the_same_time(
    sshd: Server, at_once: list[int]
) -> None:
    folder = sshd.folder("large")

    async def work() -> None:
        remote = SFTPRemote(destination(sshd.url("large"), **sshd.options()))
        await remote.open()
        try:
            names = [str(number) for number in range(NUMBER)]
            await asyncio.gather(
                *(remote.put(large(name), f"{remote.root}/{name}") for name in names)
            )
        finally:
            await remote.close()

    asyncio.run(work())
    assert max(at_once) == LARGE_AT_ONCE and len(at_once) == NUMBER
    assert {path.read_bytes() for path in folder.iterdir()} == {CONTENT}
    assert len(list(folder.iterdir())) == NUMBER


def test_a_small_file_does_not_wait_for_large_ones(
    sshd: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, held = sshd.folder("small"), asyncio.Event()

    async def endless(self: Source, offset: int = 0) -> AsyncGenerator[bytes, None]:
        yield CONTENT
        await held.wait()

    monkeypatch.setattr(Source, "chunks", endless)

    async def work() -> None:
        remote = SFTPRemote(destination(sshd.url("small"), **sshd.options()))
        await remote.open()
        puts = [
            asyncio.create_task(remote.put(large(str(number)), f"{remote.root}/{number}"))
            for number in range(NUMBER)
        ]
        try:
            async with asyncio.timeout(60):
                await remote.put(Source.of("small", b"small"), f"{remote.root}/small")
            assert not any(put.done() for put in puts)
        finally:
            held.set()
            await asyncio.gather(*puts)
            await remote.close()

    asyncio.run(work())
    assert (folder / "small").read_bytes() == b"small"


def test_those_that_wait_hear_that_the_connection_broke(sshd: Server, at_once: list[int]) -> None:
    sshd.folder("broken")

    async def work() -> list[Any]:
        remote = SFTPRemote(destination(sshd.url("broken"), **sshd.options(timeout=2)))
        await remote.open()
        with sshd.hanging():
            async with asyncio.timeout(60):
                errors = await asyncio.gather(
                    *(remote.put(large(str(n)), f"{remote.root}/{n}") for n in range(NUMBER)),
                    return_exceptions=True,
                )
        await remote.close()
        return errors

    errors = asyncio.run(work())
    assert all(isinstance(error, DeliveryError) for error in errors), errors
    assert not at_once, "nothing was created, so nothing was read"
