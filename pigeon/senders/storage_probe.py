"""Trying out what a storage can do, and leaving nothing there."""

from __future__ import annotations

import logging
import posixpath
import secrets
from collections.abc import Callable
from contextlib import suppress

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage

from pigeon.destinations import Destination
from pigeon.exceptions import DeliveryError
from pigeon.senders.capabilities import Answer, Capabilities, Capability
from pigeon.senders.names import final_path
from pigeon.senders.storage_errors import told

logger = logging.getLogger(__name__)

#: What the object of a probe holds first, and then.
CONTENT = b"Pigeon tries out what this storage can do, and removes this object.\n"
NEWER = b"the second version\n" + CONTENT
WRITE, SIZE, READ = "write a file", "tell a file's size", "read a file back"
MISSING, OVER, DELETE = "tell that a file is missing", "write over a file", "delete a file"


def probe(storage: Storage, destination: Destination, prefix: str, verify: str) -> Capabilities:
    """Save a small object under a name that nobody else has, look at it, save it again, delete it.

    Args:
        prefix: folder of the URL, without slashes at its ends.
        verify: how the destination wants files checked.
    """
    trial = _Trial(storage, destination, prefix, verify)
    try:
        found = trial.steps()
    finally:
        left = trial.clear()
    kind = type(storage)
    facts = {"storage class": f"{kind.__module__}.{kind.__qualname__}"}
    return Capabilities((*found, *left), facts)


class _Trial:
    """One probe; ``_saved`` are the names that the storage chose."""

    def __init__(
        self, storage: Storage, destination: Destination, prefix: str, verify: str
    ) -> None:
        self._storage, self._destination, self._verify = storage, destination, verify
        self._name = final_path(prefix, f"pigeon-doctor-{secrets.token_hex(8)}.txt")
        self._saved: list[str] = []
        self._folders = self._missing_folders()

    def steps(self) -> list[Capability]:
        """All that is tried before the object is deleted again."""
        ask = "Let the storage's owner allow writing below the URL's folder; or correct STORAGES."
        found = [
            self._tried(MISSING, self._is_missing, "Allow looking for objects; see the page on "
                        "storage:// for the rights that S3 wants.", required=True),
            self._tried(WRITE, lambda: self._save(CONTENT), ask, required=True),
        ]  # fmt: skip
        if found[-1].answer != "yes":
            return found
        other = "Set OPTIONS['verify'] to {}, or allow reading objects there."
        size = self._tried(
            SIZE, self._size, other.format("'sha256' or 'none'"), required=self._verify == "size"
        )
        read = self._tried(
            READ, self._read, other.format("'size' or 'none'"), required=self._verify == "sha256"
        )
        return [*found, size, read, self._over()]

    def clear(self) -> list[Capability]:
        """Delete what was saved; nothing to tell if there was nothing."""
        ask = "Allow deleting objects: rules that withdraw or rename files need it. By hand: "
        found = [
            self._tried(DELETE, self._deletion(name), f"{ask}remove {name} from the storage.")
            for name in dict.fromkeys(self._saved)
        ]
        for folder in self._folders:
            with suppress(OSError):
                self._storage.delete(folder)
        failed = [one for one in found if one.answer != "yes"]
        if failed:
            text, extra = "The probe had to leave %s", {"destination": self._destination.name}
            logger.warning(text, ", ".join(dict.fromkeys(self._saved)), extra=extra)
        return failed or found[:1]

    def _missing_folders(self) -> list[str]:
        """Folders on a disk that saving will make; the deepest first."""
        if not isinstance(self._storage, FileSystemStorage):
            return []
        found, folder = [], posixpath.dirname(self._name)
        while folder and not self._storage.exists(folder):
            found.append(folder)
            folder = posixpath.dirname(folder)
        return found

    def _is_missing(self) -> str:
        if self._storage.exists(self._name):
            raise ValueError("a file is there that nobody has saved")
        return ""

    def _save(self, content: bytes) -> str:
        try:
            chosen = str(self._storage.save(self._name, ContentFile(content)))
        except Exception:
            with suppress(Exception):  # half of it may be there; nobody else has this name
                self._storage.delete(self._name)
            raise
        self._saved.append(chosen)
        return f"{len(content)} bytes" + ("" if chosen == self._name else f", as {chosen}")

    def _size(self) -> str:
        size = self._storage.size(self._saved[0])
        if size != len(CONTENT):
            raise ValueError(f"{size} bytes, and {len(CONTENT)} were saved")
        return f"{size} bytes"

    def _read(self) -> str:
        with self._storage.open(self._saved[0], "rb") as content:
            if content.read(len(CONTENT) + 1) != CONTENT:
                raise ValueError("something else than was saved")
        return "as written"

    def _over(self) -> Capability:
        found = self._tried(OVER, lambda: self._save(NEWER), "Ask why a second save fails.")
        if found.answer != "yes":
            return found
        if self._saved[0] == self._saved[1]:
            does = "replaces a file in one step"
            return Capability(OVER, "yes", consequence=does)
        keeps = self._destination.options.get("overwrite") == "keep"
        does = "takes another name" if keeps else "deletes the older file, then saves"
        return Capability(OVER, "no", "the storage takes another name", does)

    def _deletion(self, name: str) -> Callable[[], str]:
        def delete() -> str:
            self._storage.delete(name)
            return ""

        return delete

    def _tried(
        self, name: str, act: Callable[[], str], ask: str, *, required: bool = False
    ) -> Capability:
        try:
            with told("The storage"):
                try:
                    return Capability(name, "yes", act(), required=required)
                except (NotImplementedError, ValueError) as error:
                    missing = isinstance(error, NotImplementedError)
                    words = "the storage class has no such thing" if missing else str(error)
        except DeliveryError as error:
            missing, words = False, str(error)
        answer: Answer = "unknown" if missing and not required else "no"
        words = " ".join(self._destination.redact(words).split())
        return Capability(name, answer, words, ask=ask, required=required)
