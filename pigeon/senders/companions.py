"""The small files that go with a parcel's own: checksums, and the word that all is there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence

from pigeon.exceptions import PermanentError
from pigeon.parcel import OutputFile
from pigeon.remotes.source import Source
from pigeon.senders.manner import Manner

#: Name of a list of checksums.
LIST = "SHA256SUMS"
_ESCAPED = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})


def checksums(manner: Manner, files: Sequence[OutputFile]) -> list[Source]:
    """The files of checksums that go with ``files``, in the format of coreutils' sha256sum."""
    if manner.checksum == "sidecar":
        return [Source.of(f"{file.path}.sha256", _list([file])) for file in files]
    if manner.checksum == LIST and files:
        top = _top(file.path for file in files)
        return [Source.of(posixpath.join(top, LIST), _list(files, top))]
    return []


def done_files(manner: Manner, files: Sequence[OutputFile]) -> list[Source]:
    """The empty files that say that all of ``files`` are there."""
    if not manner.done_file or not files:
        return []
    if manner.done_file_each:
        paths = [_done_path(manner, file.path, files[0].path) for file in files]
    else:
        name = _named(manner.done_file, files[0].path, files[0].path)
        paths = [posixpath.join(_top(file.path for file in files), name)]
    return [Source.of(path, b"") for path in dict.fromkeys(paths)]


def paths(manner: Manner, files: Sequence[OutputFile]) -> set[str]:
    """Where all of these go."""
    if manner.checksum == "none" and not manner.done_file:
        return set()
    both = [*checksums(manner, files), *done_files(manner, files)]
    return {source.file.path for source in both}


def refuse_clash(files: Iterable[OutputFile], companions: Iterable[Source]) -> None:
    """Raise ``PermanentError`` if a companion would take the place of one of ``files``."""
    both = {file.path for file in files} & {source.file.path for source in companions}
    if both:
        raise PermanentError(
            f"The parcel has a file {min(both)}, which is also the name of the checksum or "
            "done-file of another. Change OPTIONS['done_file'] or OPTIONS['checksum'], or the "
            "rule's get_filename."
        )


def beside(manner: Manner, paths: Iterable[str]) -> set[str]:
    """Names that are surely companions of files of ours under ``paths``.

    Only those that hold the file's own name: a name that all parcels share may be another's.
    """
    found: set[str] = set()
    for path in paths:
        if manner.checksum == "sidecar":
            found.add(f"{path}.sha256")
        if re.search("{(name|stem|parcel)}", manner.done_file):
            found.add(_done_path(manner, path, path))
    return found


def is_done_file(manner: Manner, path: str) -> bool:
    """Whether ``path`` may be one of our done-files."""
    words = re.split(r"\{(?:name|stem|parcel)\}", manner.done_file)
    pattern = ".+".join(re.escape(word) for word in words)
    return bool(manner.done_file and re.fullmatch(pattern, posixpath.basename(path), re.DOTALL))


def _done_path(manner: Manner, path: str, first: str) -> str:
    return posixpath.join(posixpath.dirname(path), _named(manner.done_file, path, first))


def _named(pattern: str, path: str, first: str) -> str:
    """``pattern`` with what its placeholders mean: of the file, and of the parcel's first."""
    name = posixpath.basename(path)
    words = {
        "name": name,
        "stem": posixpath.splitext(name)[0],
        "parcel": posixpath.splitext(posixpath.basename(first))[0],
    }
    return re.sub(r"\{(name|stem|parcel)\}", lambda found: words[found[1]], pattern)


def _top(paths: Iterable[str]) -> str:
    """The deepest folder that all ``paths`` have in common."""
    return posixpath.commonpath([posixpath.dirname(path) for path in paths])


def _list(files: Iterable[OutputFile], top: str | None = None) -> bytes:
    lines = []
    for file in files:
        name = (
            posixpath.basename(file.path)
            if top is None
            else posixpath.relpath(file.path, top or ".")
        )
        escaped = name.translate(_ESCAPED)
        lines.append(f"{'' if escaped == name else chr(92)}{file.sha256}  {escaped}\n")
    return "".join(lines).encode()
