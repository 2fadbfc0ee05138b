"""What a text in the search field means: an item, an object, a file, or a part of a title."""

from __future__ import annotations

from dataclasses import dataclass

from django.apps import apps
from django.db.models import Q

from pigeon.models.item import ItemToPush
from pigeon.models.publication import Publication, file_name
from pigeon.overview.query import MAX_DIGITS
from pigeon.overview.subjects import Subject, subjects_in, subjects_of_file

#: Publications of one file name that are shown.
FILES = 20
#: What may stand as a key; the column has no more characters.
MAX_KEY = 255


@dataclass(frozen=True, slots=True)
class Meaning:
    """What is to be looked for.

    Attributes:
        title: a part of titles; empty: what ``rows`` says.
        rows: a filter that an index serves and few items pass; ``None``: anything.
        subjects: the objects that are named.
        key: the key of objects whose model is not said.
        files: what destinations hold under the name.
    """

    title: str = ""
    rows: Q | None = None
    subjects: tuple[Subject, ...] = ()
    key: str = ""
    files: tuple[Publication, ...] = ()


def meaning_of(text: str, using: str) -> Meaning:
    """What ``text`` means, asking the queue in the database ``using`` at most twice."""
    text = text.strip()
    if not text:
        return Meaning()
    if len(text) > 2 and text[0] == text[-1] == '"':
        return Meaning(title=text[1:-1])
    if _is_number(text.removeprefix("#")):
        number = text.removeprefix("#")
        if text != number:
            return Meaning(rows=Q(pk=int(number)))
        return Meaning(rows=_key(text), key=text)
    if subjects := subjects_in(text):
        return _of_objects(subjects)
    return _of_name(text, using)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS


def _of_objects(subjects: tuple[Subject, ...]) -> Meaning:
    rows = Q(pk__in=())
    for subject in subjects:
        rows |= Q(model_label__in=subject.labels, object_id=subject.key[:MAX_KEY])
    return Meaning(rows=rows, subjects=subjects)


def _of_name(text: str, using: str) -> Meaning:
    """A key that is no number, a file's name, or a part of a title."""
    if files := _files(text, using):
        singles = {file.order_key for file in files if file.model_label}
        batches = {file.item_id for file in files if not file.model_label}
        return Meaning(rows=Q(order_key__in=singles) | Q(pk__in=batches), files=files)
    if len(text) <= MAX_KEY and ItemToPush.objects.using(using).filter(_key(text)).exists():
        return Meaning(rows=_key(text), key=text)
    if subjects := subjects_of_file(text):
        return _of_objects(subjects)
    return Meaning(title=text)


def _files(text: str, using: str) -> tuple[Publication, ...]:
    name = file_name(text)
    if not name:
        return ()
    rows = Publication.objects.using(using).filter(file_name=name).order_by("-pk")[:FILES]
    return tuple(row for row in rows if "/" not in text or row.path.endswith(text.lstrip("/")))


def _key(key: str) -> Q:
    """Items of objects of any model that have the key."""
    labels = [model._meta.label_lower for model in apps.get_models()]
    return Q(model_label__in=labels, object_id=key)
