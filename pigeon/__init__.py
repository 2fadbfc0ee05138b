"""Pigeon pushes content to partners by rules: whole, in order, with proof.

The public names are loaded at first use, so that ``import pigeon`` works before Django's app
registry is ready.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pigeon.version import __version__

if TYPE_CHECKING:
    from pigeon.configuration import (
        DefaultConfiguration,
        MassPusherConfiguration,
        SequentialPusherConfiguration,
    )
    from pigeon.makers.binary import BinaryOutputMaker
    from pigeon.makers.serialized import SerializedOutputMaker
    from pigeon.makers.template import TemplateOutputMaker
    from pigeon.packers.flat import FlatPacker
    from pigeon.packers.tar import TARPacker
    from pigeon.packers.zip import ZIPPacker
    from pigeon.registry import register, unregister
    from pigeon.select import add_item_to_push, enqueue
    from pigeon.senders.base import Sender, SyncSender
    from pigeon.senders.registry import register_sender
    from pigeon.supervisors import BaseSupervisor
    from pigeon.tracking import DirtyFieldsMixin

#: Public name → module that defines it.
_HOMES = {
    "register": "pigeon.registry",
    "unregister": "pigeon.registry",
    "DefaultConfiguration": "pigeon.configuration",
    "SequentialPusherConfiguration": "pigeon.configuration",
    "MassPusherConfiguration": "pigeon.configuration",
    "BaseSupervisor": "pigeon.supervisors",
    "TemplateOutputMaker": "pigeon.makers.template",
    "BinaryOutputMaker": "pigeon.makers.binary",
    "SerializedOutputMaker": "pigeon.makers.serialized",
    "FlatPacker": "pigeon.packers.flat",
    "ZIPPacker": "pigeon.packers.zip",
    "TARPacker": "pigeon.packers.tar",
    "Sender": "pigeon.senders.base",
    "SyncSender": "pigeon.senders.base",
    "register_sender": "pigeon.senders.registry",
    "DirtyFieldsMixin": "pigeon.tracking",
    "add_item_to_push": "pigeon.select",
    "enqueue": "pigeon.select",
}

__all__ = [
    "BaseSupervisor",
    "BinaryOutputMaker",
    "DefaultConfiguration",
    "DirtyFieldsMixin",
    "FlatPacker",
    "MassPusherConfiguration",
    "Sender",
    "SequentialPusherConfiguration",
    "SerializedOutputMaker",
    "SyncSender",
    "TARPacker",
    "TemplateOutputMaker",
    "ZIPPacker",
    "__version__",
    "add_item_to_push",
    "enqueue",
    "register",
    "register_sender",
    "unregister",
]


def __getattr__(name: str) -> Any:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module 'pigeon' has no attribute {name!r}") from None
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return [*__all__]
