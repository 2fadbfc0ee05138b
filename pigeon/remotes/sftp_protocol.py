"""SFTP, version 3, as bytes: requests are written, answers are read.

https://datatracker.ietf.org/doc/html/draft-ietf-secsh-filexfer-02, which is what servers speak,
and OpenSSH's extensions (its file ``PROTOCOL``). Nothing here waits for anything.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

import asyncssh

VERSION = 3

# Kinds of packets.
INIT, VERSION_IS = 1, 2
OPEN, CLOSE, READ, WRITE, FSTAT, SETSTAT = 3, 4, 5, 6, 8, 9
OPENDIR, READDIR, REMOVE, MKDIR, RMDIR, STAT, RENAME = 11, 12, 13, 14, 15, 17, 18
STATUS, HANDLE, DATA, NAME, ATTRS = 101, 102, 103, 104, 105
EXTENDED, EXTENDED_REPLY = 200, 201

#: How files are opened.
FOR_READING, FOR_WRITING, CREATING, EMPTYING = 0x01, 0x02, 0x08, 0x10
#: Parts of attributes.
_SIZE, _OWNER, _PERMISSIONS, _TIMES, _MORE = 0x01, 0x02, 0x04, 0x08, 0x80000000

#: Bytes of one answer: a server that says more wants our memory.
MAX_ANSWER = 4 * 1024 * 1024
#: Bytes that every server reads or writes by one request.
SAFE_LENGTH = 32 * 1024

#: Codes of answers that are statuses.
_OK, END = 0, 1
#: How a STATUS begins that refuses nothing.
DONE = b"\0\0\0\0"
_ERRORS: dict[int, Callable[[str, str], asyncssh.SFTPError]] = {
    END: asyncssh.SFTPEOFError,
    2: asyncssh.SFTPNoSuchFile,
    3: asyncssh.SFTPPermissionDenied,
    4: asyncssh.SFTPFailure,
    5: asyncssh.SFTPBadMessage,
    6: asyncssh.SFTPNoConnection,
    7: asyncssh.SFTPConnectionLost,
    8: asyncssh.SFTPOpUnsupported,
    # Of later versions, which some servers send all the same.
    9: asyncssh.SFTPInvalidHandle,
    10: asyncssh.SFTPNoSuchPath,
    11: asyncssh.SFTPFileAlreadyExists,
    12: asyncssh.SFTPWriteProtect,
    14: asyncssh.SFTPNoSpaceOnFilesystem,
    15: asyncssh.SFTPQuotaExceeded,
    20: asyncssh.SFTPInvalidFilename,
    22: asyncssh.SFTPCannotDelete,
    23: asyncssh.SFTPInvalidParameter,
}

_HEAD = struct.Struct(">IBI")
_NUMBER, _LONG = struct.Struct(">I"), struct.Struct(">Q")
_PLACE = struct.Struct(">QI")


def head(kind: int, number: int, length: int) -> bytes:
    """How the request ``number`` begins, whose body has ``length`` bytes."""
    return _HEAD.pack(length + 5, kind, number)


def string(data: bytes) -> bytes:
    """``data`` with its length before it."""
    return _NUMBER.pack(len(data)) + data


def path(name: str) -> bytes:
    """A path as the server takes it. Names that are no UTF-8 come and go as they are."""
    return string(name.encode("utf-8", "surrogateescape"))


def opening(name: str, how: int) -> bytes:
    """The body of an OPEN, without attributes: the server gives its own."""
    return path(name) + struct.pack(">II", how, 0)


def place(handle: bytes, offset: int, length: int) -> bytes:
    """Where ``length`` bytes are: the body of a READ, and of a WRITE before its data."""
    return string(handle) + _PLACE.pack(offset, length)


def permissions(mode: int) -> bytes:
    """Attributes that set the permission bits alone."""
    return struct.pack(">II", _PERMISSIONS, mode)


class Answer:
    """The rest of a packet, taken piece by piece.

    Raises ``asyncssh.SFTPBadMessage`` when it is shorter than it says.
    """

    __slots__ = ("_at", "_data", "_end")

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        self._data, self._at = data, at
        self._end = len(data) if end is None else end

    def __bool__(self) -> bool:
        return self._at < self._end

    def take(self, length: int) -> bytes:
        """The next ``length`` bytes."""
        start, self._at = self._at, self._at + length
        if self._at > self._end:
            raise asyncssh.SFTPBadMessage("the answer is shorter than it says")
        return self._data[start : self._at]

    def number(self) -> int:
        """An unsigned number of 32 bits."""
        return int.from_bytes(self.take(4), "big")

    def long(self) -> int:
        """An unsigned number of 64 bits."""
        return int.from_bytes(self.take(8), "big")

    def string(self) -> bytes:
        """Bytes with their length before them."""
        return self.take(self.number())

    def text(self) -> str:
        """What the server says, whatever it may be."""
        return self.string().decode("utf-8", "replace") if self else ""


def error_of(answer: Answer) -> asyncssh.SFTPError | None:
    """What a STATUS refuses, or ``None``: it was done."""
    code = answer.number()
    if code == _OK:
        return None
    reason, language = answer.text(), answer.text()
    kind = _ERRORS.get(code)
    if kind is None:
        return asyncssh.SFTPError(code, f"{reason} (error {code})", language)
    return kind(reason, language)


def size_of(answer: Answer) -> int | None:
    """The size in bytes that ATTRS tell."""
    return answer.long() if answer.number() & _SIZE else None


def attributes_of(answer: Answer) -> asyncssh.SFTPAttrs:
    """What ATTRS say, as asyncssh has it."""
    parts, found = answer.number(), asyncssh.SFTPAttrs()
    if parts & _SIZE:
        found.size = answer.long()
    if parts & _OWNER:
        found.uid, found.gid = answer.number(), answer.number()
    if parts & _PERMISSIONS:
        found.permissions = answer.number()
    if parts & _TIMES:
        found.atime, found.mtime = answer.number(), answer.number()
    if parts & _MORE:
        for _ in range(answer.number()):
            answer.string(), answer.string()
    return found


def names_of(answer: Answer) -> Iterator[tuple[str, asyncssh.SFTPAttrs]]:
    """The entries that a NAME lists, each with its attributes."""
    for _ in range(answer.number()):
        name = answer.string().decode("utf-8", "surrogateescape")
        answer.string()  # the same as ls would show it
        yield name, attributes_of(answer)


def space_of(answer: Answer) -> asyncssh.SFTPVFSAttrs:
    """What ``statvfs@openssh.com`` tells, as asyncssh has it."""
    return asyncssh.SFTPVFSAttrs(*(answer.long() for _ in range(11)))
