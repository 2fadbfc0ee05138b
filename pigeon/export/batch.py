"""Claimed items become parcels: one batch, one directory each, one transaction for the records."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Model
from django.utils import timezone

from pigeon.configuration import DefaultConfiguration
from pigeon.exceptions import ItemError, NotRegistered, PigeonError
from pigeon.export import stored
from pigeon.export.building import build
from pigeon.export.gathering import item_makers, wanted
from pigeon.export.hooks import hook
from pigeon.export.locks import KeyedLocks
from pigeon.export.shelf import Shelf
from pigeon.guard import Guard, guarded
from pigeon.models import Action, ItemToPush, Parcel
from pigeon.models.item import fetch_objects
from pigeon.models.parcel import Kept
from pigeon.parcel import Parcel as ParcelFiles
from pigeon.registry import registry
from pigeon.tracing import number, traced

_locks = KeyedLocks()


@dataclass(frozen=True, slots=True)
class Exported:
    """What an item sends.

    Attributes:
        parcel: its parcel; ``None`` when there is only something to remove.
        note: what the attempt's record should say about it.
        made: the description of the parcel's files, if it was made just now.
    """

    parcel: Parcel | None
    note: str = ""
    made: ParcelFiles | None = None

    @property
    def files(self) -> ParcelFiles | None:
        """The description of the parcel's files; ``None`` without one."""
        return self.parcel.files() if self.parcel and not self.made else self.made


Results = dict[int, Exported | Exception]
#: The record of a new parcel, not yet stored, and the description of its files.
Made = tuple[Parcel, ParcelFiles]


@traced("pigeon.export", number)
def export(items: Sequence[ItemToPush]) -> Results:
    """Find or make the parcels of ``items``, and record which parcel each item has.

    The outputs of one event are rendered once for all destinations; a retry gets the stored
    parcel. No status is changed here. What goes wrong with one item is its result and leaves
    the others alone.

    Args:
        items: what one claim holds; all of one database.

    Returns:
        Item id → its parcel, or why there is none: an ``ItemError`` (its ``status`` is the
        item's), ``NothingToPush`` (the item is pointless), ``TransientError`` (try again).

    Raises:
        django.db.Error: the records cannot be written; nothing of this rule's batch is left.
    """
    rules: dict[str, list[ItemToPush]] = {}
    for item in items:
        rules.setdefault(item.rule_name, []).append(item)
    results: Results = {}
    for name, members in rules.items():
        try:
            results |= _export(_started(name), members)
        except PigeonError as error:
            results |= dict.fromkeys((item.id for item in members), error)
    return results


def _started(rule_name: str) -> DefaultConfiguration:
    try:
        rule = registry.get(rule_name)
    except NotRegistered as error:
        raise ItemError(
            f"{error} Restore the rule in a pigeon_config module or in PIGEON_CLASSES and retry "
            "the item, or cancel it."
        ) from error
    with guarded(), hook(ItemError, rule_name, "initialize_push"):
        rule.initialize_push()
    return rule


def _export(rule: DefaultConfiguration, items: Sequence[ItemToPush]) -> Results:
    results: Results = {item.id: Exported(None) for item in items if _only_removes(rule, item)}
    rest = {item.id: item for item in items if item.id not in results}
    if not rest:
        return results
    with _locks.hold(stored.key_of(item) for item in rest.values()):
        parcels = stored.find(list(rest.values()))
        failures = _unwanted(rule, rest, parcels)
        for pk in failures:
            del rest[pk], parcels[pk]
        made, failed = _make_missing(rule, rest, parcels)
        parcels |= {pk: parcel for pk, (parcel, _) in made.items()}
        notes = {pk: _note(rest[pk], parcel) for pk, parcel in parcels.items()}
        stored.record(rest, parcels)
    failures |= failed
    described = {pk: files for pk, (_, files) in made.items()}
    found = {pk: Exported(each, notes[pk], described.get(pk)) for pk, each in parcels.items()}
    return results | found | failures


def _only_removes(rule: DefaultConfiguration, item: ItemToPush) -> bool:
    return item.action == Action.DELETED and rule.push_deletions != "tombstone"


