"""Who is at work: the person for whom the present code runs, wherever it may be called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Name = str | Callable[[], str]

_actor: ContextVar[Name] = ContextVar("pigeon_actor", default="")


def current_actor() -> str:
    """The name of whoever is at work; empty: nobody said.

    Raises:
        Exception: whatever a callable given to :func:`acting_as` raises.
    """
    name = _actor.get()
    return name() if callable(name) else name


@contextmanager
def acting_as(name: Name) -> Iterator[None]:
    """While the block runs, ``name`` is at work, in this thread or task.

    Args:
        name: the name, or a callable that finds it out when somebody asks.
    """
    token = _actor.set(name)
    try:
        yield
    finally:
        _actor.reset(token)
