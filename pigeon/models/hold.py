"""Leases on names: a connection slot of an endpoint, or a remote path in use."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from pigeon.models.among import Among
from pigeon.models.bulk import insert_new
from pigeon.models.chunks import CHUNK, chunks
from pigeon.models.compiled import Argument, Arguments, CompiledQuery


def hold_name(*parts: str) -> str:
    """The digest under which something is held, such as ("slot", endpoint, "0")."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


class Held(NamedTuple):
    """A name that is to be held, for writing many at once."""

    name: str
    token: str
    until: datetime


class Hold(models.Model):
    """One name that one worker holds until ``until``; that it is unique is what excludes."""

    name = models.CharField(_("name"), max_length=64, unique=True)
    token = models.CharField(_("token"), max_length=32, db_index=True)
    until = models.DateTimeField(_("until"))

    class Meta:
        """Short-lived rows."""

        verbose_name = _("hold")
        verbose_name_plural = _("holds")

    def __str__(self) -> str:
        return self.name


_NAMES, _TOKEN = Arguments("names"), Argument("token")
_NOW, _UNTIL = (Argument(name, models.DateTimeField()) for name in ("now", "until"))


def _these(holds: models.QuerySet[Hold]) -> models.QuerySet[Hold]:
    return holds.filter(Among("name", _NAMES))


_ENDED = CompiledQuery(
    Hold,
    lambda holds: (
        _these(holds).filter(until__lte=_NOW).order_by("name").select_for_update()
        .values_list("name")
    ),
)  # fmt: skip
_FORGET = CompiledQuery(Hold, lambda holds: _these(holds).delete())
_HELD = CompiledQuery(Hold, lambda holds: _these(holds).filter(token=_TOKEN).values_list("name"))
_HOLDERS = CompiledQuery(
    Hold, lambda holds: _these(holds).filter(until__gt=_NOW).values_list("name", "token")
)
_RENEW = CompiledQuery(Hold, lambda holds: holds.filter(token=_TOKEN).update(until=_UNTIL))
_RELEASE = CompiledQuery(Hold, lambda holds: _these(holds).filter(token=_TOKEN).delete())
_RELEASE_ALL = CompiledQuery(Hold, lambda holds: holds.filter(token=_TOKEN).delete())
_OLD = CompiledQuery(
    Hold,
    lambda holds: (
        holds.filter(until__lte=_NOW).order_by("name").select_for_update(skip_locked=True)
        .values_list("name")[:CHUNK]
    ),
)  # fmt: skip
_ANY_OLD = CompiledQuery(Hold, lambda holds: holds.filter(until__lte=_NOW).values_list("name")[:1])


def holders(names: Collection[str], using: str, *, now: datetime) -> dict[str, str]:
    """Name → token, of those of ``names`` that somebody holds."""
    return dict(_HOLDERS.rows(using, names=list(names), now=now))


def acquire(
    names: Collection[str], token: str, using: str, *, now: datetime, until: datetime
) -> set[str]:
    """Take those of ``names`` that nobody holds; the names that ``token`` holds then."""
    taken: set[str] = set()
    # One order for all workers, so that no two of them wait for each other.
    for chunk in chunks(sorted(names)):
        wanted = [Held(name, token, until) for name in chunk]
        if insert_new(Hold, wanted, using) == len(chunk):  # nearly always: nobody had them
            taken.update(chunk)
        else:
            taken.update(_disputed(chunk, wanted, token, using, now))
    return taken


def _disputed(
    names: list[str], wanted: list[Held], token: str, using: str, now: datetime
) -> list[str]:
    """Take over what has ended; those of ``names`` that ``token`` holds then."""
    with transaction.atomic(using=using):
        _FORGET.execute(using, names=_ENDED.column(using, names=names, now=now))
        insert_new(Hold, wanted, using)
        return list(_HELD.column(using, names=names, token=token))


def renew(token: str, using: str, *, until: datetime) -> int:
    """Let everything that ``token`` holds end later; how many names."""
    return _RENEW.execute(using, token=token, until=until)


def release(token: str, names: Collection[str], using: str) -> int:
    """Give back those of ``names`` that ``token`` holds; how many."""
    parts = chunks(list(names))
    return sum(_RELEASE.execute(using, token=token, names=chunk) for chunk in parts)


def release_all(token: str, using: str) -> int:
    """Give back what ``token`` holds; how many names."""
    return _RELEASE_ALL.execute(using, token=token)


def forget_ended(using: str, *, now: datetime) -> None:
    """Delete what workers that were killed have left; what somebody is taking over stays."""
    if not _ANY_OLD.rows(using, now=now):
        return
    with transaction.atomic(using=using):
        _FORGET.execute(using, names=_OLD.column(using, now=now))
