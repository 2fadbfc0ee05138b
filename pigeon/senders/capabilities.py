"""What a partner's server can do, as a probe found it: plain values for the doctor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

#: ``yes``: it works. ``no``: it does not. ``unknown``: nobody could tell. ``skipped``: not tried,
#: because something before it failed or the sender has no such thing.
Answer = Literal["yes", "no", "unknown", "skipped"]


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing that a server can or cannot do.

    Attributes:
        name: what was tried, in two or three words, such as ``"rename over a file"``.
        answer: whether it works.
        detail: what the server said or what was measured, on one line, without secrets.
        consequence: what Pigeon does because of it; empty when nothing changes.
        ask: what to ask the partner for, or which option to set; empty when all is well.
        required: without it nothing can be delivered.
    """

    name: str
    answer: Answer
    detail: str = ""
    consequence: str = ""
    ask: str = ""
    required: bool = False

    def as_json(self) -> dict[str, Any]:
        """The JSON-ready form."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """All that a probe found.

    Attributes:
        capabilities: one by one, in the order in which they were tried.
        facts: what the server told about itself: name → words.
    """

    capabilities: tuple[Capability, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether everything that a delivery needs works."""
        return all(one.answer != "no" for one in self.capabilities if one.required)
