"""Packets of one moment are one call of the system; asyncssh does the rest as ever."""

from __future__ import annotations

import asyncio
import socket
from asyncio.trsock import TransportSocket
from typing import Any

import pytest

from pigeon.remotes.sftp import SFTPRemote
from pigeon.remotes.sftp_transport import ENOUGH, GatheringTransport
from pigeon.remotes.source import Source
from tests.remotes.recording import Line
from tests.senders.parcels import destination
from tests.servers.server import Server


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


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="only Linux can do that")
def test_what_a_server_says_at_a_login_is_acknowledged_at_once(
    sshd: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its system keeps the second of two small packets back, for 40 ms."""
    folder = sshd.folder("quick")
    set_option, times = TransportSocket.setsockopt, 0

    def count(ours: TransportSocket, *option: Any) -> None:
        nonlocal times
        times += option == (socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        set_option(ours, *option)

    monkeypatch.setattr(TransportSocket, "setsockopt", count)

    async def work() -> int:
        remote = SFTPRemote(destination(sshd.url("quick"), **sshd.options()))
        await remote.open()
        at_login = times
        await remote.put(Source.of("x", b"news"), f"{remote.root}/x")
        await remote.close()
        return at_login

    at_login = asyncio.run(work())
    assert (folder / "x").read_bytes() == b"news"
    assert at_login >= 5  # hello, keys, their exchange, the login, the session
    assert times == at_login
