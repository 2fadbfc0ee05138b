"""Digests that are not known yet, found out for those who need them before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from django.db import transaction

from pigeon.exceptions import ParcelDamaged
from pigeon.export.writing import describe
from pigeon.models import Parcel
from pigeon.parcel import OutputFile
from pigeon.parcel import Parcel as ParcelFiles


def completed(parcel: Parcel) -> ParcelFiles:
    """The files of ``parcel``, all with digests; those found out are stored in its manifest.

    Another worker may have stored one meanwhile; its word counts.

    Raises:
        ParcelDamaged: a file is missing, or has changed since it was rendered.
        django.db.Error: they cannot be stored.
    """
    files = parcel.files()
    if not files.lacks_digests:
        return files
    files = digested(files)
    alias = parcel._state.db
    found = {file.path: file.sha256 for file in files.files}
    with transaction.atomic(using=alias):
        stored = Parcel.objects.using(alias).learn({parcel.pk: found})
    parcel.manifest = stored.get(parcel.pk, files.manifest())
    return parcel.files()


def digested(parcel: ParcelFiles) -> ParcelFiles:
    """``parcel`` with the digests of all its files.

    Raises:
        ParcelDamaged: a file is missing, or has changed since it was rendered.
    """
    files = (file if file.sha256 else _digested(parcel.directory, file) for file in parcel.files)
    return replace(parcel, files=tuple(files))


def _digested(directory: Path, file: OutputFile) -> OutputFile:
    place = directory / file.path
    try:
        found = describe(directory, file.path)
        is_it = file.matches(place.stat())
    except OSError as error:
        raise ParcelDamaged(f"{place} of a stored parcel cannot be read: {error}.") from error
    if not is_it or found.size != file.size:
        raise ParcelDamaged(f"{place} was changed after it was rendered.")
    return found
