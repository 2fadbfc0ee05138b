"""The log of files: an entry for each file of each attempt, as filedispatch's log API has them.

A file that arrived is SUCCEEDED. Of an attempt that failed, each file that its parcel holds is
FAILED, or one entry without a name if there is no parcel. What was removed, or turned out to be
pointless, was no file that went anywhere, and has no entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pigeon.destinations import Destination
from pigeon.models.attempt import Outcome, PushAttempt
from pigeon.text import size

SUCCEEDED, FAILED = "SUCCEEDED", "FAILED"
#: How receipts of what was not put there are published.
_NOT_PUT = ("removed", "skipped")
#: What is read of an attempt for its entries.
FIELDS = (
    "started", "worker", "outcome", "message", "receipts", "destination", "rule_name",
    "item__model_label", "item__object_id", "item__parcel__manifest",
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A file that was, or was to be, put at a destination; fields are those of filedispatch.

    Attributes:
        id: the attempt's id and the number of the file in it, such as ``"12-1"``.
        filename: last part of its path.
        source: the object, such as ``"news.story:42"``, or the rule of a mass push.
        destination: its name.
        extension: lower-cased, without the dot; may be empty.
        worker: ``host:process``.
        protocol: scheme of the destination's URL; empty if the destination is gone.
        status: SUCCEEDED or FAILED.
        byte_size: bytes.
        reason: why it failed.
        created: when the attempt began.
    """

    id: str
    filename: str
    source: str
    destination: str
    extension: str
    worker: str
    protocol: str
    status: str
    byte_size: int
    reason: str
    created: datetime

    @property
    def size(self) -> str:
        """The size in words, such as ``"12.5 KB"``."""
        return size(self.byte_size)


def entries_of(attempt: PushAttempt, known: Mapping[str, Destination]) -> list[Entry]:
    """The entries of ``attempt``; ``known`` are the destinations of the settings."""
    if attempt.outcome == Outcome.CANCELLED:
        return []
    item = attempt.item
    source = f"{item.model_label}:{item.object_id}" if item.model_label else attempt.rule_name
    return [
        Entry(
            id=f"{attempt.pk}-{number}",
            filename=path.rpartition("/")[2],
            source=source,
            destination=attempt.destination,
            extension=_extension(path),
            worker=attempt.worker,
            protocol=_protocol(attempt.destination, known),
            status=SUCCEEDED if attempt.outcome == Outcome.PUSHED else FAILED,
            byte_size=length,
            reason=attempt.message,
            created=attempt.started,
        )
        for number, (path, length) in enumerate(_files(attempt), 1)
    ]


def _files(attempt: PushAttempt) -> Iterator[tuple[str, int]]:
    """Path and bytes of each file that went, or was to go."""
    if attempt.outcome == Outcome.PUSHED:
        for receipt in attempt.receipts:
            if receipt["published"] not in _NOT_PUT:
                yield receipt["path"], receipt["size"]
        return
    parcel = attempt.item.parcel
    files = parcel.manifest["files"] if parcel else []
    yield from ((file["path"], file["size"]) for file in files or [{"path": "", "size": 0}])


def _extension(path: str) -> str:
    stem, dot, last = path.rpartition("/")[2].rpartition(".")
    return last.lower() if dot and stem else ""


def _protocol(name: str, known: Mapping[str, Destination]) -> str:
    if name in known:
        return known[name].scheme
    scheme, sign, _ = name.partition("://")
    return scheme if sign else ""
