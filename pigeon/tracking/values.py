"""How the value of a field is remembered, and when two values are the same.

What is remembered must not change when the instance's value is changed in place, and must be
cheap: values that cannot change are kept as they are, everything else is copied.
"""

from __future__ import annotations

import copy
import datetime
import decimal
import uuid
from types import NoneType
from typing import Any, Final

from django.core.files import File
from django.db.models import Field

#: Stands for a value that only the database knows, or that cannot be copied.
UNKNOWN: Final = object()

#: Types whose values never change; subclasses may, so only the types themselves count.
_ATOMS = frozenset(
    {
        NoneType, bool, int, float, str, bytes, decimal.Decimal, uuid.UUID,
        datetime.date, datetime.datetime, datetime.time, datetime.timedelta,
    }
)  # fmt: skip


def freeze(value: Any) -> Any:
    """A copy of ``value`` that stays as it is, or :data:`UNKNOWN` if there can be none.

    A file is remembered by its name; an expression, such as ``F("n") + 1``, and a file that is
    yet to be stored are unknown.
    """
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is dict:
        return {key: each if type(each) in _ATOMS else freeze(each) for key, each in value.items()}
    if kind is list:
        return [each if type(each) in _ATOMS else freeze(each) for each in value]
    return _freeze_object(value)


def _freeze_object(value: Any) -> Any:
    if value is UNKNOWN or hasattr(value, "resolve_expression") or is_new_file(value):
        return UNKNOWN
    if isinstance(value, File):
        return value.name
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    try:
        return copy.deepcopy(value)
    except Exception:  # noqa: BLE001 - a foreign type; saying "modified" too often is safe
        return UNKNOWN


def is_new_file(value: Any) -> bool:
    """Whether ``value`` is a file whose content the next save will store."""
    return isinstance(value, File) and not getattr(value, "_committed", False)


def same(field: Field[Any, Any], one: Any, other: Any) -> bool:
    """Whether two frozen values of ``field`` mean the same in the database."""
    if one is UNKNOWN or other is UNKNOWN:
        return False
    if isinstance(one, dict | list):
        return _same_inside(one, other)
    try:
        if one == other:
            return True
        # A form's or a script's "5" is the 5 that was loaded.
        return type(one) is not type(other) and bool(
            field.to_python(one) == field.to_python(other)
        )
    except Exception:  # noqa: BLE001 - a foreign type's own comparison; see freeze
        return False


def _same_inside(one: Any, other: Any) -> bool:
    """Compare containers strictly: to JSON, ``1``, ``1.0`` and ``true`` are three things."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(
            _same_inside(value, other[key]) for key, value in one.items()
        )
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same_inside, one, other))
    return one is other or bool(one == other)
