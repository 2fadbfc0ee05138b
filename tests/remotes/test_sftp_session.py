"""The requests of SFTP: answered in any order, by servers that answer as they like."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import asyncssh
import pytest

from pigeon.exceptions import TransientError
from pigeon.remotes import sftp_protocol as wire
from pigeon.remotes.sftp import SFTPRemote
from pigeon.remotes.sftp_session import SFTPSession
from pigeon.remotes.source import SMALL, Source
from pigeon.remotes.watchdog import Watchdog
from tests.senders.parcels import destination

Talk = Callable[["Server"], Awaitable[None]]
GREETING = struct.pack(">IBI", 5, wire.VERSION_IS, 3)


class Server:
    """The other end of a session, in the hands of a test."""

    def __init__(self) -> None:
        self.session = SFTPSession()
        self.session._packets = self  # type: ignore[assignment]
        self.asked: list[tuple[int, int, bytes]] = []
        self.session.data_received(GREETING)

    def write(self, *pieces: bytes) -> None:
        request = b"".join(bytes(piece) for piece in pieces)
        length, kind, number = struct.unpack_from(">IBI", request)
        assert length == len(request) - 4
        self.asked.append((kind, number, request[9:]))

    def answer(self, kind: int, body: bytes, to: int = -1) -> None:
        """Answer the request ``to``, of all in their order."""
        self.session.data_received(self.packet(kind, body, to))

    def packet(self, kind: int, body: bytes, to: int = -1) -> bytes:
        return wire.head(kind, self.asked[to][1], len(body)) + body

    def drop(self) -> None:
        """The channel's end, which lets go of what waits to be sent."""

    def done(self, to: int = -1) -> None:
        self.answer(wire.STATUS, struct.pack(">I", 0), to)

    def refuse(self, code: int, words: bytes = b"no", to: int = -1) -> None:
        self.answer(wire.STATUS, struct.pack(">I", code) + wire.string(words), to)


def run(test: Talk) -> None:
    async def work() -> None:
        await test(Server())

    asyncio.run(work())


def no_progress() -> None:
    return


def size(number: int) -> bytes:
    return struct.pack(">IQ", 1, number)


def test_answers_may_come_in_any_order() -> None:
    async def test(server: Server) -> None:
        first, second = server.session.stat("a"), server.session.stat("b")
        server.answer(wire.ATTRS, size(2), to=1)
        server.answer(wire.ATTRS, size(1), to=0)
        assert [(await first).size, (await second).size] == [1, 2]

    run(test)


def test_answers_are_cut_where_they_end_however_they_come() -> None:
    async def test(server: Server) -> None:
        answers = [server.session.stat(name) for name in "abc"]
        data = b"".join(server.packet(wire.ATTRS, size(at), at) for at in range(3))
        for at in range(0, len(data), 7):
            server.session.data_received(data[at : at + 7])
        assert [(await each).size for each in answers] == [0, 1, 2]

    run(test)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (1, asyncssh.SFTPEOFError),
        (2, asyncssh.SFTPNoSuchFile),
        (3, asyncssh.SFTPPermissionDenied),
        (4, asyncssh.SFTPFailure),
        (8, asyncssh.SFTPOpUnsupported),
        (14, asyncssh.SFTPNoSpaceOnFilesystem),
    ],
)
def test_refusals_are_those_of_asyncssh(code: int, error: type[Exception]) -> None:
    async def test(server: Server) -> None:
        answer = server.session.remove("a")
        server.refuse(code, b"not today")
        with pytest.raises(error, match="not today"):
            await answer

    run(test)


def test_a_refusal_that_is_unknown_or_says_nothing_is_one_all_the_same() -> None:
    async def test(server: Server) -> None:
        answer = server.session.remove("a")
        server.answer(wire.STATUS, struct.pack(">I", 99))
        with pytest.raises(asyncssh.SFTPError, match="error 99"):
            await answer

    run(test)


