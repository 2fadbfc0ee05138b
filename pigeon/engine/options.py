"""What one run of the engine is asked to do."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field

from pigeon.conf import conf


def worker_name() -> str:
    """Names this process for people: host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True)
class Options:
    """Which items to push, and how.

    Attributes:
        rules: only items of these rules; empty: of all.
        destinations: only items for these destinations; empty: for all.
        limit: claim at most this many items in all; ``None``: all that wait.
        concurrency: how many destinations are served at the same time.
        forever: stay and poll instead of ending when nothing is left to do.
        retry_now: make waiting retries and destinations' next probes due at the start.
        threads: database work and rendering run in this many threads; 0: in the thread that
            called, whose transaction they see.
        processes: how many processes share the work, this one included. The engine starts none
            of them; it leaves them their share of a destination's connections.
        owner: the worker's name in leases and attempts.
    """

    rules: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    limit: int | None = None
    concurrency: int = field(default_factory=lambda: conf.CONCURRENCY)
    forever: bool = False
    retry_now: bool = False
    threads: int = 0
    processes: int = 1
    owner: str = field(default_factory=worker_name)
