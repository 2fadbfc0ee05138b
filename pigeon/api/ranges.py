"""Ranges of time and size that parameters ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_BOUNDS = ("gte", "lte")


def between(asked: Mapping[str, Any], name: str, field: str) -> dict[str, Any]:
    """The conditions on ``field`` that the parameters ``name``, ``…__gte``, ``…__lte`` mean."""
    found = {
        f"{field}__{bound}": asked[f"{name}__{bound}"]
        for bound in _BOUNDS
        if f"{name}__{bound}" in asked
    }
    return found | ({field: asked[name]} if name in asked else {})


def within(asked: Mapping[str, Any], name: str, value: Any) -> bool:
    """Whether ``value`` is in the range that the parameters ``name`` mean."""
    least, most = asked.get(f"{name}__gte", value), asked.get(f"{name}__lte", value)
    return bool(least <= value <= most and asked.get(name, value) == value)
