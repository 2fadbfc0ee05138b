"""Whether a destination's options are such as its sender understands."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pigeon import limits
from pigeon.destinations import Destination
from pigeon.senders.base import COMMON_OPTIONS

_TYPE_NAMES: Mapping[object, str] = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    dict: "a dictionary",
    Callable: "a callable",
}
_POSITIVE = (
    "connections", "in_flight", "timeout", "delivery_timeout", "old_age", "too_old_age",
)  # fmt: skip


def problems(destination: Destination, understood: Mapping[str, Any]) -> list[str]:
    """Sentences about unknown options and values of the wrong type; values are not shown.

    Args:
        understood: the sender's own options and their types; the common ones are known.
    """
    known = {**COMMON_OPTIONS, **understood}
    found = [
        problem
        for name, value in destination.options.items()
        for problem in _option_problems(name, value, known)
    ]
    return found or list(limits.problems(destination))


def _option_problems(name: str, value: object, known: Mapping[str, Any]) -> Iterator[str]:
    if name not in known:
        yield _unknown(name, known)
    elif not _fits(value, known[name]):
        yield f"Option {name!r} must be {_described(known[name])}, not {type(value).__name__}."
    elif name in _POSITIVE and value <= 0:  # type: ignore[operator]
        yield f"Option {name!r} must be more than 0."


def _unknown(name: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(str(name), known, n=1)
    hint = (
        f"Did you mean {close[0]!r}?" if close else f"Known options: {', '.join(sorted(known))}."
    )
    return f"Unknown option {name!r}. {hint}"


def _fits(value: object, types: Any) -> bool:
    if isinstance(value, bool):  # which Python counts as a whole number
        return types is bool or (isinstance(types, tuple) and bool in types)
    return isinstance(value, types)


def _described(types: Any) -> str:
    several = types if isinstance(types, tuple) else (types,)
    return " or ".join(_TYPE_NAMES.get(one, getattr(one, "__name__", str(one))) for one in several)
