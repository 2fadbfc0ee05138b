"""Packets of one moment are one call of the system; asyncssh does the rest as ever."""

from __future__ import annotations

import asyncio
from typing import Any

from pigeon.remotes.sftp_transport import ENOUGH, GatheringTransport
from tests.remotes.recording import Line


def run(test: Any) -> Line:
    socket = Line()

    async def work() -> None:
        await test(GatheringTransport(socket))  # type: ignore[arg-type]

    asyncio.run(work())
    return socket


def test_what_is_written_in_one_turn_is_one_call() -> None:
    async def test(transport: GatheringTransport) -> None:
        for part in (b"a", b"b"):
            transport.write(part)
        await asyncio.sleep(0)
        transport.write(b"c")
        await asyncio.sleep(0)

    assert run(test).sent == [b"ab", b"c"]


def test_much_does_not_wait_for_more() -> None:
    async def test(transport: GatheringTransport) -> None:
        transport.write(b"a")
        transport.write(bytes(ENOUGH))
        transport.write(b"b")
        assert transport.get_extra_info("peername") == "peername"
        transport.close()

    socket = run(test)
    assert [len(data) for data in socket.sent] == [ENOUGH + 1, 1]
    assert socket.closed


def test_nothing_is_written_to_what_is_closed() -> None:
    async def test(transport: GatheringTransport) -> None:
        transport.write(b"late")
        transport._transport.close()
        await asyncio.sleep(0)

    assert run(test).sent == []
