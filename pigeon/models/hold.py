"""Leases on names: a connection slot of an endpoint, or a remote path in use."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from pigeon.models.among import Among
from pigeon.models.bulk import insert
from pigeon.models.chunks import CHUNK, chunks


def hold_name(*parts: str) -> str:
    """The digest under which something is held, such as ("slot", endpoint, "0")."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


class Held(NamedTuple):
    """A name that is to be held, for writing many at once."""

    name: str
    token: str
    until: datetime


class HoldQuerySet(models.QuerySet["Hold"]):
    """Take, renew and give back names, many at once."""

    def acquire(
        self, names: Collection[str], token: str, *, now: datetime, until: datetime
    ) -> set[str]:
        """Take those of ``names`` that nobody holds; the names that ``token`` holds then."""
        taken: set[str] = set()
        with transaction.atomic(using=self.db):
            # One order for all workers, so that no two of them wait for each other.
            for chunk in chunks(sorted(names)):
                taken |= self._acquire(chunk, token, now, until)
        return taken

    def _acquire(
        self, names: Sequence[str], token: str, now: datetime, until: datetime
    ) -> set[str]:
        here = self.filter(Among("name", names))
        ended = here.filter(until__lte=now).order_by("name").select_for_update()
        if pks := list(ended.values_list("pk", flat=True)):
            self.filter(Among("pk", pks)).delete()
        insert(Hold, [Held(name, token, until) for name in names], self.db, ignore=True)
        return set(here.filter(token=token).values_list("name", flat=True))

    def renew(self, token: str, until: datetime) -> int:
        """Let everything that ``token`` holds end later."""
        return self.filter(token=token).update(until=until)

    def forget_ended(self, now: datetime) -> None:
        """Delete what workers that were killed have left; what somebody is taking over stays."""
        with transaction.atomic(using=self.db):
            ended = self.filter(until__lte=now).order_by("name")
            pks = list(
                ended.select_for_update(skip_locked=True).values_list("pk", flat=True)[:CHUNK]
            )
            self.filter(Among("pk", pks)).delete()

    def release(self, token: str, names: Collection[str] | None = None) -> int:
        """Give back what ``token`` holds, or only ``names`` of it."""
        held = self.filter(token=token)
        if names is None:
            return held.delete()[0]
        parts = (held.filter(Among("name", chunk)) for chunk in chunks(list(names)))
        return sum(part.delete()[0] for part in parts)


class Hold(models.Model):
    """One name that one worker holds until ``until``; that it is unique is what excludes."""

    name = models.CharField(_("name"), max_length=64, unique=True)
    token = models.CharField(_("token"), max_length=32, db_index=True)
    until = models.DateTimeField(_("until"))

    objects = HoldQuerySet.as_manager()

    class Meta:
        """Short-lived rows."""

        verbose_name = _("hold")
        verbose_name_plural = _("holds")

    def __str__(self) -> str:
        return self.name
