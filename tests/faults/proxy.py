"""A bad line: a TCP relay on which goes wrong what a test wants, where it wants it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from pigeon.destinations import Destination
from tests.contracts.places import Place
from tests.faults.fault import Fault, Faults, Side

HOST = "127.0.0.1"
#: Seconds of a ``delay``; and after each block that a ``throttle`` lets pass, for a while.
DELAY, SLOW, SLOW_BLOCKS = 0.2, 0.01, 40
_EPSV = re.compile(rb"229 ([^(]*)\(\|\|\|(\d+)\|\)")


class Proxy:
    """Relays to ``port``; for FTP also the data connections, by another proxy each.

    In TLS nobody between can read which port is meant, so all that it may be are relayed, from
    an address that no other line has.

    Attributes:
        greets: while False, connections are taken and nothing is relayed.
        budget: bytes from the client that still pass; then :attr:`when_spent` is called.
        mute: swallow what the server answers, and cut the client's connection there.

    Args:
        faults: what else goes wrong, once each.
        host: where it listens.
        passive: the ports of data connections, for FTP in TLS.
    """

    def __init__(
        self,
        port: int,
        *faults: Fault,
        ftp: bool = False,
        host: str = HOST,
        passive: Sequence[int] = (),
    ) -> None:
        self.target, self.ftp, self.host, self.port = port, ftp and not passive, host, 0
        self._passive = passive
        self._faults, self._slow = Faults(*faults), 0
        self.greets, self.mute, self.frozen = True, False, False
        self.budget: float = float("inf")
        self.when_spent: Callable[[], None] = self.cut
        self._writers: set[asyncio.StreamWriter] = set()
        self._children: list[Proxy] = []
        self._parent: Proxy | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # So that what a test holds back stays with the client, as on a long line.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        listening.bind((self.host, self.port))
        self._server = await asyncio.start_server(self._serve, sock=listening)
        self.port = self._server.sockets[0].getsockname()[1]
        for port in self._passive:
            await self._open_child(port, port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.cut()
        self._server.close()
        for child in self._children:
            await child.__aexit__(None, None, None)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Reset every connection."""
        for writer in self._writers:
            writer.transport.abort()
        for child in self._children:
            child.cut()

    def freeze(self) -> None:
        """Keep the connections, relay nothing more."""
        self.frozen = True

    def heal(self, faults: Faults) -> None:
        """Cut what is open; from here on only ``faults`` happen."""
        self.cut()
        self._faults, self._slow, self.frozen = faults, 0, False

    def refuse(self) -> None:
        """Take no further connection."""
        self._server.close()

    def to(self, place: Place, **more: object) -> Destination:
        """``place`` as it is reached through this line."""
        url = place.url.replace(f":{self.target}/", f":{self.port}/")
        options = {"host_key_check": False} if url.startswith("sftp") else {}
        return Place(url, place.folder, place.options).destination(**options | more)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            while not self.greets:
                await asyncio.sleep(0.05)
            upstream, downstream = await asyncio.open_connection(HOST, self.target)
            self._writers.add(downstream)
            async with asyncio.TaskGroup() as group:
                pair = (writer, downstream)
                group.create_task(self._relay("client", reader, pair, self._from_client))
                group.create_task(self._relay("server", upstream, pair, self._from_server))
        except* (OSError, asyncio.CancelledError):
            self.cut()

    async def _relay(
        self,
        side: Side,
        reader: asyncio.StreamReader,
        pair: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
        change: Callable[[bytes], object],
    ) -> None:
        writer, root = pair[side == "client"], self._root
        while data := await reader.read(8192):
            if side == "server" and self.mute:
                await _hang_up(reader, *pair)
                break
            done = change(data)
            passed = await done if asyncio.iscoroutine(done) else done
            while root.frozen:
                await asyncio.sleep(0.05)
            pieces = root._faults.cut(side, passed, data=self is not root)  # type: ignore[arg-type]
            for piece, fault in pieces:
                await self._pass(piece, writer)
                if fault is not None and await self._strike(fault, pair, writer):
                    await _swallow(reader)
                    return
        with contextlib.suppress(OSError):
            writer.write_eof()

    async def _pass(self, piece: bytes, writer: asyncio.StreamWriter) -> None:
        if self._root._slow:
            self._root._slow -= 1
            await asyncio.sleep(SLOW)
        writer.write(piece)
        await writer.drain()

    async def _strike(
        self,
        fault: Fault,
        pair: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
        writer: asyncio.StreamWriter,
    ) -> bool:
        """Let ``fault`` happen; whether nothing more passes in this direction."""
        match fault.kind:
            case "delay":
                await asyncio.sleep(DELAY)
            case "throttle":
                self._root._slow = SLOW_BLOCKS
            case "freeze":
                self._root.freeze()
                while True:
                    await asyncio.sleep(0.05)
            case "half-close":
                writer.write_eof()
            case "drop":
                for each in pair:
                    each.close()
            case "reset":
                for each in pair:
                    each.transport.abort()
        return fault.kind in ("half-close", "drop", "reset")

    @property
    def _root(self) -> Proxy:
        return self._parent or self

    def _from_client(self, data: bytes) -> bytes:
        root = self._root
        root.budget -= len(data)
        if root.budget < 0:
            root.budget = float("inf")
            root.when_spent()
        return data

    async def _from_server(self, data: bytes) -> bytes:
        match = _EPSV.search(data) if self.ftp else None
        if not match:
            return data
        child = await self._open_child(int(match[2]))
        return data.replace(match[2], b"%d" % child.port)

    async def _open_child(self, target: int, port: int = 0) -> Proxy:
        child = Proxy(target, host=self.host)
        child.port, child._parent = port, self._root
        self._children.append(child)
        return await child.__aenter__()


async def _hang_up(
    reader: asyncio.StreamReader, client: asyncio.StreamWriter, server: asyncio.StreamWriter
) -> None:
    """Reset the client's connection; the server does what it was told before it sees the end."""
    client.transport.abort()
    server.write_eof()
    await _swallow(reader)


async def _swallow(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass
