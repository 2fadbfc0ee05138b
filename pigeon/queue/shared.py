"""One look at the queues that several answers share, such as all that one page says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")
_seen: ContextVar[dict[Any, Any] | None] = ContextVar("pigeon_seen", default=None)


@contextmanager
def one_look() -> Iterator[None]:
    """Within it, what :func:`once` decorates asks the database once for the same arguments."""
    token = _seen.set({})
    try:
        yield
    finally:
        _seen.reset(token)


def once(function: Callable[P, R]) -> Callable[P, R]:
    """Decorator of a function with hashable arguments, whose result nobody may change."""

    @wraps(function)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        seen = _seen.get()
        if seen is None:
            return function(*args, **kwargs)
        key = (function, args, *sorted(kwargs.items()))
        if key not in seen:
            seen[key] = function(*args, **kwargs)
        return cast("R", seen[key])

    return asked
