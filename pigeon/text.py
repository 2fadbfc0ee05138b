"""Text from elsewhere, made fit to be stored; numbers, fit to be read."""

from __future__ import annotations


def storable(text: str) -> str:
    """``text`` without what databases refuse: NUL, and halves of surrogate pairs.

    PostgreSQL takes no NUL in text, and neither takes what is no Unicode.
    """
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def sentence(words: str) -> str:
    """``words`` with a full stop, unless they end with a mark of their own."""
    return words if words.endswith((".", "!", "?")) else f"{words}."


def counted(number: int, what: str) -> str:
    """``number`` of ``what``, such as ``"1 item"`` or ``"2 items"``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def size(number: int) -> str:
    """``number`` of bytes, such as ``"12.5 KB"``; a KB has 1,000 bytes."""
    amount, units = float(number), ["bytes", "KB", "MB", "GB", "TB"]
    while amount >= 999.95 and len(units) > 1:
        amount /= 1000
        units.pop(0)
    return f"{number} bytes" if units[0] == "bytes" else f"{amount:.1f} {units[0]}"


def spoken(seconds: float) -> str:
    """``seconds`` as people say it: in the largest unit that is there twice, at least."""
    for length, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit}"
    return f"{seconds:.0f} s"
