"""What an FTP server says of files: RFC 3659's facts, and the listings of older servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import aioftp

from pigeon.remotes.base import RemoteEntry, RemoteStat


def number(text: str) -> int | None:
    """The number that ``text`` is, or ``None``."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() else None


def stat_of(facts: Mapping[str, Any]) -> RemoteStat:
    """From the facts of RFC 3659, section 7; its times are in UTC."""
    try:
        modified = datetime.strptime(str(facts.get("modify"))[:14], "%Y%m%d%H%M%S")
    except ValueError:
        modified = None
    return RemoteStat(
        size=number(str(facts.get("size", ""))),
        modified=modified and modified.replace(tzinfo=UTC),
        is_directory=str(facts.get("type", "")).lower() in ("dir", "cdir", "pdir"),
    )


def entries(parser: aioftp.Client, content: bytes, *, machine: bool) -> Iterator[RemoteEntry]:
    """The entries of a listing, without ``.`` and ``..``.

    Args:
        parser: aioftp's client, whose parsing is used.
        content: what the server sent.
        machine: it is the answer to MLSD, not to LIST.
    """
    parse = parser.parse_mlsx_line if machine else parser.parse_list_line
    for line in content.splitlines():
        try:
            name, facts = parse(line)
        except (ValueError, IndexError, KeyError):
            continue  # a heading such as "total 12"
        if str(name) not in (".", "..") and facts.get("type") not in ("cdir", "pdir"):
            yield RemoteEntry(str(name), stat_of(facts))
