"""The names under which files travel: beside their final ones, and known to be ours."""

from __future__ import annotations

import hashlib
import posixpath

from pigeon.exceptions import PermanentError

#: Bytes that a file name may have on the common file systems.
NAME_LENGTH = 255


def final_path(root: str, path: str) -> str:
    """Where a parcel's ``path`` belongs at the partner.

    Raises:
        PermanentError: it would leave the destination's folder.
    """
    if path.startswith("/") or ".." in path.split("/") or "\0" in path or not path:
        raise PermanentError(
            f"The path {path!r} would leave the destination's folder. Correct the rule's "
            "get_directory or get_filename."
        )
    return posixpath.join(root, path)


def temporary_path(final: str, token: str) -> str:
    """The name for the time until the file is whole: ``.<name>.<token>.part``, beside it.

    A name that would be too long is cut, and a piece of its hash keeps it apart from others
    that begin the same.
    """
    folder, name = posixpath.split(final)
    tail = f".{token}.part"
    temporary = f".{name}{tail}"
    if len(temporary.encode()) > NAME_LENGTH:
        tail = f"~{hashlib.sha256(name.encode()).hexdigest()[:8]}{tail}"
        room = NAME_LENGTH - len(tail.encode()) - 1
        temporary = f".{name.encode()[:room].decode(errors='ignore')}{tail}"
    return posixpath.join(folder, temporary)
