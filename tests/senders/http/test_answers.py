"""What each answer of a server means."""

from __future__ import annotations

import asyncio
import re
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pigeon.exceptions import (
    AuthenticationError,
    DeliveryError,
    DestinationMisconfigured,
    PermanentError,
    TransientError,
    Unreachable,
)
from pigeon.senders.base import Delivery, Sender
from pigeon.senders.http.answers import LONGEST_WAIT, retry_after
from tests.contracts.places import opened
from tests.senders.http.raw import RawServer, answering
from tests.senders.parcels import delivery, destination, held, parcel


def to(server: RawServer, **options: Any) -> AbstractAsyncContextManager[Sender]:
    return opened(destination(f"http://127.0.0.1:{server.port}/in", **options))


def failure(answer: bytes, sent: Delivery, **options: Any) -> DeliveryError:
    """The error of ``sent`` at a server that always gives ``answer``."""

    async def run() -> DeliveryError:
        async with RawServer(answering(answer)) as server:
            async with to(server, **options) as sender:
                with pytest.raises(DeliveryError) as caught:
                    await sender.send(sent)
            return caught.value

    return asyncio.run(run())


def said(status: int, words: str = "Because.", *heads: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Reason", f"Content-Length: {len(words.encode())}", *heads, "", ""]
    return "\r\n".join(lines).encode() + words.encode()


@pytest.mark.parametrize(
    ("status", "error", "text"),
    [
        (301, DestinationMisconfigured, "301 and points to nowhere"),
        (400, PermanentError, "127.0.0.1:\\d+ refused to take a.txt: 400 Because"),
        (401, AuthenticationError, "does not let us in to take a.txt: 401.*'token'"),
        (402, PermanentError, "refused"),
        (403, AuthenticationError, "what this login may do with PUT"),
        (404, DestinationMisconfigured, "Correct the URL"),
        (405, DestinationMisconfigured, "allow PUT there"),
        (407, AuthenticationError, "407"),
        (408, TransientError, "now: 408"),
        (409, PermanentError, "folder may be missing"),
        (410, DestinationMisconfigured, "410"),
        (412, PermanentError, "412"),
        (413, PermanentError, "413"),
        (415, PermanentError, "415"),
        (422, PermanentError, "422"),
        (423, TransientError, "423"),
        (425, TransientError, "425"),
        (429, TransientError, "429"),
        (500, TransientError, "500"),
        (501, DestinationMisconfigured, "501"),
        (502, TransientError, "502"),
        (503, TransientError, "503"),
        (504, TransientError, "504"),
        (505, DestinationMisconfigured, "505"),
        (507, TransientError, "disk or our quota is full"),
        (511, TransientError, "511"),
        (599, TransientError, "599"),
        (799, TransientError, "799"),
    ],
)
def test_statuses(tmp_path: Path, status: int, error: type[DeliveryError], text: str) -> None:
    sent = delivery(parcel(tmp_path, {"a.txt": b"x"}))
    found = failure(said(status), sent)
    assert type(found) is error
    assert re.search(text, str(found)), str(found)
    assert sent.receipts == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (200, None),
        (204, None),
        (404, None),
        (410, None),
        (403, AuthenticationError),
        (405, PermanentError),
        (501, PermanentError),
        (503, TransientError),
    ],
)
def test_statuses_of_removals(status: int, error: type[DeliveryError] | None) -> None:
    sent = delivery(None, action="remove", held=(held("a.txt"),))

    async def run() -> None:
        words = "" if status == 204 else "Words."
        async with RawServer(answering(said(status, words))) as server, to(server) as sender:
            await sender.send(sent)

    if error is None:
        asyncio.run(run())
        assert [r.published for r in sent.receipts] == ["removed"]
    else:
        with pytest.raises(error, match=r"delete a\.txt"):
            asyncio.run(run())
        assert sent.receipts == []


