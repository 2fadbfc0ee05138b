"""The example of the documentation: what a site writes to deliver in its own way."""

from __future__ import annotations

from pathlib import Path

import pigeon
from pigeon.exceptions import DestinationMisconfigured
from pigeon.parcel import Receipt
from pigeon.senders.base import Delivery


@pigeon.register_sender
class TubeSender(pigeon.SyncSender):
    """``tube:///station``: into the pneumatic tube, whose stations are folders."""

    schemes = ("tube",)

    def open(self) -> None:
        station = Path(self.destination.path)
        if not station.is_dir():
            raise DestinationMisconfigured(f"There is no station {station}: build it.")

    def send(self, delivery: Delivery) -> None:
        for source in delivery.sources:
            target = Path(self.destination.path, source.file.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(f".{delivery.token}.part")
            content = source.read()
            self.check_lease(delivery)
            part.write_bytes(content)
            part.replace(target)
            facts = source.file.path, str(target), source.file.size, source.file.sha256
            delivery.record(Receipt(*facts, "rename", "none"))
        for held in delivery.to_remove:
            self.check_lease(delivery)
            target = Path(self.destination.path, held.path)
            target.unlink(missing_ok=True)
            delivery.record(Receipt(held.path, str(target), 0, "", "removed", "none"))