def test_a_file_is_filled_in_one_flight() -> None:
    async def test(server: Server) -> None:
        answered: list[int] = []
        answer = server.session.fill(b"h", b"abcdef", 4, lambda: answered.append(1))
        assert [kind for kind, _, _ in server.asked] == [
            wire.WRITE, wire.WRITE, wire.FSTAT, wire.CLOSE,
        ]  # fmt: skip
        bodies = [body for kind, _, body in server.asked if kind == wire.WRITE]
        assert bodies == [
            wire.string(b"h") + struct.pack(">QI", 0, 4) + b"abcd",
            wire.string(b"h") + struct.pack(">QI", 4, 2) + b"ef",
        ]
        for at in (0, 1, 3):
            server.done(at)
        assert not answer.done()
        assert len(answered) == 3  # each is progress: on a slow line a file may take long
        server.answer(wire.ATTRS, size(6), to=2)
        assert await answer == 6

    run(test)


@pytest.mark.parametrize("failing", [0, 2])
def test_a_write_or_close_that_fails_is_the_files_error(failing: int) -> None:
    async def test(server: Server) -> None:
        answer = server.session.fill(b"h", b"abc", 99, no_progress)
        for at, _ in enumerate(server.asked):
            if at == failing:
                server.refuse(4, b"full", to=at)
            elif at == 1:
                server.answer(wire.ATTRS, size(3), to=at)
            else:
                server.done(at)
        with pytest.raises(asyncssh.SFTPFailure, match="full"):
            await answer

    run(test)


@pytest.mark.parametrize(("code", "known"), [(8, True), (3, True), (4, False)])
def test_a_server_that_tells_no_sizes_may_keep_them(code: int, known: bool) -> None:
    async def test(server: Server) -> None:
        answer = server.session.fill(b"h", b"abc", 99, no_progress)
        server.refuse(code, to=1)
        server.done(0)
        server.done(2)
        if known:
            assert await answer is None
        else:
            with pytest.raises(asyncssh.SFTPFailure):
                await answer

    run(test)


def test_a_file_that_opens_too_late_is_closed() -> None:
    async def test(server: Server) -> None:
        opening = server.session.open("a", wire.FOR_READING)
        opening.cancel()
        server.answer(wire.HANDLE, wire.string(b"h7"))
        kind, _, body = server.asked[-1]
        assert (kind, body) == (wire.CLOSE, wire.string(b"h7"))

    run(test)


class LargeServer(Server):
    """Opens and writes a large file by itself, and then waits for its test."""

    def write(self, *pieces: bytes) -> None:
        super().write(*pieces)
        kind = self.asked[-1][0]
        loop, to = asyncio.get_running_loop(), len(self.asked) - 1
        if kind == wire.OPEN:
            loop.call_soon(self.answer, wire.HANDLE, wire.string(b"h"), to)
        elif kind == wire.WRITE:
            loop.call_soon(self.done, to)

    @property
    def closed(self) -> int:
        return sum(kind == wire.CLOSE for kind, _, _ in self.asked)


async def at_the_end_of_a_large_file() -> tuple[LargeServer, asyncio.Task[int | None]]:
    server, remote = LargeServer(), SFTPRemote(destination("sftp://u@host/x"))
    remote._client, remote._block = server.session, 128 * 1024
    remote._watchdog = Watchdog(60, no_progress)
    putting = asyncio.create_task(remote.put(Source.of("a", bytes(SMALL + 1)), "a"))
    while not server.closed:
        assert not putting.done(), putting
        await asyncio.sleep(0.001)
    return server, putting


def test_a_file_is_closed_once_whoever_stops_waiting() -> None:
    """By the second time its handle could be another file's, which would then be cut."""

    async def work() -> None:
        server, putting = await at_the_end_of_a_large_file()
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting
        assert server.closed == 1

    asyncio.run(work())


def test_a_file_is_closed_once_whatever_its_size_is_refused_with() -> None:
    async def work() -> None:
        server, putting = await at_the_end_of_a_large_file()
        server.refuse(4, to=-2)
        server.done(-1)
        with pytest.raises(TransientError):
            await putting
        assert server.closed == 1

    asyncio.run(work())


