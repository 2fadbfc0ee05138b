"""What a server's answer means for an operator (RFC 9110, section 15)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from pigeon.destinations import Destination
from pigeon.exceptions import (
    AuthenticationError,
    DeliveryError,
    DestinationMisconfigured,
    PermanentError,
    TransientError,
    Unreachable,
)
from pigeon.senders.http.text import one_line
from pigeon.senders.http.urls import moved_to, where

#: A partner may ask us to wait so long; what asks for more is taken as this.
LONGEST_WAIT = timedelta(days=7)
#: What a request failed with for now: time-out, too early, locked, too many, server errors.
_FOR_NOW = frozenset({408, 421, 423, 425, 429, 500, 502, 503, 504, 507})
#: The address is no place for this method: nothing here, gone, not allowed, unknown, wrong HTTP.
_NO_PLACE = frozenset({404, 405, 410, 501, 505})
_MARKUP = re.compile(r"<(head|style|script)\b.*?</\1\s*>|<[^>]*>", re.I | re.S)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered.

    Attributes:
        status: the three-digit code.
        headers: lower-case name → value.
        words: the beginning of the body, as text.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    words: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the server did as it was asked."""
        return 200 <= self.status < 300

    @property
    def size(self) -> int | None:
        """Bytes of the content, as ``Content-Length`` says; ``None`` if it does not."""
        said = self.headers.get("content-length", "")
        return int(said) if re.fullmatch(r"[0-9]{1,18}", said) else None


def said(destination: Destination, answer: Answer) -> str:
    """Status and words for a message: on one line, short, without markup and our secrets."""
    words = one_line(destination, _MARKUP.sub(" ", answer.words))
    return f"{answer.status} {words}".rstrip()


def retry_after(value: str, now: datetime) -> timedelta | None:
    """How long ``Retry-After`` asks to wait (RFC 9110, section 10.2.3); ``None`` for garbage.

    Args:
        value: seconds or an HTTP date.
        now: the time (aware) from which a date is counted.
    """
    if re.fullmatch(r"[0-9]{1,18}", value):
        return min(timedelta(seconds=min(int(value), 10**9)), LONGEST_WAIT)
    try:
        when = parsedate_to_datetime(value)
        wait = (when if when.tzinfo else when.replace(tzinfo=UTC)) - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(wait, timedelta()), LONGEST_WAIT)


def explain(
    destination: Destination, answer: Answer, doing: str, *, method: str, proven: bool
) -> DeliveryError:
    """The error to raise for a bad ``answer``.

    Args:
        doing: the step, as in "take story.xml".
        method: of the request.
        proven: the server has done as it was asked before, so what it refuses now is about
            this item rather than about us.
    """
    host, words, status = where(destination), said(destination, answer), answer.status
    wait = retry_after(answer.headers.get("retry-after", "").strip(), datetime.now(UTC))
    if status == 507:
        return TransientError(
            f"{host} could not {doing}: {words}. Its disk or our quota is full; tell the partner.",
            retry_after=wait,
        )
    if status in _FOR_NOW or status > 505:
        return _later(status, f"{host} could not {doing} now: {words}.", wait)
    if status in (401, 407) or (status == 403 and not proven):
        return AuthenticationError(
            f"{host} does not let us in to {doing}: {words}. Check the user and "
            "OPTIONS['password'], OPTIONS['token'] or OPTIONS['hmac_secret'], and ask the partner "
            f"what this login may do with {method}."
        )
    if status < 200 or 300 <= status < 400:
        return _moved(destination, answer, doing, method)
    if method == "DELETE" and status in {403, *_NO_PLACE}:
        return PermanentError(
            f"{host} does not {doing}: {words}. Ask the partner to allow DELETE there, or take "
            "push_deletions and push_withdrawals out of the rule."
        )
    if status in _NO_PLACE:
        return DestinationMisconfigured(
            f"{host} does not {doing} at this address: {words}. Correct the URL or "
            f"OPTIONS['method'], or ask the partner to allow {method} there."
        )
    hint = " On a WebDAV server the folder may be missing." if status == 409 else ""
    return PermanentError(f"{host} refused to {doing}: {words}.{hint}")


def _later(status: int, message: str, wait: timedelta | None) -> TransientError:
    """A server that names a time for all requests keeps the whole destination waiting.

    One that does not may have stumbled over this item: the others are to go on.
    """
    if wait is not None and status in (429, 503):
        return Unreachable(message, retry_after=wait)
    return TransientError(message, retry_after=wait)


def _moved(
    destination: Destination, answer: Answer, doing: str, method: str
) -> DestinationMisconfigured:
    location = destination.redact(answer.headers.get("location", ""))
    new = moved_to(destination, location, with_path=method != "POST") if location else "nowhere"
    return DestinationMisconfigured(
        f"{where(destination)} did not {doing} but answered {answer.status} and points to {new}. "
        "Pigeon does not follow: the new place might not be the partner's. If it is, put it into "
        "the URL."
    )
