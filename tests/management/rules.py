"""Rules and a sender that processes of their own find by ``PIGEON_CLASSES``."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from django.db.models import Model

import pigeon
from pigeon.parcel import Receipt
from pigeon.senders.base import Delivery
from tests.apps.newsroom.models import Story

#: Seconds after which a sender that nobody lets go on gives up.
PATIENCE = 60


class Partner(pigeon.DefaultConfiguration):
    """Stories as JSON; one whose title says so cannot be rendered."""

    models = [Story]
    extension = "json"

    def get_output_makers(self, instance: Model) -> list[Any]:
        if "broken" in str(instance):
            raise RuntimeError("the story is broken")
        return [pigeon.SerializedOutputMaker(self, instance)]

    def filter_by_state(self, instance: Model) -> bool:
        return "secret" not in str(instance)


class Daily(pigeon.MassPusherConfiguration):
    """All stories whose title begins with the argument, in one archive."""

    packer = pigeon.ZIPPacker
    extension = "json"

    def get_items_to_push(self, *args: str) -> Any:
        (beginning,) = args
        return Story.objects.filter(title__startswith=beginning)

    def get_output_makers(self, instance: Model) -> list[Any]:
        return [pigeon.SerializedOutputMaker(self, instance)]


class Slow(pigeon.SyncSender):
    """Says that it has begun, then waits until it may go on."""

    schemes = ("slow",)

    def send(self, delivery: Delivery) -> None:
        folder = Path(os.environ["PIGEON_TEST_SLOW"])
        (folder / "begun").touch()
        for _ in range(PATIENCE * 50):
            if (folder / "go").exists():
                break
            time.sleep(0.02)
        assert delivery.parcel
        for file in delivery.parcel.files:
            delivery.record(
                Receipt(file.path, file.path, file.size, file.sha256, "memory", "none")
            )
