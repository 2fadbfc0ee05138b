"""``dummy://``: deliveries are kept in memory, for tests and for trying rules out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from pigeon.parcel import Receipt
from pigeon.senders.base import Action, Delivery, Sender
from pigeon.senders.capabilities import Capabilities, Capability


@dataclass(frozen=True, slots=True)
class Sent:
    """One delivery that was made.

    Attributes:
        destination: name of the destination.
        rule: name of the rule.
        title: title of the object.
        action: ``"put"`` or ``"remove"``.
        files: relative path → content of what was put; for removals the content is empty.
    """

    destination: str
    rule: str
    title: str
    action: Action
    files: Mapping[str, bytes]


#: Everything that was delivered to ``dummy://`` destinations in this process, in order.
outbox: list[Sent] = []


class DummySender(Sender):
    """Keeps deliveries in :data:`outbox`."""

    schemes: ClassVar = ("dummy",)
    in_flight = 64

    async def open(self) -> None:
        """Nothing to connect to."""

    async def close(self) -> None:
        """Nothing to disconnect from."""

    async def probe(self) -> Capabilities:
        """There is nothing that could fail."""
        does = "keeps everything in the memory of this process"
        return Capabilities((Capability("keep", "yes", consequence=does, required=True),))

    async def send(self, delivery: Delivery) -> None:
        """Read the files, look at the lease, keep them."""
        put = {source.file.path: source.read() for source in delivery.sources}
        gone = [held.path for held in delivery.to_remove]
        await delivery.check_lease()
        self._keep(delivery, "put", put, "memory")
        self._keep(delivery, "remove", dict.fromkeys(gone, b""), "removed")

    def _keep(
        self, delivery: Delivery, action: Action, files: dict[str, bytes], published: str
    ) -> None:
        if not files:
            return
        name, frozen = self.destination.name, MappingProxyType(files)
        outbox.append(Sent(name, delivery.rule, delivery.title, action, frozen))
        digests = (
            {file.path: file.sha256 for file in delivery.parcel.files} if delivery.parcel else {}
        )
        for path, content in files.items():
            sha256 = digests.get(path, "") if action == "put" else ""
            delivery.record(
                Receipt(path, f"dummy:{path}", len(content), sha256, published, "none")
            )
