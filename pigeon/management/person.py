"""Whose deed a command is."""

from __future__ import annotations

import getpass
import os

from pigeon.actor import current_actor
from pigeon.models.operation import Door
from pigeon.operations import By


def by() -> By:
    """The user of the operating system, or whoever is at work when code calls the command."""
    return By(current_actor() or _user_name(), Door.COMMAND)


def _user_name() -> str:
    """The user's name; in a container there may be none, only a number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"user {os.getuid()}"
