"""Pigeon's tables in Django's admin: history to read, and actions on what waits.

Django finds this package by its name; a site needs ``django.contrib.admin``.
"""

from pigeon.admin.attempts import AttemptAdmin
from pigeon.admin.destinations import DestinationAdmin
from pigeon.admin.items import ItemAdmin
from pigeon.admin.operations import OperationAdmin
from pigeon.admin.publications import PublicationAdmin

__all__ = [
    "AttemptAdmin",
    "DestinationAdmin",
    "ItemAdmin",
    "OperationAdmin",
    "PublicationAdmin",
]
