"""Pushing inside a test: in its transaction, to memory, and with a folder of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.test import override_settings

from pigeon import engine
from pigeon.conf import PREFIX
from pigeon.engine import Summary
from pigeon.senders import dummy
from pigeon.senders.registry import all_served_by


def push(
    *,
    rules: Iterable[str] = (),
    destinations: Iterable[str] = (),
    limit: int | None = None,
    retry_now: bool = False,
) -> Summary:
    """Push what is queued, as ``pigeon_push`` does, in this thread and its transaction.

    Args:
        rules: names of rules; empty for all.
        destinations: names of destinations; empty for all.
        limit: push at most so many items.
        retry_now: push also items that wait for the time of their next attempt.

    Returns:
        What came of it, counted by destination: ``push().total("pushed")``.

    Raises:
        NotRegistered: there is no such rule or destination.
    """
    options = engine.Options(
        rules=tuple(rules), destinations=tuple(destinations), limit=limit, retry_now=retry_now
    )
    return engine.push(options)


@contextmanager
def captured() -> Iterator[list[dummy.Sent]]:
    """Let every destination, whatever its URL, deliver into the emptied ``outbox``.

    No partner is ever reached, and parcels are kept in a temporary folder::

        with captured() as outbox:
            story.save()
            push()
        assert outbox[0].files["story.xml"].startswith(b"<story")
    """
    dummy.outbox.clear()
    with all_served_by(dummy.DummySender), private_output():
        yield dummy.outbox


@contextmanager
def private_output() -> Iterator[Path]:
    """Make ``PIGEON_OUTPUT_DIRECTORY`` a temporary folder for a while."""
    with (
        tempfile.TemporaryDirectory(prefix="pigeon-") as folder,
        override_settings(**{f"{PREFIX}OUTPUT_DIRECTORY": folder}),
    ):
        yield Path(folder)
