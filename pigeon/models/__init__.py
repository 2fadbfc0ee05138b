"""The tables of the queue and of what came of it."""

from pigeon.models.attempt import Outcome, PushAttempt
from pigeon.models.destination_state import DestinationState
from pigeon.models.hold import Hold
from pigeon.models.item import ItemToPush
from pigeon.models.parcel import Parcel
from pigeon.models.publication import Publication
from pigeon.models.status import Action, Status

__all__ = [
    "Action",
    "DestinationState",
    "Hold",
    "ItemToPush",
    "Outcome",
    "Parcel",
    "Publication",
    "PushAttempt",
    "Status",
]
