"""What a server or the system says, fit for a message."""

from __future__ import annotations

from pigeon.destinations import Destination
from pigeon.remotes.base import SAID_LENGTH


def one_line(destination: Destination, words: object) -> str:
    """``words`` for a message: on one line, short, without our secrets."""
    text = destination.redact(str(words))
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(text.split())[:SAID_LENGTH].rstrip(". ")
