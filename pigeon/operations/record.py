"""The record of an operation: who did what, through which door, to which items."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pigeon.models.chunks import CHUNK
from pigeon.models.operation import Operation, OperationItem, Verb
from pigeon.operations.values import By
from pigeon.queue import clock
from pigeon.text import counted, storable

logger = logging.getLogger("pigeon.operations")

#: Characters of a name; the column's length.
MAX_ACTOR = 255


class Record:
    """Grows with an operation, in the same transactions, so that it is never ahead or behind.

    Nothing is written as long as nothing was changed.

    Args:
        verb: what is done.
        by: who does it.
        using: alias of the database in which it is done.
        chosen: what was chosen, in words.
        destination: the destination it is about, if it is about one.
        detail: what else is to be known, such as a reason.
    """

    def __init__(
        self,
        verb: Verb,
        by: By,
        using: str,
        *,
        chosen: str = "",
        destination: str = "",
        detail: str = "",
    ) -> None:
        self._using = using
        self._operation = Operation(
            actor=storable(by.actor)[:MAX_ACTOR],
            door=by.door,
            verb=verb,
            destination=destination,
            chosen=storable(chosen),
            detail=storable(detail),
        )

    def add(self, ids: Sequence[int]) -> None:
        """Note that the operation was on the items ``ids``, too."""
        if not ids:
            return
        operation = self._operation
        operation.number += len(ids)
        self.write()
        rows = [OperationItem(operation=operation, item_id=pk) for pk in ids]
        OperationItem.objects.using(self._using).bulk_create(rows, batch_size=CHUNK)

    def write(self) -> None:
        """Write the record as it is now; one about a destination has no items."""
        self._operation.moment = self._operation.moment or clock(self._using)
        self._operation.save(using=self._using)

    def tell(self) -> None:
        """Say in the log what was done, if anything was."""
        done = self._operation
        if done.pk is None:
            return
        logger.info(
            "%s (%s): %s: %s",
            done.actor or "Somebody",
            done.get_door_display(),
            done.get_verb_display(),
            _in_words(done),
            extra={
                "operation": done.pk,
                "verb": done.verb,
                "actor": done.actor,
                "door": str(done.door),
                "destination": done.destination,
                "items": done.number,
                "database": self._using,
            },
        )


def _in_words(done: Operation) -> str:
    """What an operation was on, in one line, whatever somebody wrote."""
    words = done.chosen or done.destination
    words += f" ({done.detail})" if done.detail else ""
    if done.number:
        words += f", {counted(done.number, 'item')}"
    return " ".join(words.split())
