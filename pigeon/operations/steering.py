"""What people do to items that are in the queue: any number of them, in pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from django.db import transaction

from pigeon import queue
from pigeon.conf import conf
from pigeon.exceptions import OperationRefused
from pigeon.models.chunks import chunks
from pigeon.models.operation import Verb
from pigeon.operations.record import Record
from pigeon.operations.selection import Selection
from pigeon.operations.values import By, Done
from pigeon.queue.steering import Page, Steered
from pigeon.registry import registry
from pigeon.text import storable

#: The smallest and the largest priority; the column's limits.
PRIORITIES = (-32768, 32767)
#: Ids that one query names; SQLite takes no more than 32,766 parameters.
NAMED_AT_ONCE = 10_000


def send_again(
    selection: Selection,
    by: By,
    *,
    using: str | None = None,
    rerender: bool = False,
    force: bool = False,
    dry_run: bool = False,
) -> Done:
    """Let items go again: as sent (their stored parcel), or rendered anew.

    Those that wait for another attempt are due at once. As sent, an item is refused when
    something newer went to the same place; so is what has expired.

    Args:
        selection: which items.
        by: who asks.
        using: alias of the queue's database; every queue unless given.
        rerender: render the objects as they are now.
        force: send also what would be refused for its age.
        dry_run: only count.

    Raises:
        OperationRefused: nothing was chosen, or not clearly.
    """
    verb = Verb.RENDERED_ANEW if rerender else Verb.SENT_AGAIN

    def steer(page: Page) -> Steered:
        return queue.steering.send_again(page, rerender=rerender, force=force)

    detail = "forced" if force else ""
    return _work(selection, verb, by, using, steer, detail=detail, dry_run=dry_run)


def cancel(
    selection: Selection, by: By, *, using: str | None = None, dry_run: bool = False
) -> Done:
    """Call off items that wait. Arguments and errors as for :func:`send_again`."""
    message = storable(f"Cancelled by {by.actor or 'somebody'}.")

    def steer(page: Page) -> Steered:
        return queue.steering.cancel(page, message)

    return _work(selection, Verb.CANCELLED, by, using, steer, dry_run=dry_run)


def reset(
    selection: Selection, by: By, *, using: str | None = None, dry_run: bool = False
) -> Done:
    """Make items new again, to be rendered anew. As :func:`send_again` otherwise."""
    return _work(selection, Verb.RESET, by, using, queue.steering.reset, dry_run=dry_run)


def set_priority(
    selection: Selection,
    priority: int,
    by: By,
    *,
    using: str | None = None,
    dry_run: bool = False,
) -> Done:
    """Let waiting items go before all with a lower number. As :func:`send_again` otherwise.

    Raises:
        OperationRefused: also if ``priority`` is not between -32768 and 32767.
    """
    lowest, highest = PRIORITIES
    if not lowest <= priority <= highest:
        raise OperationRefused(f"A priority is a whole number from {lowest} to {highest}.")

    def steer(page: Page) -> Steered:
        return queue.steering.set_priority(page, priority)

    detail = f"priority {priority}"
    return _work(selection, Verb.PRIORITY, by, using, steer, detail=detail, dry_run=dry_run)


def move(
    selection: Selection,
    to: str,
    by: By,
    *,
    using: str | None = None,
    rerender: bool = False,
    force: bool = False,
    dry_run: bool = False,
) -> Done:
    """Let items go to the destination ``to`` instead: those that wait, and finished ones again.

    Raises:
        OperationRefused: also if there is no destination ``to``.
    """
    known = registry.destinations()
    if to not in known:
        raise OperationRefused(
            f"There is no destination {to!r} to move items to. Known names: "
            f"{', '.join(sorted(known)) or 'none'}."
        )

    def steer(page: Page) -> Steered:
        return queue.steering.move(page, to, rerender=rerender, force=force)

    words = (f"to {to}", "rendered anew" if rerender else "", "forced" if force else "")
    detail = ", ".join(filter(None, words))
    return _work(selection, Verb.MOVED, by, using, steer, detail=detail, dry_run=dry_run)


def _work(
    selection: Selection,
    verb: Verb,
    by: By,
    using: str | None,
    steer: Callable[[Page], Steered],
    *,
    detail: str = "",
    dry_run: bool,
) -> Done:
    """Let ``steer`` change the chosen items page by page; each page is committed by itself."""
    number, reasons = 0, Counter[str]()
    for alias in _aliases(selection, using):
        record = Record(
            verb, by, alias, chosen=selection.words(), destination=selection.destination,
            detail=detail,
        )  # fmt: skip
        for pks in chunks(_chosen(selection, alias)):
            with transaction.atomic(using=alias):
                page = Page(pks, alias, selection.statuses, dry_run)
                steered = steer(page)
                if not dry_run:
                    record.add(steered.ids)
            number += len(steered.ids)
            reasons.update({str(reason): count for reason, count in steered.refused.items()})
        record.tell()
    return Done(number, sum(reasons.values()), dict(reasons))


def _chosen(selection: Selection, using: str) -> list[int]:
    """Ids of the items, the oldest first; of many that are named, so many at a time."""
    parts: Iterable[Selection] = [selection]
    if selection.ids:
        parts = (replace(selection, ids=ids) for ids in chunks(selection.ids, NAMED_AT_ONCE))
    found = {pk for part in parts for pk in part.items(using).values_list("pk", flat=True)}
    return sorted(found)


def _aliases(selection: Selection, using: str | None) -> Iterable[str]:
    """The queues in which to look. An item's id means different items in different ones."""
    if using is None and selection.ids and len(conf.DATABASES) > 1:
        raise OperationRefused("Items have their ids within one database: say which one.")
    if using is not None and using not in conf.DATABASES:
        raise OperationRefused(
            f"The database {using!r} has no queue. Those that have: {', '.join(conf.DATABASES)}."
        )
    return conf.DATABASES if using is None else [using]
