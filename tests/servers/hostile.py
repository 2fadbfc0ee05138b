"""Servers that speak the right protocol and mean harm: they lie, and they never stop."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import asyncssh

from pigeon.testing.sftp_partner import SFTPPartner

#: What one step of something endless sends.
BLOCK = b"x" * 65_536
#: Names of listings that lead elsewhere, and one that does not.
NAMES = ["..", ".", "../../etc/passwd", "/etc/passwd", "a/b", "good.txt"]


@dataclass
class HostileFTP:
    """An FTP server that keeps files in memory.

    Attributes:
        announced: what it says that every file's size is; ``None``: the truth.
        endless: it never stops sending a file that is read.
        chatters: a verb that is answered by preliminary replies without end.
        raves: a verb that is answered by one line without end.
        files: path → content.
        commands: all that was asked of it.
        sent: bytes of files that were read.
    """

    announced: int | None = None
    endless: bool = False
    chatters: str = ""
    raves: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    sent: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"ftp://news@127.0.0.1:{self.port}/in"


@contextmanager
def hostile_ftp(**behaviour: Any) -> Iterator[HostileFTP]:
    """Run one until the block ends."""
    what = HostileFTP(**behaviour)
    handler = type("Handler", (_Dialogue,), {"what": what})
    with _Server(("127.0.0.1", 0), handler) as server:
        what.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield what
        finally:
            server.shutdown()
            thread.join()
            server.hang_up()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.lines: list[socket.socket] = []

    def get_request(self) -> tuple[socket.socket, Any]:
        line, address = super().get_request()
        self.lines.append(line)
        return line, address

    def hang_up(self) -> None:
        for line in self.lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)


class _Dialogue(socketserver.StreamRequestHandler):
    """One control connection."""

    what: HostileFTP
    _data: socket.socket

    def handle(self) -> None:
        with suppress(OSError), socket.create_server(("127.0.0.1", 0)) as self._data:
            self._data.settimeout(10)
            self._say("220 welcome")
            while line := self.rfile.readline().decode().rstrip("\r\n"):
                self.what.commands.append(line)
                self._answer(*line.partition(" ")[::2])

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())

    def _answer(self, verb: str, path: str) -> None:
        while verb == self.what.chatters:
            self._say("150 in a moment")
        if verb == self.what.raves:
            self.wfile.write(b"200 ")
            while True:
                self.wfile.write(BLOCK)
        act = getattr(self, f"_{verb.lower()}", None)
        self._say(act(path) if act else "200 fine")

    def _user(self, path: str) -> str:
        return "331 password"

    def _feat(self, path: str) -> str:
        return "211-have\r\n MLST type*;size*;\r\n SIZE\r\n211 all"

    def _epsv(self, path: str) -> str:
        return "500 never heard of it"

    def _pasv(self, path: str) -> str:
        """An address in a network that is not ours to reach."""
        port = self._data.getsockname()[1]
        return f"227 here (10,11,12,13,{port >> 8},{port & 255})"

    def _size(self, path: str) -> str:
        if path not in self.what.files:
            return "550 not here"
        announced = self.what.announced
        return f"213 {len(self.what.files[path]) if announced is None else announced}"

    def _mlst(self, path: str) -> str:
        return "550 not here"

    _cwd = _mlst

    def _stor(self, path: str) -> str:
        self._say("150 go on")
        line, _ = self._data.accept()
        with line, line.makefile("rb") as stream:
            self.what.files[path] = stream.read()
        return "226 done"

    def _retr(self, path: str) -> str:
        if path not in self.what.files:
            return "550 not here"
        self._say("150 here it comes")
        line, _ = self._data.accept()
        with line, suppress(OSError):
            line.sendall(self.what.files[path])
            while self.what.endless:
                line.sendall(BLOCK)
                self.what.sent += len(BLOCK)
        return "226 done"

    def _mlsd(self, path: str) -> str:
        self._say("150 here it comes")
        line, _ = self._data.accept()
        with line:
            names = [*NAMES, "b\rDELE a"]
            line.sendall("".join(f"type=file;size=1; {each}\r\n" for each in names).encode())
        return "226 done"

    def _rnfr(self, path: str) -> str:
        self._from = path
        return "350 ready" if path in self.what.files else "550 not here"

    def _rnto(self, path: str) -> str:
        self.what.files[path] = self.what.files.pop(self._from)
        return "250 done"

    def _dele(self, path: str) -> str:
        return "250 done" if self.what.files.pop(path, None) is not None else "550 not here"


class HostileSFTP(asyncssh.SFTPServer):
    """Lists names that lead elsewhere; files never end; sizes are :attr:`announced`."""

    announced: int | None = None

    async def scandir(self, path: bytes) -> Any:
        for name in NAMES:
            yield asyncssh.SFTPName(name.encode(), attrs=asyncssh.SFTPAttrs(size=1))

    def read(self, file_obj: Any, offset: int, size: int) -> bytes:
        return BLOCK[:size]

    def fstat(self, file_obj: Any) -> Any:
        return self._lied(asyncssh.SFTPAttrs.from_local(super().fstat(file_obj)))

    def stat(self, path: bytes) -> Any:
        return self._lied(asyncssh.SFTPAttrs.from_local(super().stat(path)))

    def _lied(self, attributes: asyncssh.SFTPAttrs) -> asyncssh.SFTPAttrs:
        if self.announced is not None:
            attributes.size = self.announced
        return attributes


class HostilePartner(SFTPPartner):
    """:class:`HostileSFTP`, to log in to."""

    server_class = HostileSFTP


class BoastfulPartner(SFTPPartner):
    """The same, with 10 GB in every file."""

    server_class = type("Boastful", (HostileSFTP,), {"announced": 10_000_000_000})
