"""An FTP server's replies (RFC 959, section 4.2), and aioftp's parsing of what it sends."""

from __future__ import annotations

from dataclasses import dataclass

import aioftp


@dataclass(frozen=True, slots=True)
class Reply:
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
        return f"{self.code} {' '.join(line.lstrip('- ') for line in self.lines)}"


class Parser(aioftp.Client):
    """aioftp's parsing, reading lines straight from the socket, in whatever encoding."""

    async def parse_line(self) -> tuple[aioftp.Code, str]:
        """One line of a reply. Raises ``ConnectionResetError`` at the connection's end."""
        line = await self.stream.reader.readline()
        if not line.endswith(b"\n"):
            raise ConnectionResetError("the server closed the connection")
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        return aioftp.Code(text[:3]), text[3:]

    async def parse_response(self) -> tuple[aioftp.Code, list[str]]:
        """A whole reply (RFC 959, section 4.2). Raises ``ValueError`` if it is none."""
        code, text = await self.parse_line()
        if not code.isdigit():
            raise ValueError(f"this is not FTP: {code}{text}")
        lines, ended = [text], not text.startswith("-")
        while not ended:
            start, text = await self.parse_line()
            lines.append(text if start == code else start + text)
            ended = start == code and not text.startswith("-")
        return code, lines
