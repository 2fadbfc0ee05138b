"""``storage://alias/prefix``: any storage of Django's ``STORAGES``.

A storage cannot rename, so files are written under their final names; whether a reader may see
half of one depends on the storage. Object stores such as S3 show an object when it is whole.
"""

from __future__ import annotations

import difflib
import hashlib
import posixpath
from contextlib import closing, suppress
from typing import ClassVar

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage, storages

from pigeon.destinations import Destination
from pigeon.exceptions import DestinationMisconfigured, TransientError
from pigeon.parcel import Held, OutputFile, Receipt
from pigeon.remotes.source import Source
from pigeon.senders.base import Delivery, SyncSender
from pigeon.senders.capabilities import Capabilities
from pigeon.senders.names import final_path
from pigeon.senders.storage_errors import secrets_of, told
from pigeon.senders.storage_probe import probe

#: Values of the options, the default first.
CHOICES = {"verify": ("size", "sha256", "none"), "overwrite": ("replace", "keep")}


class StorageSender(SyncSender):
    """Saves parcels to one storage, whose blocking calls run in this sender's thread."""

    schemes: ClassVar = ("storage",)
    connections = 4
    options: ClassVar = dict.fromkeys(CHOICES, str)

    def __init__(self, destination: Destination) -> None:
        super().__init__(destination)
        chosen = {key: destination.options.get(key, values[0]) for key, values in CHOICES.items()}
        self._verify: str = chosen["verify"]
        self._overwrite: str = chosen["overwrite"]
        self._prefix = "/".join(filter(None, destination.path.split("/")))
        self._where = f"storage {destination.host!r}"
        self._storage: Storage

    @classmethod
    def check(cls, destination: Destination) -> list[str]:
        """Sentences about options, the alias and what ``STORAGES`` has under it; no network."""
        found = [
            f"Option {key!r} is one of {', '.join(map(repr, values))}, "
            f"not {destination.options[key]!r}."
            for key, values in CHOICES.items()
            if destination.options.get(key, values[0]) not in values
        ]
        if ".." in destination.path.split("/"):
            found.append("The folder of a storage URL cannot hold '..'.")
        return found + _problems_of_alias(destination)

    def open(self) -> None:
        """Find the storage; most of them connect when they are first used.

        Raises:
            DestinationMisconfigured: URL or options are wrong, or there is no such storage.
        """
        if problems := self.check(self.destination):
            raise DestinationMisconfigured(" ".join(problems))
        self._storage = storages[self.destination.host]

    def send(self, delivery: Delivery) -> None:
        """Save the parcel and delete what is to go, or only delete."""
        with told(f"The {self._where}"):
            delivery.traces = False
            before = {held.path: held for held in delivery.held}
            for source in delivery.sources:
                self._put(delivery, source, before.get(source.file.path))
            if to_remove := delivery.to_remove:
                self.check_lease(delivery)
            for held in to_remove:
                self._remove(delivery, held)

    def probe(self) -> Capabilities:
        """Save, look at, save again and delete a small object."""
        return probe(self._storage, self.destination, self._prefix, self._verify)

    def _put(self, delivery: Delivery, source: Source, held: Held | None) -> None:
        file = source.file
        name = final_path(self._prefix, file.path)
        chosen, published, verified = "", "found", "sha256"
        if delivery.stale_tokens:
            chosen = self._found(delivery, name, file)
        if not chosen:
            chosen = self._save(delivery, name, source)
            published, verified = "stored", self._verified(delivery, chosen, file)
        delivery.note(f"{file.path}, {file.size} bytes: {published} as {chosen}")
        delivery.record(Receipt(file.path, chosen, file.size, file.sha256, published, verified))
        before = self._name_of(held) if held else chosen
        if before != chosen and self._overwrite == "replace":
            self.check_lease(delivery)
            self._storage.delete(before)

    def _found(self, delivery: Delivery, name: str, file: OutputFile) -> str:
        """Under which name an earlier attempt has left ``file``, or ``""``."""
        if self._overwrite == "keep":
            names = [name, _aside(name, delivery)]
        else:  # what would be saved again under the same name need not be found
            names = [name] if self._verify != "none" else []
        return next((each for each in names if self._is_there(each, file.size, file.sha256)), "")

    def _save(self, delivery: Delivery, name: str, source: Source) -> str:
        """Save under ``name``, or another one; the name that the storage chose."""
        with closing(_content(source)) as content:
            self.check_lease(delivery)
            delivery.traces = True
            if self._overwrite == "keep":
                name = _aside(name, delivery) if self._storage.exists(name) else name
            elif self._storage.get_available_name(name) != name:
                self._storage.delete(name)
            try:
                return str(self._storage.save(name, content))
            except Exception:
                self._take_back(delivery, name)
                raise

    def _take_back(self, delivery: Delivery, name: str) -> None:
        """Delete half a file, where a storage is known to leave one: best effort."""
        if isinstance(self._storage, FileSystemStorage):
            with suppress(Exception):
                self.check_lease(delivery)
                self._storage.delete(name)

    def _verified(self, delivery: Delivery, name: str, file: OutputFile) -> str:
        """How ``name`` was found to be whole. Deletes it, and raises, if it is not."""
        try:
            whole = self._is_whole(name, file)
        except NotImplementedError:
            raise DestinationMisconfigured(
                f"The {self._where} does not tell the size of files, so that Pigeon cannot see "
                "whether they arrived whole. Set OPTIONS['verify'] to 'sha256' (read back) or "
                "'none'."
            ) from None
        except FileNotFoundError:
            raise TransientError(
                f"{name} is not in the {self._where} any more, right after it was saved. "
                "Something there may collect files at once; then set OPTIONS['verify'] to 'none'."
            ) from None
        if not whole:
            self.check_lease(delivery)  # else it may be the taker's
            self._storage.delete(name)
            raise TransientError(
                f"{name} arrived damaged in the {self._where}: its {self._verify} is another. "
                "It was deleted there and will be sent again."
            )
        return self._verify

    def _is_whole(self, name: str, file: OutputFile) -> bool:
        if self._verify == "sha256":
            return self._digest(name) == file.sha256
        return self._verify == "none" or self._storage.size(name) == file.size

    def _is_there(self, name: str, size: int, sha256: str) -> bool:
        """Whether ``name`` holds exactly that content; read back when the size is right."""
        try:
            return (
                self._storage.exists(name)
                and self._storage.size(name) == size
                and self._digest(name) == sha256
            )
        except FileNotFoundError:
            return False

    def _digest(self, name: str) -> str:
        found = hashlib.sha256()
        with self._storage.open(name, "rb") as content:
            for chunk in content.chunks():
                found.update(chunk)
        return found.hexdigest()

    def _remove(self, delivery: Delivery, held: Held) -> None:
        """Delete what is ours. With "keep" a name may be another's, if no receipt tells ours."""
        name = self._name_of(held)
        known = held.remote_path == name or self._overwrite == "replace"
        if known or self._is_there(name, held.size, held.sha256):
            with suppress(FileNotFoundError):
                self._storage.delete(name)
        delivery.note(f"deleted {name}")
        delivery.record(Receipt(held.path, name, 0, "", "removed", "none"))

    def _name_of(self, held: Held) -> str:
        """The name that the receipt told, unless the destination has been moved since."""
        name = final_path(self._prefix, held.path)
        inside = not self._prefix or held.remote_path.startswith(f"{self._prefix}/")
        return held.remote_path if held.remote_path and inside else name


