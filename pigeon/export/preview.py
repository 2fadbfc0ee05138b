"""What an object would be sent as, without sending or keeping it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db.models import Model
from django.utils import timezone

from pigeon.configuration import DefaultConfiguration
from pigeon.exceptions import ItemError
from pigeon.export.building import build
from pigeon.export.digests import digested
from pigeon.export.gathering import output_makers
from pigeon.export.hooks import hook
from pigeon.guard import guarded
from pigeon.parcel import Parcel


@contextmanager
def preview(rule: DefaultConfiguration, objects: Model | Iterable[Model]) -> Iterator[Parcel]:
    """The parcel of an object, or of many as in a mass push, for as long as the block lasts.

    It is made exactly as for a push, and all digests are known, but in a temporary directory and
    without a record. The rule's filters are not asked::

        with preview(rule, story) as parcel:
            for file in parcel.files:
                print(file.path, parcel.local_path(file).read_text())

    Raises:
        ItemError: it cannot be made; the sentence says why.
    """
    single = objects if isinstance(objects, Model) else None
    several = [objects] if isinstance(objects, Model) else objects
    with TemporaryDirectory(prefix="pigeon-preview-") as folder:
        with guarded():
            with hook(ItemError, rule.name, "initialize_push"):
                rule.initialize_push()
            now = timezone.now()
            makers = output_makers(rule, several)
            files, left_out = build(rule, makers, folder, archive_for=single)
        yield digested(Parcel(Path(folder), files, now, left_out))
