"""A long line: a relay in a process of its own that delays both ways, in order.

``python -m benchmarks.push.delay PORT SECONDS [--ftp]`` prints the port that it listens on and
relays to PORT of this machine. What arrives leaves after SECONDS, in both directions, as fast as
it came: bytes wait beside each other, not one after another. A connection takes one and a half
round trips to reach the server, as TCP's would. With ``--ftp`` the ports that the server names
for data are relayed in the same way.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"
_EPSV = re.compile(rb"(?m)^229 .*\(\|\|\|(\d+)\|\)")
_PASV = re.compile(rb"(?m)^227 .*?(\d+,\d+,\d+,\d+),(\d+),(\d+)")


class Line:
    """Relays connections to one port.

    Args:
        port: the server's.
        delay: seconds, each way.
        ftp: look for data ports in what the server says.
        once: take one connection only.
    """

    def __init__(self, port: int, delay: float, *, ftp: bool = False, once: bool = False) -> None:
        self.target, self.delay, self.ftp, self.once = port, delay, ftp, once
        self._listening = socket.create_server((HOST, 0), backlog=200)
        self.port = self._listening.getsockname()[1]

    async def serve(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: End(self), sock=self._listening)
        if not self.once:
            await self._server.serve_forever()

    def taken(self) -> None:
        """A connection came."""
        if self.once:
            self._server.close()

    def changed(self, data: bytes) -> bytes:
        """What the server said, with relayed ports for data."""
        if found := _EPSV.search(data):
            return _replaced(data, found.span(1), b"%d" % self._data_line(int(found[1])))
        if found := _PASV.search(data):
            port = self._data_line(int(found[2]) * 256 + int(found[3]))
            return _replaced(data, (found.start(2), found.end(3)), b"%d,%d" % divmod(port, 256))
        return data

    def _data_line(self, port: int) -> int:
        line = Line(port, self.delay, once=True)
        _keep(asyncio.ensure_future(line.serve()))
        return line.port


def _replaced(data: bytes, span: tuple[int, int], new: bytes) -> bytes:
    return data[: span[0]] + new + data[span[1] :]


_tasks: set[asyncio.Future[None]] = set()


def _keep(task: asyncio.Future[None]) -> None:
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


class End(asyncio.Protocol):
    """One end of a relayed connection: what it hears, the other end says later."""

    def __init__(self, line: Line, other: End | None = None) -> None:
        self.line, self.other = line, other
        self.is_server = other is not None
        self.transport: asyncio.Transport | None = None
        self._later: deque[tuple[float, bytes]] = deque()
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=1 << 30)
        if self.other is None:
            self.line.taken()
            self._loop.call_later(3 * self.line.delay, lambda: _keep(self._reach_server()))
        else:
            self.other.other = self

    def _reach_server(self) -> asyncio.Future[None]:
        async def reach() -> None:
            try:
                await self._loop.create_connection(
                    lambda: End(self.line, self), HOST, self.line.target
                )
            except OSError:
                assert self.transport
                self.transport.abort()
                return
            if self._later:
                self._say_what_is_due()

        return asyncio.ensure_future(reach())

    def data_received(self, data: bytes) -> None:
        if self.is_server and self.line.ftp:
            data = self.line.changed(data)
        self._pass_on(data)

    def eof_received(self) -> bool:
        self._pass_on(b"")
        return True

    def connection_lost(self, error: Exception | None) -> None:
        self._pass_on(b"")

    def _pass_on(self, data: bytes) -> None:
        self._later.append((self._loop.time() + self.line.delay, data))
        if self.other is not None and self._timer is None:
            self._timer = self._loop.call_at(self._later[0][0], self._say_what_is_due)

    def _say_what_is_due(self) -> None:
        assert self.other
        now, said = self._loop.time(), []
        while self._later and self._later[0][0] <= now + 0.0005:
            said.append(self._later.popleft()[1])
        for data in said:
            self.other.say(data)
        due = self._later[0][0] if self._later else None
        self._timer = self._loop.call_at(due, self._say_what_is_due) if due else None

    def say(self, data: bytes) -> None:
        """Send ``data``; nothing means that no more will come."""
        assert self.transport
        if data:
            self.transport.write(data)
        elif not self.transport.is_closing():
            # Half a connection is of no use to any of these protocols.
            self.transport.close()


@contextmanager
def delayed(port: int, seconds: float, *, ftp: bool = False) -> Iterator[int]:
    """The port of a line to ``port`` with ``seconds`` of delay each way."""
    command = [sys.executable, "-m", __name__, str(port), str(seconds), *(["--ftp"] * ftp)]
    project = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--ftp", action="store_true")
    asked = parser.parse_args()
    line = Line(asked.port, asked.seconds, ftp=asked.ftp)
    print(line.port, flush=True)
    asyncio.run(line.serve())


if __name__ == "__main__":
    main()
