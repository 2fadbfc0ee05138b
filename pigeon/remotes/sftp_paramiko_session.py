"""SFTP requests on a channel of paramiko's.

paramiko's own file objects lose what a server says of a write that it did not wait for, and
start a thread for each file that is read ahead. Here every answer is looked at, and many
requests travel before the first answer is awaited. The protocol is version 3:
draft-ietf-secsh-filexfer-02.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import asyncssh
import paramiko
from paramiko import sftp
from paramiko.sftp import int64

from pigeon.remotes import sftp_errors

#: Bytes of one read or write request: what every server has to take.
BLOCK = 32 * 1024
_ERRORS: dict[int, Callable[[str], asyncssh.SFTPError]] = {
    sftp.SFTP_NO_SUCH_FILE: asyncssh.SFTPNoSuchFile,
    sftp.SFTP_PERMISSION_DENIED: asyncssh.SFTPPermissionDenied,
    sftp.SFTP_FAILURE: asyncssh.SFTPFailure,
    sftp.SFTP_BAD_MESSAGE: asyncssh.SFTPBadMessage,
    sftp.SFTP_NO_CONNECTION: asyncssh.SFTPNoConnection,
    sftp.SFTP_CONNECTION_LOST: asyncssh.SFTPConnectionLost,
    sftp.SFTP_OP_UNSUPPORTED: asyncssh.SFTPOpUnsupported,
}  # a server of version 3 has no others
_WRITE = sftp.SFTP_FLAG_WRITE
_NEW = _WRITE | sftp.SFTP_FLAG_CREATE | sftp.SFTP_FLAG_TRUNC
Answer = tuple[int, paramiko.Message]


class SessionClient(paramiko.SFTPClient):  # type: ignore[misc]
    """paramiko's client, with refusals as asyncssh's errors, and with requests in flights.

    Only one thread may use it at a time.

    Attributes:
        version: of the protocol, as the server has it.
        progress: called whenever an answer has come or a request has gone out.
    """

    version = 0

    def __init__(self, channel: paramiko.Channel, progress: Callable[[], object]) -> None:
        self.progress = progress
        super().__init__(channel)

    def _send_version(self) -> int:
        self.version = super()._send_version()
        return self.version

    def _convert_status(self, msg: paramiko.Message) -> None:
        code, said = msg.get_int(), msg.get_binary().decode("utf-8", "backslashreplace")
        if code == sftp.SFTP_EOF:
            raise EndOfFile(said)
        if code != sftp.SFTP_OK:
            raise _ERRORS.get(code, asyncssh.SFTPFailure)(said)

    def flight(self, requests: Iterable[tuple[Any, ...]]) -> list[Answer]:
        """The answers to ``requests``, which are all sent before the first is awaited.

        Refusals are not raised: see :meth:`accepted`.
        """
        answers = _Answers()
        numbers = []
        for request in requests:
            numbers.append(self._async_request(answers, *request))
            self.progress()
        while len(answers.found) < len(numbers):
            self._read_response()
            self.progress()
        return [answers.found[number] for number in numbers]

    def accepted(self, answer: Answer) -> paramiko.Message:
        """What ``answer`` holds. Raises ``SFTPError`` or :class:`EndOfFile` for a refusal."""
        kind, message = answer
        if kind == sftp.CMD_STATUS:
            self._convert_status(message)
        return message

    def attributes(self, path: str) -> asyncssh.SFTPAttrs:
        """The attributes of ``path``."""
        return _attributes(self.accepted(self.flight([(sftp.CMD_STAT, path.encode())])[0]))

    def open_file(self, path: str, mode: str) -> bytes:
        """The handle of ``path``: ``mode`` is "read", "new" or "resume", which keeps all."""
        flags = {"read": sftp.SFTP_FLAG_READ, "new": _NEW, "resume": _WRITE}[mode]
        return self._handle(sftp.CMD_OPEN, path.encode(), flags, paramiko.SFTPAttributes())

    def open_directory(self, path: str) -> bytes:
        """The handle of the directory ``path``."""
        return self._handle(sftp.CMD_OPENDIR, path.encode())

    def _handle(self, *request: Any) -> bytes:
        handle: bytes = self.accepted(self.flight([request])[0]).get_binary()
        return handle

    def close_handle(self, handle: bytes) -> None:
        """Close a file or a directory."""
        self.accepted(self.flight([(sftp.CMD_CLOSE, handle)])[0])

    def read_names(self, handle: bytes) -> list[tuple[str, asyncssh.SFTPAttrs]]:
        """Some more entries of a directory; none at its end."""
        try:
            message = self.accepted(self.flight([(sftp.CMD_READDIR, handle)])[0])
        except EndOfFile:
            return []
        found = []
        for _ in range(message.get_int()):
            name = message.get_binary().decode("utf-8", "surrogateescape")
            message.get_binary()  # a line as of ls
            found.append((name, _attributes(message)))
        return found

    def read(self, handle: bytes, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes of a file from ``offset``; none only at its end."""
        blocks = [
            (sftp.CMD_READ, handle, int64(at), min(BLOCK, offset + size - at))
            for at in range(offset, offset + size, BLOCK)
        ]
        found: list[bytes] = []
        for (*_, wanted), answer in zip(blocks, self.flight(blocks), strict=True):
            try:
                found.append(self.accepted(answer).get_binary())
            except EndOfFile:
                break
            if len(found[-1]) < wanted:  # what follows is not what belongs here
                break
        return b"".join(found)

    def write(self, handle: bytes, offset: int, data: bytes) -> None:
        """Write ``data`` at ``offset``."""
        for answer in self.flight(_writes(handle, offset, data)):
            self.accepted(answer)

    def write_whole(self, handle: bytes, data: bytes) -> int | None:
        """Write a small file, ask its size in bytes and close it, in one flight."""
        ends = [(sftp.CMD_FSTAT, handle), (sftp.CMD_CLOSE, handle)]
        *written, size, closed = self.flight([*_writes(handle, 0, data), *ends])
        for answer in (*written, closed):
            self.accepted(answer)
        return self._size_in(size)

    def size(self, handle: bytes) -> int | None:
        """The size in bytes of an open file, if the server tells it."""
        return self._size_in(self.flight([(sftp.CMD_FSTAT, handle)])[0])

    def _size_in(self, answer: Answer) -> int | None:
        try:
            return _attributes(self.accepted(answer)).size
        except sftp_errors.UNTOLD:
            return None

    def statvfs(self, path: str) -> asyncssh.SFTPVFSAttrs:
        """The state of the file system; ``statvfs@openssh.com`` of OpenSSH's PROTOCOL."""
        request = (sftp.CMD_EXTENDED, "statvfs@openssh.com", path.encode())
        message = self.accepted(self.flight([request])[0])
        return asyncssh.SFTPVFSAttrs(*(message.get_int64() for _ in range(11)))


class EndOfFile(Exception):
    """There is no more to read."""


class _Answers:
    """Takes what paramiko reads for a flight, in whatever order a server answers."""

    def __init__(self) -> None:
        self.found: dict[int, Answer] = {}

    def _async_response(self, kind: int, message: paramiko.Message, number: int) -> None:
        self.found[number] = (kind, message)


def _writes(handle: bytes, offset: int, data: bytes) -> list[tuple[Any, ...]]:
    view = memoryview(data)
    return [
        (sftp.CMD_WRITE, handle, int64(offset + at), bytes(view[at : at + BLOCK]))
        for at in range(0, len(data), BLOCK)
    ]


def _attributes(message: paramiko.Message) -> asyncssh.SFTPAttrs:
    found = paramiko.SFTPAttributes._from_msg(message)
    return asyncssh.SFTPAttrs(size=found.st_size, permissions=found.st_mode, mtime=found.st_mtime)
