"""One thing that goes wrong on a line, at a chosen byte or command."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

#: ``delay``: nothing passes for a moment. ``throttle``: from here on, little passes at once.
#: ``drop``: both sides see an orderly end. ``reset``: both sides see a broken connection.
#: ``half-close``: the receiver sees the end, what else the sender says is swallowed.
#: ``corrupt``: a bit is flipped. ``freeze``: the whole line is silent from here on.
Kind = Literal["delay", "throttle", "drop", "reset", "half-close", "corrupt", "freeze"]
Side = Literal["client", "server"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SIDES: tuple[Side, ...] = get_args(Side)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, and where; each happens once.

    Attributes:
        kind: what happens.
        side: whose bytes it happens to.
        at: how many bytes of that side have passed before, over all connections of the line.
        command: instead of ``at``, a command of FTP that the client sends: the fault hits the
            command itself (``side`` is the client's) or the answer to it (the server's).
        data: only bytes of FTP's data connections count and are hit.
    """

    kind: Kind
    side: Side
    at: int = 0
    command: str = ""
    data: bool = False

    def position(self, side: Side, block: bytes, passed: int) -> int | None:
        """Where in ``block``, before which ``passed`` bytes came, it happens; else ``None``."""
        if self.command or side != self.side:
            return None
        return self.at - passed if passed <= self.at < passed + len(block) else None

    def names(self, block: bytes) -> int | None:
        """Where in ``block`` of the client's control connection its command begins."""
        start = block.find(self.command.encode() + b" ") if self.command else -1
        return None if start < 0 else start


class Faults:
    """The faults of one line that have not happened yet, and how many bytes have passed."""

    def __init__(self, *faults: Fault) -> None:
        self._waiting = list(faults)
        #: How many have happened.
        self.struck = 0
        #: Whose command has passed: the server's next word is hit.
        self._due: list[Fault] = []
        self._passed = {(side, data): 0 for side in SIDES for data in (False, True)}

    def cut(self, side: Side, block: bytes, *, data: bool) -> Iterator[tuple[bytes, Fault | None]]:
        """``block`` in pieces, each with the fault that happens after it."""
        while (hit := self._next(side, block, data)) is not None:
            position, fault = hit
            self.struck += 1
            self._count(side, position, data)
            yield block[:position], fault
            block = block[position:]
            if fault.kind == "corrupt" and block:
                block = bytes([block[0] ^ 1]) + block[1:]
        self._count(side, len(block), data)
        yield block, None

    def _next(self, side: Side, block: bytes, data: bool) -> tuple[int, Fault] | None:
        if side == "server" and not data and self._due:
            return 0, self._due.pop(0)
        hits = [
            (position, fault)
            for fault in self._waiting
            if (position := self._position(fault, side, block, data)) is not None
        ]
        if not hits:
            return None
        position, fault = min(hits, key=lambda hit: hit[0])
        self._waiting.remove(fault)
        if fault.command and fault.side == "server":
            self._due.append(fault)
            return self._next(side, block, data)
        return position, fault

    def _position(self, fault: Fault, side: Side, block: bytes, data: bool) -> int | None:
        if fault.command:
            return fault.names(block) if side == "client" and not data else None
        if fault.data and not data:
            return None
        passed = self._passed[side, True] + (0 if fault.data else self._passed[side, False])
        return fault.position(side, block, passed)

    def _count(self, side: Side, size: int, data: bool) -> None:
        self._passed[side, data] += size