def test_a_refusal_after_something_was_taken_is_about_the_item(tmp_path: Path) -> None:
    """Else one file that the partner's firewall does not like would stop all."""
    answers = [said(201), said(403, "No <script>s"), said(403)]

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while answers:
            await answering(answers.pop(0))(_Once(reader), writer)  # type: ignore[arg-type]

    async def run(sender: Sender) -> None:
        await sender.send(delivery(parcel(tmp_path / "1", {"a": b"x"})))
        with pytest.raises(PermanentError, match="403"):
            await sender.send(delivery(parcel(tmp_path / "2", {"b": b"x"})))

    async def all_of_it() -> None:
        async with RawServer(talk) as server, to(server) as sender:
            await run(sender)

    asyncio.run(all_of_it())


def test_a_servers_words_are_fit_for_a_message(tmp_path: Path) -> None:
    page = (
        "<html><head><title>t</title><style>p {}</style></head><body>\n<h1>No\x1b[31m</h1>\r\n"
        "<script>alert()</script> s3cr3t-k3y &amp; more " + "x" * 5000 + "</body></html>"
    )
    text = str(failure(said(400, page), delivery(parcel(tmp_path, {"a": b"x"})),
                       headers={"X-Api-Key": "s3cr3t-k3y"}))  # fmt: skip
    assert "400 No [31m [redacted] &amp; more xxx" in text
    assert len(text) < 450
    assert text.isprintable()


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://user:pw@other.example/new/a.txt?token=s3cr3t#f",
         "https://other.example/new/a.txt."),
        ("/login?next=s3cr3t", "/login."),
        ("http://[bad", "an address that is none"),
        ("//elsewhere.example:99999/", "an address that is none"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(
    tmp_path: Path, location: str, shown: str, status: int
) -> None:
    answer = said(status, "", f"Location: {location}")
    error = failure(answer, delivery(parcel(tmp_path, {"a.txt": b"x"})))
    assert isinstance(error, DestinationMisconfigured)
    assert f"{status} and points to " in str(error)
    assert shown in str(error)
    for secret in ("s3cr3t", "pw@"):
        assert secret not in str(error)


def test_the_path_of_a_web_hook_is_not_shown(tmp_path: Path) -> None:
    for status in (301, 404, 422, 503):
        answer = said(status, "", "Location: /in/")
        error = failure(answer, delivery(parcel(tmp_path, {"a.txt": b"x"})), method="POST")
        assert "/in" not in str(error)


NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("0", timedelta()),
        ("120", timedelta(seconds=120)),
        ("99999999999999999", LONGEST_WAIT),
        ("Fri, 01 May 2026 12:02:00 GMT", timedelta(minutes=2)),
        ("Friday, 01-May-26 12:02:00 GMT", timedelta(minutes=2)),
        ("Fri May  1 12:02:00 2026", timedelta(minutes=2)),
        ("Fri, 01 May 2026 11:02:00 GMT", timedelta()),
        ("Fri, 01 May 2099 12:02:00 GMT", LONGEST_WAIT),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("9" * 5000, None),
        ("Fri, 99 May 2026 12:02:00 GMT", None),
        ("Fri, 01 May 99999999 12:02:00 GMT", None),
    ],
)
def test_retry_after(value: str, wait: timedelta | None) -> None:
    assert retry_after(value, NOW) == wait


@pytest.mark.parametrize("status", [429, 503, 507])
def test_how_long_to_wait_is_handed_on(tmp_path: Path, status: int) -> None:
    what = delivery(parcel(tmp_path, {"a.txt": b"x"}))
    told = failure(said(status, "", "Retry-After: 77"), what)
    assert told.retry_after == timedelta(seconds=77)
    assert type(told) is (TransientError if status == 507 else Unreachable)
    for without in (said(status), said(status, "", "Retry-After: soon")):
        untold = failure(without, what)
        assert untold.retry_after is None
        assert type(untold) is TransientError


class _Once:
    """A reader for one request."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader, self._done = reader, False

    async def readuntil(self, end: bytes) -> bytes:
        if self._done:
            raise asyncio.IncompleteReadError(b"", None)
        self._done = True
        return await self._reader.readuntil(end)

    async def readexactly(self, size: int) -> bytes:
        return await self._reader.readexactly(size)
