"""Requests of one moment travel together, in order, and none is lost."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from asyncssh.logging import SSHLogger

from pigeon.destinations import Destination
from pigeon.remotes.sftp import SFTPRemote
from pigeon.remotes.sftp_writer import GatheringReader, GatheringWriter
from pigeon.testing.sftp_partner import SFTPPartner
from tests.remotes.recording import Line


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


class Pieces:
    """A channel's reader: gives one piece after another, then nothing more."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.reads = 0
        self.logger = SSHLogger(logging.getLogger("tests.asyncssh"))

    async def read(self, number: int) -> bytes:
        self.reads += 1
        return self.pieces.pop(0) if self.pieces else b""

    def at_eof(self) -> str:
        return "asked the channel"


def test_answers_are_cut_as_they_were_sent_however_they_came() -> None:
    pieces = Pieces(b"a", b"bcdefgh", b"ij")
    reader = GatheringReader(pieces)  # type: ignore[arg-type]

    async def read() -> list[bytes]:
        return [await reader.readexactly(number) for number in (2, 3, 0, 5)]

    assert asyncio.run(read()) == [b"ab", b"cde", b"", b"fghij"]
    assert pieces.reads == 3
    assert reader.at_eof() == "asked the channel"


def test_an_answer_that_breaks_off_is_an_end() -> None:
    reader = GatheringReader(Pieces(b"abc"))  # type: ignore[arg-type]
    with pytest.raises(asyncio.IncompleteReadError):
        asyncio.run(reader.readexactly(4))


def test_lines_for_debugging_are_written_only_for_somebody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logging.getLogger("tests.asyncssh").setLevel(logging.INFO)
    quiet = GatheringReader(Pieces()).logger.get_child("sftp")  # type: ignore[arg-type]
    quiet.debug1("nothing")
    quiet.packet(1, b"x", "nothing")
    with caplog.at_level(logging.DEBUG, logger="tests.asyncssh"):
        quiet.info("something")
        GatheringReader(Pieces()).logger.debug1("all")  # type: ignore[arg-type]
    assert [record.getMessage() for record in caplog.records] == ["something", "all"]
