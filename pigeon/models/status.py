"""The words and numbers of an item's life."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.IntegerChoices):
    """Where an item stands. Errors are 100 or more; the numbers are those of old."""

    NEW = 10, _("new")
    IN_PROGRESS = 20, _("in progress")
    RETRY = 30, _("waiting for another attempt")
    PUSHED = 50, _("pushed")
    SUPERSEDED = 60, _("superseded by a newer item")
    CANCELLED = 70, _("cancelled")
    PUSH_ERROR = 110, _("push error")
    OUTPUT_GENERATION_ERROR = 120, _("output generation error")
    SEND_ERROR = 130, _("send error")
    FILTER_BY_INSTANCE_TYPE_ERROR = 140, _("filter by instance type error")
    FILTER_BY_UPDATES_ERROR = 150, _("filter by updates error")
    FILTER_BY_STATE_ERROR = 160, _("filter by state error")
    GET_DIRECTORY_ERROR = 170, _("get directory error")
    VALIDATION_ERROR = 180, _("validation error")
    SUPERVISOR_ERROR = 190, _("supervisor error")
    OUTPUT_MAKER_ERROR = 200, _("output maker error")


#: Items at or above this number failed for good.
FIRST_ERROR = 100
WAITING = (Status.NEW, Status.RETRY)
UNFINISHED = (*WAITING, Status.IN_PROGRESS)


class Action(models.TextChoices):
    """What happened to the object."""

    CREATED = "created", _("created")
    UPDATED = "updated", _("updated")
    DELETED = "deleted", _("deleted")
