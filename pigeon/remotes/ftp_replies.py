"""An FTP server's replies (RFC 959, section 4.2), read from bytes as they come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

#: Bytes of one line, and of one reply: a server that says more wants our memory.
MAX_LINE = 8 * 1024
MAX_REPLY = 64 * 1024


class NotFTP(ValueError):
    """What came is no FTP reply; the message says what came instead."""


class Reply(NamedTuple):
    """A server's whole reply.

    Attributes:
        code: the three digits.
        lines: the text of each line, without the code.
    """

    code: int
    lines: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether the command was done."""
        return 200 <= self.code < 300

    def __str__(self) -> str:
        return f"{self.code} {' '.join(line.strip() for line in self.lines)}"


class ReplyReader:
    """Turns the bytes of a control connection into replies, in bounded memory."""

    def __init__(self) -> None:
        self._rest = b""
        self._code = ""
        self._lines: list[str] = []
        self._size = 0

    @property
    def inside(self) -> bool:
        """Whether something has come that is not a whole reply yet."""
        return bool(self._rest or self._code)

    def feed(self, data: bytes) -> Iterator[Reply]:
        """The replies that ``data`` completes. Raises :class:`NotFTP`."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if not self._code and line[3:4] == b" " and len(line) < MAX_LINE:
                # Nearly all replies are one line.
                if not (code := line[:3]).isdigit():
                    raise NotFTP(shown(line))
                yield Reply(int(code), (line[4:].decode("utf-8", "replace").rstrip("\r"),))
            elif (reply := self._take(line)) is not None:
                yield reply
        if len(self._rest) > MAX_LINE:
            raise NotFTP(f"a line without end: {shown(self._rest)}")

    def _take(self, line: bytes) -> Reply | None:
        text = line.decode("utf-8", "replace").rstrip("\r")
        self._size += len(line)
        if self._size > MAX_REPLY:
            raise NotFTP("a reply without end")
        if self._code:
            ends = text[:3] == self._code and text[3:4] != "-"
            self._lines.append(text[4:] if text[:3] == self._code else text)
            return self._whole() if ends else None
        if not (line[:3].isdigit() and text[3:4] in ("", " ", "-")):
            raise NotFTP(shown(line))
        self._code = text[:3]
        self._lines.append(text[4:])
        return None if text[3:4] == "-" else self._whole()

    def _whole(self) -> Reply:
        reply = Reply(int(self._code), tuple(self._lines))
        self._code, self._lines, self._size = "", [], 0
        return reply


def shown(data: bytes) -> str:
    """The beginning of ``data``, fit for a message."""
    text = data[:60].decode("ascii", "replace").rstrip()
    return "".join(one if one.isprintable() else "?" for one in text)
