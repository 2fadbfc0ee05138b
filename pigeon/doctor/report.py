"""What an examination found: plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pigeon.destinations import Destination
from pigeon.senders.capabilities import Capability


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found out about one destination; it holds no secret.

    Attributes:
        destination: its name.
        url: its URL without secrets; empty if it has no usable one.
        steps: what was tried, in order.
        facts: what the server told about itself: name → words.
    """

    destination: str
    url: str
    steps: tuple[Capability, ...]
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[Capability, ...]:
        """The steps without which nothing can be delivered, and which do not work."""
        return tuple(one for one in self.steps if one.required and one.answer == "no")

    @property
    def sound(self) -> bool:
        """Whether everything that a delivery needs works."""
        return not self.missing

    def as_json(self) -> dict[str, Any]:
        """The JSON-ready form."""
        return {
            "destination": self.destination,
            "url": self.url,
            "sound": self.sound,
            "facts": dict(self.facts),
            "steps": [one.as_json() for one in self.steps],
        }


def about(
    destination: Destination, steps: Iterable[Capability], facts: Mapping[str, str]
) -> Report:
    """The report on ``destination``; its secrets are taken out of all that was said."""
    redact = destination.redact
    return Report(
        destination.name,
        destination.url,
        tuple(replace(one, detail=redact(one.detail)) for one in steps),
        {name: redact(words) for name, words in facts.items()},
    )
