"""Which sender serves which URL scheme.

Senders come from three places: Pigeon's own, classes given to :func:`register_sender`, and
the dotted paths of ``PIGEON_SENDERS``. A scheme belongs to one class.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

from django.utils.module_loading import import_string

from pigeon.conf import conf
from pigeon.destinations import Destination
from pigeon.exceptions import AlreadyRegistered, ConfigurationError
from pigeon.senders import options
from pigeon.senders.base import COMMON_OPTIONS, Sender, SyncSender, ThreadedSender

SenderClass = type[Sender] | type[SyncSender]
C = TypeVar("C", type[Sender], type[SyncSender])

#: Scheme → dotted path of Pigeon's own senders, imported when they are first needed.
BUILT_IN: Mapping[str, str] = {
    "dummy": "pigeon.senders.dummy.DummySender",
    "file": "pigeon.senders.local.LocalSender",
    "ftp": "pigeon.senders.ftp.FTPSender",
    "ftp+tls": "pigeon.senders.ftp.FTPTLSSender",
    "ftps": "pigeon.senders.ftp.FTPSSender",
    "http": "pigeon.senders.http.sender.HTTPSender",
    "https": "pigeon.senders.http.sender.HTTPSender",
    "mailto": "pigeon.senders.email.EmailSender",
    "sftp": "pigeon.senders.sftp.SFTPSender",
    "storage": "pigeon.senders.storage.StorageSender",
}
_registered: dict[str, SenderClass] = {}
#: The last one serves every scheme, whatever is registered; see :func:`all_served_by`.
_instead: list[SenderClass] = []
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*\Z")


def register_sender(sender: C) -> C:
    """Make ``sender`` serve its ``schemes``; a class decorator.

    Raises:
        AlreadyRegistered: another class serves one of them; then none is registered.
        ConfigurationError: it is not a sender class, or its ``schemes`` are malformed.
    """
    schemes = _schemes(sender)
    _refuse_taken(sender, schemes, _registered)
    _registered.update(dict.fromkeys(schemes, sender))
    return sender


def unregister_sender(sender: SenderClass) -> None:
    """Undo :func:`register_sender`; nothing happens if it was not registered."""
    for scheme in [scheme for scheme, other in _registered.items() if other is sender]:
        del _registered[scheme]


@contextmanager
def all_served_by(sender: SenderClass) -> Iterator[None]:
    """Let ``sender`` serve every destination of this process for a while; for tests."""
    _instead.append(sender)
    try:
        yield
    finally:
        _instead.pop()


def sender_class(scheme: str) -> SenderClass:
    """The class that serves ``scheme``.

    Raises:
        ConfigurationError: there is none; or an entry of ``PIGEON_SENDERS`` is wrong.
    """
    if _instead:
        return _instead[-1]
    named = _named(tuple(conf.SENDERS))
    for sender in set(named.values()):
        _refuse_taken(sender, _schemes(sender), _registered)
    found = _registered.get(scheme) or named.get(scheme)
    if found is None and scheme in BUILT_IN:
        found = import_string(BUILT_IN[scheme])
    if found is None:
        known = ", ".join(sorted({*BUILT_IN, *_registered, *named}))
        raise ConfigurationError(
            f"No sender serves the scheme '{scheme}'. Known schemes: {known}. Correct the URL, "
            "or name your own sender class in PIGEON_SENDERS."
        )
    return found


def option_types(scheme: str) -> Mapping[str, Any]:
    """The options that a destination with ``scheme`` may have, with the type or types of each.

    Empty when no sender serves it.
    """
    try:
        return {**COMMON_OPTIONS, **sender_class(scheme).options}
    except ConfigurationError:
        return {}


def make_sender(destination: Destination) -> Sender:
    """A sender for ``destination``, not yet open; plain ones are wrapped to run in threads.

    Raises:
        ConfigurationError: no sender serves its scheme.
    """
    found = sender_class(destination.scheme)
    if issubclass(found, SyncSender):
        return ThreadedSender(destination, found(destination))
    return found(destination)


def check_destination(destination: Destination) -> list[str]:
    """Sentences about what is wrong with ``destination``'s URL or options; no network.

    Empty when all is well. Values of options are not shown: they may be secret.
    """
    try:
        found = sender_class(destination.scheme)
    except ConfigurationError as error:
        return [str(error)]
    return options.problems(destination, found.options) or found.check(destination)


@lru_cache(maxsize=8)
def _named(paths: tuple[str, ...]) -> Mapping[str, SenderClass]:
    """The senders of ``PIGEON_SENDERS``; the key is its value, so overriding it works."""
    found: dict[str, SenderClass] = {}
    for path in paths:
        try:
            sender = import_string(path)
        except ImportError as error:
            raise ConfigurationError(
                f"PIGEON_SENDERS names {path!r}, which cannot be imported: {error}."
            ) from error
        schemes = _schemes(sender)
        _refuse_taken(sender, schemes, found)
        found.update(dict.fromkeys(schemes, sender))
    return found


def _schemes(sender: object) -> tuple[str, ...]:
    if not (isinstance(sender, type) and issubclass(sender, (Sender, SyncSender))):
        raise ConfigurationError(
            f"{sender!r} is not a sender: it must be a subclass of pigeon.Sender or "
            "pigeon.SyncSender."
        )
    schemes = sender.schemes
    if not isinstance(schemes, (tuple, list)) or not schemes:
        raise ConfigurationError(
            f"{sender.__qualname__}.schemes must be a tuple with at least one URL scheme, as in "
            'schemes = ("carrier",).'
        )
    for scheme in schemes:
        if not isinstance(scheme, str) or not _SCHEME.match(scheme):
            raise ConfigurationError(
                f"{sender.__qualname__}.schemes holds {scheme!r}: a scheme is lower-case "
                "letters, digits, '+', '-' and '.'."
            )
    return tuple(schemes)


def _refuse_taken(
    sender: SenderClass, schemes: Iterable[str], taken: Mapping[str, SenderClass]
) -> None:
    for scheme in schemes:
        other = taken.get(scheme, BUILT_IN.get(scheme))
        if other not in (None, sender, f"{sender.__module__}.{sender.__qualname__}"):
            name = other if isinstance(other, str) else other.__qualname__
            raise AlreadyRegistered(
                f"{sender.__qualname__} wants the scheme '{scheme}', which {name} serves. "
                "Choose another scheme."
            )
