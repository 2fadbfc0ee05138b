"""From claimed items to deliveries that are ready to be sent: the blocking half of a lane."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.db import Error as AnyDatabaseError
from django.utils import timezone

from pigeon.destinations import Destination
from pigeon.engine import slots
from pigeon.engine.judge import judge, result_of
from pigeon.engine.overrun import expired_untried
from pigeon.engine.traces import left_behind
from pigeon.exceptions import (
    DeliveryError,
    NothingToPush,
    ParcelDamaged,
    PigeonError,
    TransientError,
)
from pigeon.export import Exported, completed, export
from pigeon.models.attempt import Outcome
from pigeon.models.item import ItemToPush
from pigeon.models.publication import Publication, of_objects, standing
from pigeon.models.status import Status
from pigeon.parcel import Held, Parcel
from pigeon.queue import Result
from pigeon.registry import registry
from pigeon.senders.base import Sender
from pigeon.senders.registry import make_sender

logger = logging.getLogger("pigeon.engine")


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """An item with everything that sending it takes.

    Attributes:
        item: the claimed row.
        parcel: what to put; ``None``: remove what is held.
        held: the object's files at the destination.
        remove_stale: whether held files that the parcel no longer has are to go.
        paths: every path at the destination that the delivery may touch.
        note: what the attempt's record should say of the parcel.
    """

    item: ItemToPush
    parcel: Parcel | None
    held: tuple[Held, ...]
    remove_stale: bool
    paths: frozenset[str]
    note: str = ""


@dataclass(slots=True)
class Prepared:
    """What became of a batch before anything was sent."""

    ready: list[Ready] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)


@dataclass(slots=True)
class Reserved:
    """Deliveries whose paths are ours, those that must wait, and those rendered too early."""

    ready: list[Ready] = field(default_factory=list)
    blocked: list[Ready] = field(default_factory=list)
    outdated: list[ItemToPush] = field(default_factory=list)


def prepare(destination: Destination, items: Sequence[ItemToPush], using: str) -> Prepared:
    """Export ``items``; each ends as ready, or as a result that says why not."""
    prepared = Prepared()
    alive = [item for item in items if not _expired(item, prepared)]
    held, sender = _held(alive, using), make_sender(destination)
    tried = [item for item in alive if item.previous_token]
    for pk, files in (left_behind(tried, using) if tried else {}).items():
        known = {each.path for each in held.get(pk, ())}
        held.setdefault(pk, []).extend(each for each in files if each.path not in known)
    try:
        outcomes = export(alive)
    except AnyDatabaseError as error:
        name = destination.name
        logger.exception("Export for %s failed", name, extra={"destination": name})
        outcomes = {item.id: error for item in alive}
    for item in alive:
        pk = item.id
        outcome = outcomes[pk]
        if isinstance(outcome, Exception):
            prepared.results.append(_refused(item, destination, outcome))
            continue
        try:
            parcel = _files(item, outcome, sender)
        except ParcelDamaged as error:
            prepared.results.append(_damaged(item, destination, error))
        except AnyDatabaseError as error:
            prepared.results.append(_refused(item, destination, error))
        else:
            _add(prepared, item, parcel, held.get(pk, ()), sender, outcome.note)
    return prepared


def reserve(destination: Destination, ready: Sequence[Ready], token: str, using: str) -> Reserved:
    """Take the paths of ``ready``, then look what stands there now.

    What is newer is not replaced, and what has become another object's is not removed.
    """
    wanted = {path for each in ready for path in each.paths}
    taken = slots.take_paths(destination, token, wanted)
    mine = [each for each in ready if each.paths <= taken]
    there = _standing(destination, mine, using)
    reserved = Reserved()
    if len(mine) < len(ready):
        reserved.blocked = [each for each in ready if not each.paths <= taken]
    for each in mine:
        if _is_outdated(each, there):
            reserved.outdated.append(_to_render_anew(each.item))
        else:
            reserved.ready.append(_without_others(each, there))
    unused = taken.difference(*(each.paths for each in reserved.ready))
    if unused:
        slots.free_paths(destination, token, unused)
    return reserved


def _expired(item: ItemToPush, prepared: Prepared) -> bool:
    if item.expires is None or item.expires > timezone.now():
        return False
    prepared.results.append(replace(result_of(item, expired_untried(item)), traces=False))
    return True


def _files(item: ItemToPush, outcome: Exported, sender: Sender) -> Parcel | None:
    """What is to be put, with all digests if they are needed before it is sent.

    What an earlier attempt may have left is compared with them.

    Raises:
        ParcelDamaged: it changed after it was rendered. It is thrown away, as when that turns
            out while it is sent.
    """
    if outcome.parcel is None:
        return None
    files = outcome.files
    assert files is not None
    if not files.lacks_digests or not (item.previous_token or sender.needs_digests):
        return files
    try:
        return completed(outcome.parcel)
    except ParcelDamaged:
        shutil.rmtree(files.directory, ignore_errors=True)
        raise


def _add(
    prepared: Prepared,
    item: ItemToPush,
    parcel: Parcel | None,
    held: Sequence[Held],
    sender: Sender,
    note: str,
) -> None:
    if parcel is None and not held:
        message = "Nothing of it is at the destination, so there is nothing to remove."
        prepared.results.append(Result(item, Outcome.CANCELLED, message=message))
        return
    remove_stale = registry.get(item.rule_name).push_deletions == "remove"
    paths = {file.path for file in parcel.files} | sender.companions(parcel) if parcel else set()
    if remove_stale or parcel is None:
        paths |= {each.path for each in held}
    ready = Ready(item, parcel, tuple(held), remove_stale, frozenset(paths), note)
    prepared.ready.append(ready)


def _damaged(item: ItemToPush, destination: Destination, error: ParcelDamaged) -> Result:
    anew = _refused(item, destination, TransientError(f"{error} It is rendered anew."))
    at_once = anew.when is not None and not item.failures
    when = timezone.now() if at_once else anew.when
    return replace(anew, error_class=type(error).__name__, when=when)


def _refused(item: ItemToPush, destination: Destination, error: Exception) -> Result:
    message = destination.redact(str(error))
    name = type(error).__name__
    if isinstance(error, NothingToPush):
        return Result(item, Outcome.CANCELLED, message=message, error_class=name)
    if isinstance(error, AnyDatabaseError):
        error = TransientError(f"The database failed while the item was rendered: {message}")
    if isinstance(error, DeliveryError):
        return replace(result_of(item, judge(item, destination, error)), traces=False)
    if not isinstance(error, PigeonError):
        message = f"{name}: {message}"
    status = getattr(error, "status", Status.PUSH_ERROR)
    failed = Result(item, Outcome.FAILED, status=status, message=message, error_class=name)
    return replace(failed, traces=False)


def _held(items: Iterable[ItemToPush], using: str) -> dict[int, list[Held]]:
    """Item id → what the destination holds of its object (of the same batch arguments)."""
    by_key = {(item.order_key, item.object_id): item.id for item in items}
    keys = {key for key, _ in by_key}
    found: dict[int, list[Held]] = {}
    for row in of_objects(keys, using):
        pk = by_key.get((row.order_key, row.object_id))
        if pk is not None:
            found.setdefault(pk, []).append(row.held())
    return found


def _standing(
    destination: Destination, ready: Iterable[Ready], using: str
) -> dict[str, Publication]:
    """Path → what is there, for all paths that ``ready`` may touch."""
    paths = {path for each in ready for path in each.paths}
    return {row.path: row for row in standing(destination.name, paths, using)}


def _without_others(ready: Ready, there: Mapping[str, Publication]) -> Ready:
    """``ready`` without held files that were another object's by the time we had their paths."""
    if not ready.held:
        return ready
    item = ready.item
    owner = (item.order_key, item.object_id)
    held = tuple(
        each
        for each in ready.held
        if (row := there.get(each.path)) is None or (row.order_key, row.object_id) == owner
    )
    return ready if len(held) == len(ready.held) else replace(ready, held=held)


def _is_outdated(ready: Ready, there: Mapping[str, Publication]) -> bool:
    """Whether something rendered later stands under one of the parcel's paths.

    A time that is still to come says only that a clock was set back, or that another host's is
    fast: what was rendered anew for that reason is newer.
    """
    if ready.parcel is None or ready.item.forced:
        return False
    times = [there[file.path].rendered_at for file in ready.parcel.files if file.path in there]
    rendered, anew = ready.parcel.rendered_at, ready.item.render_after
    if times and anew is not None and rendered >= anew:
        now = timezone.now()
        times = [time for time in times if time <= now]
    return any(time > rendered for time in times)


def _to_render_anew(item: ItemToPush) -> ItemToPush:
    item.render_after = timezone.now()
    item.parcel = None
    return item
