"""Taking secrets out of text, in whatever way they are written there."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from functools import lru_cache

REDACTED = "[redacted]"


def redact(text: str, secrets: Sequence[str]) -> str:
    """``text`` without ``secrets``; of two that overlap the earlier in the list goes first.

    Each character is found as itself and as URLs, ``repr``, JSON and HTML write it, in any
    mixture, and as URLs write what the others have written: a library quotes in its own way.
    """
    if not secrets:
        return text
    return _any_of(tuple(secrets)).sub(REDACTED, text)


@lru_cache(maxsize=256)
def _any_of(secrets: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(_pattern, secrets)))


def _pattern(secret: str) -> str:
    return "".join(map(_any_form, secret))


def _any_form(character: str) -> str:
    forms = {
        character,
        html.escape(character),
        json.dumps(character)[1:-1],
        character.encode("unicode_escape").decode(),
    }
    forms |= {f"\\{character}"} if character in "'\"" else set()
    forms |= {"+"} if character == " " else set()
    # A form may itself stand in a URL, as JSON does in a query.
    found = ["".join(map(_maybe_percent, form)) for form in forms]
    return f"(?:{'|'.join(sorted(found, key=len, reverse=True))}|{_percent(character)})"


def _maybe_percent(character: str) -> str:
    return f"(?:{re.escape(character)}|{_percent(character)})"


def _percent(character: str) -> str:
    """A pattern for the percent-encoded ``character``, in both cases of its digits."""
    octets = character.encode("utf-8", "surrogatepass")
    return f"(?i:{''.join(f'%{octet:02x}' for octet in octets)})"
