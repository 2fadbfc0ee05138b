"""What an FTP server says of files: RFC 3659's facts, and the listings of older servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import aioftp

from pigeon.remotes.base import RemoteEntry, RemoteStat
from pigeon.remotes.listing import is_entry

#: Parses what LIST gives, which no standard describes.
_old_listings = aioftp.Client()


def number(text: str) -> int | None:
    """The number that ``text`` is, or ``None``."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def quoted(text: str) -> str:
    """The path in the answer to PWD (RFC 959, appendix II), which doubles quotes in it."""
    first, last = text.find('"'), text.rfind('"')
    return text[first + 1 : last].replace('""', '"') if first < last else "/"


def facts_of(line: str) -> tuple[str, dict[str, str]]:
    """Name and facts of one line of MLSD or MLST (RFC 3659, section 7.2)."""
    listed, _, name = line.partition(" ")
    pairs = (fact.partition("=") for fact in listed.split(";"))
    return name, {key.lower(): value for key, _, value in pairs}


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


def entries(content: bytes, *, machine: bool, where: str) -> Iterator[RemoteEntry]:
    """The entries of a listing, without ``.`` and ``..``.

    A name that is no name inside the folder is left out, with a warning in the log: whoever
    joined it to a path would be led elsewhere.

    Args:
        content: what the server sent.
        machine: it is the answer to MLSD, not to LIST.
        where: names the server in the log.
    """
    for line in content.split(b"\n"):
        try:
            name, facts = _parsed(line.removesuffix(b"\r"), machine=machine)
        except (ValueError, IndexError, KeyError):
            continue  # a heading such as "total 12", or no UTF-8
        is_other = str(facts.get("type")).lower() in ("cdir", "pdir")
        if not is_other and is_entry(name, where):
            yield RemoteEntry(name, stat_of(facts))


def _parsed(line: bytes, *, machine: bool) -> tuple[str, Mapping[str, Any]]:
    if machine:
        return facts_of(line.decode())
    name, facts = _old_listings.parse_list_line(line)
    return str(name), facts
