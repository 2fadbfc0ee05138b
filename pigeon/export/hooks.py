"""What the site's own code raises, turned into the error that its item deserves."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError

from pigeon.exceptions import ItemError, PigeonError, TransientError
from pigeon.rendering import where

#: Troubles of a database or a storage that pass by themselves, so that trying again helps.
_PASSING = (OperationalError, InterfaceError, ConnectionError, TimeoutError)


def hook_failed(
    error: Exception, error_class: type[ItemError], rule_name: str, name: str
) -> PigeonError:
    """What :class:`hook` raises from ``error``, which is no ``PigeonError``.

    For hooks that run for each item: an ``except`` costs nothing until it is needed.
    """
    wrapper = TransientError if isinstance(error, _PASSING) else error_class
    place = where(error)
    return wrapper(
        f"{name} of rule {rule_name!r} raised {type(error).__name__}: {error}"
        + (f" (template {place})" if place else "")
    )


def disk_failed(error: OSError, doing: str) -> TransientError:
    """What :class:`local_disk` raises from ``error``."""
    return TransientError(
        f"{doing} below PIGEON_OUTPUT_DIRECTORY failed: {error}. Check its free "
        "space and permissions; the item is tried again."
    )


class hook:
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

    __slots__ = ("error_class", "name", "rule_name")

    def __init__(self, error_class: type[ItemError], rule_name: str, name: str) -> None:
        self.error_class = error_class
        self.rule_name = rule_name
        self.name = name

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, PigeonError):
            raise hook_failed(error, self.error_class, self.rule_name, self.name) from error


class local_disk:
    """Do something with our own disk.

    Args:
        doing: what, for the message.

    Raises:
        TransientError: the disk is full, read-only or out of reach.
    """

    __slots__ = ("doing",)

    def __init__(self, doing: str) -> None:
        self.doing = doing

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise disk_failed(error, self.doing) from error
