from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pigeon.senders.capabilities import Capabilities, Capability
from tests.contracts.conftest import partners, place  # noqa: F401 - fixtures
from tests.contracts.places import Place, opened
from tests.management.conftest import run  # noqa: F401 - a fixture

Answers = dict[str, str]


def probed(place: Place, **more: Any) -> Capabilities:  # noqa: F811
    """What a probe finds at ``place``."""

    async def probe() -> Capabilities:
        async with opened(place.destination(**more)) as sender:
            return await sender.probe()

    return asyncio.run(probe())


def answers(found: Capabilities) -> Answers:
    return {one.name: one.answer for one in found.capabilities}


def one(found: Capabilities, name: str) -> Capability:
    [match] = [each for each in found.capabilities if each.name == name]
    return match


def everything(folder: Path) -> list[tuple[str, bytes]]:
    """Every path in ``folder``, with its content."""
    return sorted(
        (path.relative_to(folder).as_posix(), path.read_bytes() if path.is_file() else b"")
        for path in folder.rglob("*")
    )


@pytest.fixture
def untouched(place: Place) -> Callable[[], None]:  # noqa: F811
    """Call it at the end: the partner's own files are as they were, and nothing else is there."""
    place.write("theirs.txt", b"theirs")
    place.write("sub/.hidden.part", b"theirs, too")
    before = everything(place.folder)

    def check() -> None:
        assert everything(place.folder) == before

    return check


@pytest.fixture
def hanging() -> Iterator[int]:
    """A port where connections are taken, and then nothing is said."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]
