"""What the buttons for items do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Protocol

from pigeon import operations
from pigeon.exceptions import OperationRefused
from pigeon.models.item import ItemToPush
from pigeon.models.status import FIRST_ERROR, WAITING, Status
from pigeon.operations import By, Done, Selection

#: Items that one press of a button may change; more are for the command line.
MOST = 50_000


class _Verb(Protocol):
    def __call__(
        self, selection: Selection, by: By, /, *, using: str | None, dry_run: bool
    ) -> Done: ...


@dataclass(frozen=True)
class _Facts:
    label: str
    question: str
    done: str
    verb: _Verb


class Deed(Enum):
    """A button for one item, or for many."""

    SEND_AGAIN = _Facts(
        "Send again as sent",
        "Send {} again as sent?",
        "will be sent again with the next push",
        operations.send_again,
    )
    FORCE = _Facts(
        "Send again although something newer went",
        "Send {} again as sent, over whatever is newer?",
        "will be sent again with the next push",
        partial(operations.send_again, force=True),
    )
    RENDER_ANEW = _Facts(
        "Render anew and send",
        "Render {} anew and send?",
        "will be rendered anew and sent with the next push",
        partial(operations.send_again, rerender=True),
    )
    CANCEL = _Facts("Cancel", "Cancel {}?", "cancelled", operations.cancel)
    RESET = _Facts("Reset", "Make {} new again?", "made new again", operations.reset)

    @property
    def slug(self) -> str:
        """Its name in forms, such as ``"send-again"``."""
        return self.name.lower().replace("_", "-")

    @property
    def label(self) -> str:
        """What stands on the button."""
        return self.value.label

    @property
    def is_risky(self) -> bool:
        """Whether one is asked before it is done to a single item, too."""
        return self is Deed.FORCE

    def question(self, number: int) -> str:
        """What is asked before it is done to ``number`` items."""
        return self.value.question.format(_items(number))

    def do(self, selection: Selection, by: By, *, using: str) -> Done:
        """Do it.

        Raises:
            OperationRefused: nothing was chosen, or more than :data:`MOST` items.
        """
        check_number(selection, using)
        return self.value.verb(selection, by, using=using, dry_run=False)

    def count(self, selection: Selection, by: By, *, using: str) -> Done:
        """What doing it would come to. Raises as :meth:`do`."""
        check_number(selection, using)
        return self.value.verb(selection, by, using=using, dry_run=True)

    def told(self, done: Done) -> str:
        """What was done, in words."""
        left = f" {_items(done.refused)} left as they are: {done.why}." if done.refused else ""
        return f"{_items(done.number)} {self.value.done}.{left}"


def deed(slug: str) -> Deed:
    """The button of that name. Raises ``KeyError`` when there is none."""
    return {each.slug: each for each in Deed}[slug]


def deeds_for(item: ItemToPush) -> list[Deed]:
    """What can be done to ``item`` as it stands."""
    if item.status in WAITING:
        return [Deed.SEND_AGAIN, Deed.CANCEL] if item.status == Status.RETRY else [Deed.CANCEL]
    if item.status == Status.IN_PROGRESS:
        return []
    if item.status >= FIRST_ERROR and item.parcel_id is None:  # there is nothing to send yet
        return [Deed.RENDER_ANEW, Deed.SEND_AGAIN, Deed.RESET]
    return [Deed.SEND_AGAIN, Deed.RENDER_ANEW, Deed.RESET]


def check_number(selection: Selection, using: str) -> None:
    """Refuse what would keep the browser waiting for minutes.

    Raises:
        OperationRefused: more than :data:`MOST` items.
    """
    if selection.items(using)[: MOST + 1].count() > MOST:
        raise OperationRefused(
            f"More than {MOST:,} items are chosen. Choose a shorter time, or let the command "
            "pigeon_retry do it: it takes the same filters."
        )


def _items(number: int) -> str:
    return "1 item" if number == 1 else f"{number:,} items"
