"""Requests of one moment travel together, in order, and none is lost."""

from __future__ import annotations

import asyncio
from typing import Any

from pigeon.destinations import Destination
from pigeon.remotes.sftp import SFTPRemote
from pigeon.remotes.sftp_writer import GatheringWriter
from pigeon.testing.sftp_partner import SFTPPartner


class Line:
    """Remembers what would have been sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.channel = self
        self.closed = False

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, name: str) -> str:
        return name


def run(test: Any) -> Line:
    line = Line()

    async def work() -> None:
        await test(GatheringWriter(line))  # type: ignore[arg-type]

    asyncio.run(work())
    return line


def test_what_is_written_in_one_turn_is_one_packet() -> None:
    async def test(writer: GatheringWriter) -> None:
        for part in (b"a", b"b", b"c"):
            writer.write(part)
        await asyncio.sleep(0)
        writer.write(b"d")
        await asyncio.sleep(0)

    assert run(test).sent == [b"abc", b"d"]


def test_closing_sends_what_waits() -> None:
    async def test(writer: GatheringWriter) -> None:
        writer.write(b"last")
        writer.close()
        await asyncio.sleep(0)

    line = run(test)
    assert (line.sent, line.closed) == ([b"last"], True)


def test_a_channel_that_closes_takes_nothing_more() -> None:
    async def test(writer: GatheringWriter) -> None:
        writer.write(b"too late")
        writer.channel.close()
        await asyncio.sleep(0)

    assert run(test).sent == []


def test_it_has_all_else_from_the_channels_writer() -> None:
    async def test(writer: GatheringWriter) -> None:
        assert writer.get_extra_info("peername") == "peername"

    run(test)


def test_many_requests_need_few_packets(tmp_path: Any) -> None:
    """Against a server, through asyncssh as it is installed: were the writer not used, or were
    it asyncssh's own again, each request would be a packet."""
    with SFTPPartner() as partner:
        packets = asyncio.run(_packets_of_stats(partner, 200))
    assert 0 < packets < 50


async def _packets_of_stats(partner: SFTPPartner, number: int) -> int:
    place = Destination("p", "sftp", "127.0.0.1", partner.port, partner.username, "/",
                        options=partner.options)  # fmt: skip
    remote = SFTPRemote(place)
    await remote.open()
    sent: list[int] = []
    original = remote._connection.send_packet

    def counting(kind: int, *parts: bytes, **options: Any) -> None:
        sent.append(kind)
        original(kind, *parts, **options)

    remote._connection.send_packet = counting  # type: ignore[method-assign]
    try:
        await asyncio.gather(*(remote.stat("/") for _ in range(number)))
        return len(sent)
    finally:
        await remote.close()