def _note(item: ItemToPush, parcel: Parcel) -> str:
    if item.parcel_id is None or item.parcel_id == parcel.pk:
        return ""
    return "The stored parcel was missing or damaged, so it was rendered anew."


def _unwanted(
    rule: DefaultConfiguration, items: Mapping[int, ItemToPush], parcels: Mapping[int, Parcel]
) -> dict[int, Exception]:
    """Item id → why its stored parcel must not go out any more.

    The object may have been taken offline or deleted since it was rendered. What arrived before
    and goes again as it was sent is not asked about: that is what somebody wants.
    """
    asked = [items[pk] for pk in parcels if _may_be_withdrawn(items[pk])]
    objects = _objects(asked)
    before = guarded()
    failures: dict[int, Exception] = {}
    for item in asked:
        try:
            with guarded(before):
                wanted(rule, item, _found(objects.get(item.id)), before)
        except PigeonError as error:
            failures[item.id] = error
    return failures


def _may_be_withdrawn(item: ItemToPush) -> bool:
    return not item.is_batch and item.action != Action.DELETED and item.pushed_date is None


def _make_missing(
    rule: DefaultConfiguration, items: Mapping[int, ItemToPush], parcels: Mapping[int, Parcel]
) -> tuple[dict[int, Made], dict[int, Exception]]:
    """Make what ``parcels`` lacks for ``items``; item id → that, or why it was not possible."""
    missing = {pk: item for pk, item in items.items() if pk not in parcels}
    # Before the objects are read: a parcel must never look newer than what it shows.
    now = timezone.now()
    objects = _objects(list(missing.values()))
    shelf, before = Shelf(rule.name, now), guarded()
    made: dict[stored.Key, Made] = {}
    found: dict[int, Made] = {}
    failures: dict[int, Exception] = {}
    for pk, item in missing.items():
        try:
            key = stored.key_of(item)
            if key not in made:
                with guarded(before):
                    made[key] = _make(rule, item, _found(objects.get(pk)), shelf, before)
            found[pk] = made[key]
        except PigeonError as error:
            failures[pk] = error
        except Exception as error:  # noqa: BLE001 - one item must never stop the others
            failures[pk] = _unexpected(rule, error)
    return found, failures


def _unexpected(rule: DefaultConfiguration, error: Exception) -> ItemError:
    wrapped = ItemError(
        f"Exporting for rule {rule.name!r} failed: {type(error).__name__}: {error}"
    )
    wrapped.__cause__ = error
    return wrapped


def _objects(items: Sequence[ItemToPush]) -> Mapping[int, Model | Exception]:
    """Item id → its object, or why it cannot be looked up; missing objects are left out."""
    try:
        with guarded():
            return fetch_objects(items)
    except Exception:  # noqa: BLE001 - asked one by one, only the broken item fails
        return {pk: found for item in items for pk, found in _object(item).items()}


def _object(item: ItemToPush) -> dict[int, Model | Exception]:
    try:
        with guarded(), hook(ItemError, item.rule_name, f"reading {item.model_label}"):
            return dict(fetch_objects([item]))
    except PigeonError as error:
        return {item.id: error}


def _make(
    rule: DefaultConfiguration,
    item: ItemToPush,
    found: Model | None,
    shelf: Shelf,
    before: Guard,
) -> Made:
    makers = item_makers(rule, item, found, before)
    directory = shelf.begin()
    try:
        files, left_out = build(rule, makers, directory, archive_for=found)
        place, name = shelf.keep(directory)
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise
    described = ParcelFiles(place, files, shelf.now, left_out)
    kept = Kept(
        rule_name=item.rule_name,
        event_id=item.event_id,
        model_label=item.model_label,
        object_id=item.object_id,
        directory=name,
        manifest=described.manifest(),
        size=described.size,
        rendered_at=shelf.now,
    )
    return Parcel.new(kept), described


def _found(found: Model | Exception | None) -> Model | None:
    if isinstance(found, Exception):
        raise found
    return found
