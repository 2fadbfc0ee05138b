"""Who asks, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pigeon.models.operation import Door
from pigeon.queue.steering import Refusal


@dataclass(frozen=True)
class By:
    """Who asks for something, and through which door."""

    actor: str
    door: Door


@dataclass(frozen=True)
class Done:
    """What came of an operation, or would come of it.

    Attributes:
        number: items that were changed, or queued.
        refused: items that were chosen and left as they are.
        reasons: why they were, in words that follow "they are" → how many.
    """

    number: int
    refused: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def why(self) -> str:
        """Why items were left as they are, such as ``"2 in progress now, 1 expired"``."""
        return ", ".join(f"{number} {reason}" for reason, number in self.reasons.items())

    @property
    def force_helps(self) -> bool:
        """Whether some of them would go again if that were forced."""
        return not {Refusal.NEWER, Refusal.EXPIRED}.isdisjoint(self.reasons)
