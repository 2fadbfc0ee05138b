"""Leases on names: a connection slot of an endpoint, or a remote path in use."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Hold(models.Model):
    """One name that one worker holds until ``until``.

    ``name`` is a digest of what is held: ("slot", endpoint, number) or ("path", destination,
    path). That it is unique is what excludes.
    """

    name = models.CharField(_("name"), max_length=64, unique=True)
    token = models.CharField(_("token"), max_length=32, db_index=True)
    until = models.DateTimeField(_("until"))

    class Meta:
        """Short-lived rows."""

        verbose_name = _("hold")
        verbose_name_plural = _("holds")

    def __str__(self) -> str:
        return self.name
