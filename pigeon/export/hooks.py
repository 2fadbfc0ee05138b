"""What the site's own code raises, turned into the error that its item deserves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError

from pigeon.exceptions import ItemError, PigeonError, TransientError
from pigeon.rendering import where

#: Troubles of a database or a storage that pass by themselves, so that trying again helps.
_PASSING = (OperationalError, InterfaceError, ConnectionError, TimeoutError)


@contextmanager
def hook(error_class: type[ItemError], rule_name: str, name: str) -> Iterator[None]:
    """Run a hook of a rule.

    Args:
        error_class: what its exceptions become.
        rule_name: for the message.
        name: the hook's, for the message.

    Raises:
        ItemError: the hook raised; the sentence names rule, hook, exception and, if it happened
            while a template was rendered, template and line.
        TransientError: the hook's database or storage cannot be reached now.
    """
    try:
        yield
    except PigeonError:
        raise
    except Exception as error:
        wrapper = TransientError if isinstance(error, _PASSING) else error_class
        place = where(error)
        raise wrapper(
            f"{name} of rule {rule_name!r} raised {type(error).__name__}: {error}"
            + (f" (template {place})" if place else "")
        ) from error


@contextmanager
def local_disk(doing: str) -> Iterator[None]:
    """Do something with our own disk.

    Raises:
        TransientError: the disk is full, read-only or out of reach.
    """
    try:
        yield
    except OSError as error:
        raise TransientError(
            f"{doing} below PIGEON_OUTPUT_DIRECTORY failed: {error}. Check its free space and "
            "permissions; the item is tried again."
        ) from error
