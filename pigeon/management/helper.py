"""What one more process of a push does; nothing is imported before Django is set up."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from typing import Any


def help_pushing(asked: dict[str, Any], pipe: Connection, *, watched: bool) -> None:
    """Push like the process that started us, and tell it what came of it.

    Args:
        asked: the fields of :class:`pigeon.engine.Options`.
        pipe: gets ``("progress", destination, Counts)`` as often as something is recorded, if
            ``watched``; at the end ``("summary", Summary)`` or ``("failed", sentence)``.
        watched: somebody looks at the progress.
    """
    import django

    django.setup()
    from pigeon import engine
    from pigeon.management.log import say_once

    _end_with_parent()
    if not asked["forever"]:
        say_once()
    try:
        progress = _teller(pipe) if watched else None
        pipe.send(("summary", engine.push(engine.Options(**asked), progress)))
    except Exception as error:  # noqa: BLE001 - the other process says it, with its status
        pipe.send(("failed", f"{type(error).__name__}: {error}"))


def _end_with_parent() -> None:
    """Stop in order when the process that started us is gone, even if it was killed."""
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True, name="pigeon-parent").start()


def _teller(pipe: Connection) -> Callable[..., None]:
    from pigeon.engine import Summary

    summary = Summary()

    def tell(destination: str, results: Any) -> None:
        summary.add(destination, results)
        pipe.send(("progress", destination, summary.destinations[destination]))

    return tell
