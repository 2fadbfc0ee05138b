"""Text from elsewhere, made fit to be stored."""

from __future__ import annotations


def storable(text: str) -> str:
    """``text`` without what databases refuse: NUL, and halves of surrogate pairs.

    PostgreSQL takes no NUL in text, and neither takes what is no Unicode.
    """
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
