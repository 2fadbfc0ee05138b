"""Keys of things, as they stand in paths."""

from __future__ import annotations

import re

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError

_NUMBER = r"[0-9]{1,18}"
_ENTRY = rf"({_NUMBER})-([0-9]{{1,6}})"

#: What the document says of an id, and of that of an entry of the log.
NUMBER = OpenApiParameter(
    "id", {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}, OpenApiParameter.PATH
)
ENTRY = OpenApiParameter(
    "id", OpenApiTypes.STR, OpenApiParameter.PATH, pattern="^[0-9]{1,18}-[0-9]{1,6}$"
)


def number(text: str) -> int:
    """The id of an item or an attempt. Raises ``ValidationError`` if ``text`` is none."""
    if not re.fullmatch(_NUMBER, text):
        raise ValidationError(
            {"id": f"{text[:100]!r} is no id: ids are whole numbers of at most 18 digits."}
        )
    return int(text)


def entry(text: str) -> tuple[int, int]:
    """The ids of an attempt and of a file in it. Raises ``ValidationError`` as :func:`number`."""
    found = re.fullmatch(_ENTRY, text)
    if found is None:
        raise ValidationError(
            {"id": f"{text[:100]!r} is no id of an entry. Such ids are like 12-1."}
        )
    return int(found[1]), int(found[2])
