"""The names under which files travel: beside their final ones, and known to be ours."""

from __future__ import annotations

import hashlib
import posixpath

from pigeon.exceptions import PermanentError

#: Bytes that a file name may have on the common file systems.
NAME_LENGTH = 255
#: How temporary files are called, unless a destination's option says otherwise.
TEMPORARY = ".{name}.{token}.part"


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


def temporary_path(final: str, token: str, pattern: str = TEMPORARY, root: str = "") -> str:
    """The name for the time until the file is whole: beside ``final``, or where ``pattern`` says.

    A name that would be too long is cut, and a piece of its hash keeps it apart from others
    that begin the same; so does one in a folder where files of several folders meet.

    Args:
        final: the file's path at the partner.
        token: of the attempt; no other has it.
        pattern: with ``{name}`` and ``{token}``; with a slash it is a path from ``root``.
        root: the destination's folder.
    """
    beside, name = posixpath.split(final)
    folder, slash, pattern = pattern.rpartition("/")
    folder = posixpath.join(root, folder) if slash else beside
    if slash:
        name = _marked(name, final)
    temporary = pattern.replace("{token}", token)
    room = NAME_LENGTH - len(temporary.replace("{name}", "").encode())
    if len(name.encode()) > room:
        mark = _marked("", name)
        name = name.encode()[: room - len(mark)].decode(errors="ignore") + mark
    return posixpath.join(folder, temporary.replace("{name}", name))


def _marked(name: str, whole: str) -> str:
    return f"{name}~{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def problems(pattern: str) -> list[str]:
    """What is wrong with ``pattern`` for temporary names, as sentences."""
    name = pattern.rpartition("/")[2]
    if name.count("{name}") != 1 or name.count("{token}") != 1:
        return [
            f"Option 'temporary' must hold {{name}} and {{token}} once in its last part, as in "
            f"{TEMPORARY!r}, so that no two attempts write to the same file; {pattern!r} does not."
        ]
    if pattern.startswith("/") or ".." in pattern.split("/"):
        return [
            "Option 'temporary' is a name, or a path from the destination's folder such as "
            f"'.tmp/{{name}}.{{token}}', on the same disk; {pattern!r} leads elsewhere."
        ]
    return []