def _content(source: Source) -> File[bytes]:
    """The content, found to be right: a storage reads it in its own order, some parts twice."""
    if source.is_small:
        return ContentFile(source.read())
    source.check()
    return File(source.opened())


def _aside(name: str, delivery: Delivery) -> str:
    """Another name beside ``name``, the same for every attempt at this delivery."""
    folder, file = posixpath.split(name)
    stem, dot, suffixes = file.partition(".")
    mark = hashlib.sha256(delivery.idempotency_key.encode()).hexdigest()[:8]
    return posixpath.join(folder, f"{stem}_{mark}{dot}{suffixes}")


def _problems_of_alias(destination: Destination) -> list[str]:
    alias = destination.host
    if alias not in settings.STORAGES:
        close = difflib.get_close_matches(alias, settings.STORAGES, n=1)
        known = ", ".join(map(repr, sorted(settings.STORAGES)))
        hint = f"Did you mean {close[0]!r}?" if close else f"There are {known}."
        if not alias:
            hint = f"Write it after the slashes, as in storage://default/folder. {hint}"
        return [f"STORAGES has no entry {alias!r}. {hint}"]
    try:
        storage = storages[alias]
    except Exception as error:  # noqa: BLE001 - whatever a storage's class raises
        destination.hide(*secrets_of(settings.STORAGES[alias].get("OPTIONS", {})))
        said = destination.redact(f"{type(error).__name__}: {error}")
        return [f"The storage {alias!r} cannot be made: {said}. Correct STORAGES[{alias!r}]."]
    destination.hide(*secrets_of(settings.STORAGES[alias].get("OPTIONS", {})))
    destination.hide(*secrets_of(vars(storage)))
    return []
