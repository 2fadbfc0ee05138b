"""The tables of the queue and of what came of it."""

from pigeon.models.alert import Alert
from pigeon.models.attempt import Outcome, PushAttempt
from pigeon.models.destination_state import DestinationState
from pigeon.models.hold import Hold
from pigeon.models.item import ItemToPush
from pigeon.models.operation import Operation, OperationItem
from pigeon.models.pace import Pace
from pigeon.models.parcel import Parcel
from pigeon.models.publication import Publication
from pigeon.models.status import Action, Status
from pigeon.models.tally import Tally

__all__ = [
    "Action",
    "Alert",
    "DestinationState",
    "Hold",
    "ItemToPush",
    "Operation",
    "OperationItem",
    "Outcome",
    "Pace",
    "Parcel",
    "Publication",
    "PushAttempt",
    "Status",
    "Tally",
]
