"""``rate``: how many items and bytes may go to a destination in a time."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pigeon.exceptions import ConfigurationError

_SECONDS = {"s": 1, "min": 60, "h": 3600}
#: Units of what is counted; an empty one means items.
_BYTES = {
    "B": 1, "kB": 1000, "MB": 1000**2, "GB": 1000**3,
    "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3,
}  # fmt: skip
_PART = re.compile(rf"(\d+(?:\.\d+)?)\s*({'|'.join(_BYTES)}|items?|)\s*/\s*({'|'.join(_SECONDS)})")


@dataclass(frozen=True, slots=True)
class Rate:
    """Seconds that things take at the most that is allowed; 0 where nothing limits them.

    Attributes:
        item: seconds for an item.
        byte: seconds for a byte.
    """

    item: float = 0.0
    byte: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Rate:
        """The rate that ``text`` means: items, bytes, or both with a comma between.

        Raises:
            ConfigurationError: it is malformed.
        """
        found: dict[str, float] = {}
        for part in text.split(","):
            match = _PART.fullmatch(part.strip())
            if match is None or not float(match[1]):
                reason = f"{part.strip()!r} is no number of items or bytes a time"
                raise _malformed(text, reason)
            kind = "byte" if match[2] in _BYTES else "item"
            if kind in found:
                raise _malformed(text, f"it limits {kind}s twice")
            found[kind] = _SECONDS[match[3]] / (float(match[1]) * _BYTES.get(match[2], 1))
        return cls(**found)

    def cost(self, size: int) -> float:
        """Seconds of the destination's time that an item of ``size`` bytes uses up."""
        return max(self.item, self.byte * size)


def _malformed(text: str, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"Option 'rate' is {text!r}, but {reason}. Write it as in '10/s', '600/min', '2 MB/s' "
        "or '10/s, 2 MB/s'."
    )
