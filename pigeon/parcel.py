"""Frozen values that travel from export to senders: what goes out, and what arrived."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One file: where it goes, relative to the destination's folder, and what it is.

    Attributes:
        path: relative POSIX path at the partner, already checked to be safe.
        size: bytes.
        sha256: lower-case hexadecimal digest; empty while nobody has read the file to its end.
        modified_ns: until then, when the file was modified, in nanoseconds since 1970; else 0.
        content: of a small file that was made just now, what was written; else ``None``. It need
            not be read from the disk again, and is in no manifest.
    """

    path: str
    size: int
    sha256: str
    modified_ns: int = 0
    content: bytes | None = field(default=None, compare=False, repr=False)

    def known(self, sha256: str) -> OutputFile:
        """The same file, now that its digest is known."""
        return OutputFile(self.path, self.size, sha256)

    def matches(self, facts: os.stat_result) -> bool:
        """Whether a file with these facts can be it. With a digest, only that really tells."""
        same_time = bool(self.sha256) or facts.st_mtime_ns == self.modified_ns
        return facts.st_size == self.size and same_time

    def as_json(self) -> dict[str, Any]:
        """The JSON-ready form that manifests hold."""
        facts = {"path": self.path, "size": self.size, "sha256": self.sha256}
        return facts | ({"modified_ns": self.modified_ns} if self.modified_ns else {})


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An output that a validator refused and the rule said to skip."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """The immutable files of one item.

    Attributes:
        directory: absolute path of the parcel's own directory, which holds the files.
        files: what travels, in the order in which it is sent.
        left_out: outputs that were refused and skipped.
        rendered_at: when the outputs were rendered (aware datetime).
    """

    directory: Path
    files: tuple[OutputFile, ...]
    rendered_at: datetime
    left_out: tuple[LeftOut, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)

    @property
    def lacks_digests(self) -> bool:
        """Whether the digest of a file is not known yet."""
        return not all(file.sha256 for file in self.files)

    def local_path(self, file: OutputFile) -> Path:
        """Where ``file`` lies on our disk."""
        return self.directory / file.path

    def manifest(self) -> dict[str, Any]:
        """The JSON-ready description that the parcel's record holds."""
        return {
            "rendered_at": self.rendered_at.isoformat(),
            "files": [file.as_json() for file in self.files],
            "left_out": [asdict(output) for output in self.left_out],
        }

    @classmethod
    def from_manifest(cls, directory: Path, manifest: Mapping[str, Any]) -> Parcel:
        """The parcel that ``manifest`` describes; nothing is read from the disk."""
        return cls(
            directory=directory,
            files=tuple(OutputFile(**file) for file in manifest["files"]),
            rendered_at=datetime.fromisoformat(manifest["rendered_at"]),
            left_out=tuple(LeftOut(**output) for output in manifest["left_out"]),
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one send put at, or removed from, the destination.

    Attributes:
        path: path relative to the destination's folder (the parcel's own path).
        remote_path: full path (or identifier) at the partner.
        size: bytes at the partner; 0 if nothing of ours is there.
        sha256: digest of what was sent; empty if nothing of ours is there.
        published: how it got its final name: ``"rename"``, ``"replace"``, ``"in-place"``,
            ``"found"`` (an earlier attempt had delivered it), ``"removed"``, ``"skipped"`` (a
            file of the partner's has that name and was left alone), ``"memory"``; where there
            are no files: ``"put"`` and ``"post"`` (HTTP), ``"stored"`` (a storage),
            ``"mailed"``.
        verified: how it was checked there: ``"none"``, ``"size"`` or ``"sha256"``.
    """

    path: str
    remote_path: str
    size: int
    sha256: str
    published: str
    verified: str

    def as_json(self) -> dict[str, Any]:
        """The JSON-ready form that attempts store."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Held:
    """A file of ours that a destination holds now, as its publication says.

    Attributes:
        path: the parcel's own path, relative to the destination's folder.
        size: bytes.
        sha256: digest of what was sent.
        rendered_at: when it was rendered (aware).
        remote_path: what the receipt called it at the partner; empty when an attempt of which
            nobody knows how it ended may have put it there.
    """

    path: str
    size: int
    sha256: str
    rendered_at: datetime
    remote_path: str = ""

    @property
    def is_certain(self) -> bool:
        """Whether there is a receipt for it: it was put there, whoever changed it since."""
        return bool(self.remote_path)
