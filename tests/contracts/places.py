"""Where files can be delivered to, for suites that every place has to pass."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pigeon.destinations import Destination
from pigeon.senders.base import Delivery, Sender
from pigeon.senders.registry import make_sender
from tests.senders.parcels import destination

_numbers = itertools.count(1)


@dataclass
class Place:
    """A destination's folder, seen from outside.

    Attributes:
        url: of the folder.
        folder: the same folder on our disk.
        options: that log in.
        own: gives a path made by the test to the server's user.
    """

    url: str
    folder: Path
    options: dict[str, Any] = field(default_factory=dict)
    own: Callable[[Path], None] = lambda path: None

    def destination(self, **more: Any) -> Destination:
        return destination(self.url, **self.options | more)

    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }

    def write(self, path: str, content: bytes) -> Path:
        """A file that stands there already."""
        target = self.folder / path
        missing = [parent for parent in target.parents if not parent.exists()]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        for made in [*missing, target]:
            self.own(made)
        return target

    def send(self, *deliveries: Delivery, **more: Any) -> None:
        """Open a sender, send one after another, close it."""

        async def all_of_them(sender: Sender) -> None:
            for one in deliveries:
                await sender.send(one)

        self.use(all_of_them, **more)

    def use(self, what: Callable[[Sender], Coroutine[Any, Any, None]], **more: Any) -> None:
        """Run ``what`` with an open sender."""

        async def run() -> None:
            async with opened(self.destination(**more)) as sender:
                await what(sender)

        asyncio.run(run())


@asynccontextmanager
async def opened(what: Destination) -> AsyncIterator[Sender]:
    sender = make_sender(what)
    try:
        await sender.open()
        yield sender
    finally:
        await sender.close()


def at_server(server: Any) -> Place:
    """A new folder at one of ``tests.servers``."""
    name = f"place{next(_numbers)}"
    folder = server.folder(name)
    return Place(server.url(name), folder, server.options(), server.own)


def at_partner(partner: Any) -> Place:
    """A new folder at one of ``pigeon.testing``'s servers."""
    name = f"place{next(_numbers)}"
    (partner.directory / name).mkdir()
    return Place(partner.url + name, partner.directory / name, partner.options)