def test_the_end_of_the_connection_is_everybodys_answer() -> None:
    async def test(server: Server) -> None:
        before = server.session.stat("a")
        server.session.connection_lost(None)
        after = server.session.stat("b")
        for answer in (before, after):
            with pytest.raises(asyncssh.SFTPConnectionLost):
                await answer
        assert server.session.ended

    run(test)


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">IBI", 5, wire.STATUS, 12345),  # to a request that is none
        struct.pack(">IBI", 1 << 30, wire.STATUS, 1),  # that is endless
        struct.pack(">IBI", 2, wire.STATUS, 1),  # that ends before it begins
    ],
    ids=["nobody's", "endless", "too short"],
)
def test_an_answer_that_makes_no_sense_ends_the_session(data: bytes) -> None:
    async def test(server: Server) -> None:
        answer = server.session.stat("a")
        server.session.data_received(data)
        # Not a refusal of what was asked: it may have been done.
        with pytest.raises(asyncssh.SFTPConnectionLost, match="makes no sense"):
            await answer
        assert server.session.ended
        for _ in range(3):
            server.session.data_received(bytes(1000))
        assert not server.session._rest

    run(test)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (wire.HANDLE, wire.string(b"h")),
        (wire.STATUS, struct.pack(">I", 0)),
        (wire.ATTRS, struct.pack(">I", 1)),
        (wire.ATTRS, b""),
    ],
    ids=["a handle", "done, no attributes", "cut", "nothing"],
)
def test_an_answer_of_another_kind_is_no_answer(kind: int, body: bytes) -> None:
    async def test(server: Server) -> None:
        answer = server.session.stat("a")
        server.answer(kind, body)
        with pytest.raises(asyncssh.SFTPBadMessage):
            await answer

    run(test)


def test_what_the_server_cannot_is_not_asked() -> None:
    async def test(server: Server) -> None:
        for asked in (server.session.posix_rename("a", "b"), server.session.statvfs("a")):
            with pytest.raises(asyncssh.SFTPOpUnsupported):
                await asked
        assert not server.asked

    run(test)


def test_names_that_are_no_unicode_come_and_go_as_they_are() -> None:
    async def test(server: Server) -> None:
        listing = server.session.list(b"h")
        entry = wire.string(b"\xffx") + wire.string(b"long") + size(1)
        server.answer(wire.NAME, struct.pack(">I", 1) + entry)
        [(name, attributes)] = await listing
        assert attributes.size == 1
        server.session.remove(name)
        assert server.asked[-1][2] == wire.string(b"\xffx")

    run(test)


@pytest.mark.parametrize("parts", range(16))
def test_attributes_are_read_whatever_their_parts(parts: int) -> None:
    body = struct.pack(">I", parts | 0x80000000)
    body += struct.pack(">Q", 5) * bool(parts & 1) + struct.pack(">II", 1, 2) * bool(parts & 2)
    body += struct.pack(">I", 0o644) * bool(parts & 4) + struct.pack(">II", 8, 9) * bool(parts & 8)
    body += struct.pack(">I", 1) + wire.string(b"name") + wire.string(b"value")
    found = wire.attributes_of(wire.Answer(body))
    assert found.size == (5 if parts & 1 else None)
    assert found.permissions == (0o644 if parts & 4 else None)
    assert found.mtime == (9 if parts & 8 else None)


def test_one_who_stops_waiting_hurts_nobody() -> None:
    async def test(server: Server) -> None:
        given_up, other = server.session.stat("a"), server.session.stat("b")
        given_up.cancel()
        server.answer(wire.ATTRS, size(1), to=0)
        server.answer(wire.ATTRS, size(2), to=1)
        assert (await other).size == 2

    run(test)


def test_another_greeting_is_no_session() -> None:
    async def work() -> None:
        session = SFTPSession()
        session.data_received(struct.pack(">IBI", 5, wire.VERSION_IS, 2))
        with pytest.raises(asyncssh.SFTPConnectionLost):
            await session._greeting

    asyncio.run(work())


def test_no_future_is_left_with_an_error_that_nobody_saw(recwarn: Any) -> None:
    async def test(server: Server) -> None:
        heard: list[str] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: heard.append(context["message"])
        )
        server.session.read(b"h", 0, 10)
        server.refuse(1)
        await asyncio.sleep(0)
        server.session = SFTPSession()
        server.session.connection_lost(None)
        import gc

        gc.collect()
        assert heard == []

    run(test)
