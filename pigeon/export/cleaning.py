"""Parcels that nobody needs any more, and what crashed workers left, are removed."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from pigeon.conf import conf
from pigeon.export.building import BUILDING
from pigeon.export.shelf import DAY
from pigeon.models import ItemToPush, Parcel

#: How many parcels are looked at in one query.
PAGE = 500
#: Age from which an unfinished directory has been left by a worker that died.
ABANDONED = timedelta(days=1)

_DAY = re.compile(r"\d{8}")
_PARCEL = re.compile(r"[0-9a-f]{32}")


@dataclass(slots=True)
class CleanReport:
    """What was removed, or would be.

    Attributes:
        parcels: parcels past their age.
        bytes: size of their files.
        abandoned: directories that were never finished.
        orphans: directories of parcels of which there is no record.
    """

    parcels: int = 0
    bytes: int = 0
    abandoned: int = 0
    orphans: int = 0


def clean(older_than: datetime, *, dry_run: bool = False) -> CleanReport:
    """Remove parcels that were rendered before ``older_than`` and that no item waits to send.

    Also directories that a worker began more than a day ago and never finished, and parcels'
    directories older than ``older_than`` that no database has a record of. Nothing that Pigeon
    did not make is touched. Memory does not grow with what there is.

    Args:
        older_than: aware datetime.
        dry_run: only count.
    """
    report = CleanReport()
    for alias in conf.DATABASES:
        for page in _old_parcels(alias, older_than):
            _remove_parcels(alias, page, report, dry_run)
    root = Path(conf.OUTPUT_DIRECTORY).absolute()
    for rule in _directories(root):
        report.abandoned += _remove_abandoned(rule, dry_run)
        for day in _directories(rule):
            if _DAY.fullmatch(day.name) and day.name <= older_than.strftime(DAY):
                report.orphans += _remove_orphans(root, day, older_than, dry_run)
    return report


def _unneeded(alias: str) -> QuerySet[Parcel]:
    needed_by = ItemToPush.objects.using(alias).unfinished().filter(parcel=OuterRef("pk"))
    return Parcel.objects.using(alias).filter(~Exists(needed_by))


def _old_parcels(alias: str, older_than: datetime) -> Iterator[list[Parcel]]:
    last = 0
    while True:
        old = _unneeded(alias).filter(rendered_at__lt=older_than, pk__gt=last)
        page = list(old.order_by("pk")[:PAGE])
        if not page:
            return
        last = page[-1].pk
        yield page


def _remove_parcels(alias: str, parcels: list[Parcel], report: CleanReport, dry_run: bool) -> None:
    report.parcels += len(parcels)
    report.bytes += sum(parcel.size for parcel in parcels)
    if dry_run:
        return
    # The record goes first: a directory without one is found again, the contrary would be a
    # parcel that pretends to be there.
    _unneeded(alias).filter(pk__in=[parcel.pk for parcel in parcels]).delete()
    kept = set(
        Parcel.objects.using(alias)
        .filter(pk__in=[parcel.pk for parcel in parcels])
        .values_list("pk", flat=True)
    )
    for parcel in parcels:
        if parcel.pk not in kept:
            _remove(parcel.files().directory)


def _remove_abandoned(rule: Path, dry_run: bool) -> int:
    limit = timezone.now() - ABANDONED
    abandoned = [
        each
        for each in _directories(rule)
        if each.name.startswith(BUILDING) and _modified_before(each, limit)
    ]
    for each in abandoned:
        if not dry_run:
            _remove(each)
    return len(abandoned)


def _remove_orphans(root: Path, day: Path, older_than: datetime, dry_run: bool) -> int:
    found = 0
    old = (
        each
        for each in _directories(day)
        if _PARCEL.fullmatch(each.name) and _modified_before(each, older_than)
    )
    while page := list(islice(old, PAGE)):
        for each in _without_record(root, page):
            found += 1
            if not dry_run:
                _remove(each)
    if not dry_run:
        _remove_if_empty(day)
    return found


def _without_record(root: Path, directories: list[Path]) -> list[Path]:
    names = {each.relative_to(root).as_posix(): each for each in directories}
    for alias in conf.DATABASES:
        known = Parcel.objects.using(alias).filter(directory__in=list(names))
        for name in known.values_list("directory", flat=True):
            names.pop(name, None)
    return list(names.values())


def _directories(parent: Path) -> Iterator[Path]:
    try:
        with os.scandir(parent) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield Path(entry.path)
    except FileNotFoundError:
        return


def _modified_before(directory: Path, limit: datetime) -> bool:
    try:
        return directory.stat().st_mtime < limit.timestamp()
    except FileNotFoundError:
        return False


def _remove(directory: Path) -> None:
    """Remove a directory with all in it; one that is gone already is no error."""
    shutil.rmtree(directory, ignore_errors=True)
    _remove_if_empty(directory.parent)


def _remove_if_empty(directory: Path) -> None:
    if _DAY.fullmatch(directory.name):
        try:
            directory.rmdir()
        except OSError:
            return
