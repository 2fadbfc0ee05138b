"""A sender that writes down when it did what, for tests with several processes."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any, ClassVar

from pigeon.senders.base import Delivery, Sender


class Logged(Sender):
    """Takes ``seconds`` for each delivery; every event is a line of the file ``log``."""

    schemes: ClassVar = ("logged",)
    options: ClassVar = {"log": str, "seconds": (int, float)}

    async def open(self) -> None:
        self._write("open")

    async def send(self, delivery: Delivery) -> None:
        self._write("begin")
        await asyncio.sleep(self.destination.options.get("seconds", 0))
        self._write("end")

    async def close(self) -> None:
        self._write("close")

    def _write(self, what: str) -> None:
        event = [time.monotonic(), what, self.destination.name, os.getpid()]
        with Path(self.destination.options["log"]).open("a", encoding="utf-8") as log:
            log.write(json.dumps(event) + "\n")


def events(log: Path, *whats: str) -> list[list[Any]]:
    """The events of these kinds, in the order of time: seconds, kind, destination, process."""
    found = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return sorted(event for event in found if event[1] in whats)


def most(log: Path, begins: str, ends: str) -> int:
    """How many were under way at the same time at most."""
    now = most = 0
    for _, what, _, _ in events(log, begins, ends):
        now += 1 if what == begins else -1
        most = max(most, now)
    return most
