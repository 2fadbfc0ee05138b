"""Which relative paths may become a file's place, on our disk and at a partner.

Names come from content (titles, slugs, file names that users uploaded), so everything that
could leave the folder, hide in a listing or mean something else on another system is refused.
A path is otherwise kept as it is: no Unicode normalisation, no replacement of characters,
because a partner expects the very name that the rule gave.
"""

from __future__ import annotations

import re
import unicodedata

from pigeon.exceptions import GetDirectoryError

#: Most bytes of UTF-8 in one folder or file name; the limit of all common file systems.
MAX_NAME_BYTES = 255
#: Most bytes of UTF-8 in a whole path, which leaves room for the folders it is put into.
MAX_PATH_BYTES = 1000
#: Pigeon's own temporary names: of a file on its way, and of a parcel that is being built.
RESERVED = re.compile(r"\..*\.[0-9a-f]{32}\.part|\.building-.*", re.DOTALL)

#: A name that is safe without a closer look, as most are.
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")

#: Unicode categories that cannot be seen or that change how others are shown, and the word.
_INVISIBLE = {
    "Cc": "a control character",
    "Cf": "an invisible format character, such as a text direction mark",
    "Cs": "half of a surrogate pair",
    "Zl": "a line separator",
    "Zp": "a paragraph separator",
}


def safe_relative_path(directory: str, filename: str) -> str:
    """``directory`` and ``filename`` as one relative POSIX path that is safe to create.

    Args:
        directory: folders separated by ``/``, ``""`` for none; a ``/`` at the end is ignored.
        filename: a plain name without ``/``.

    Raises:
        GetDirectoryError: the path would be unsafe; the sentence shows the part and says why.
    """
    _check_text("directory", directory)
    _check_text("file name", filename)
    if not directory and _PLAIN.fullmatch(filename):
        return filename
    if "/" in filename:
        _refuse(
            "file name", filename, "contains '/'; folders come from get_directory(), not from "
            "get_filename()",
        )  # fmt: skip
    folder = directory.removesuffix("/")
    return check_path(f"{folder}/{filename}" if directory else filename)


def check_path(path: str) -> str:
    """``path`` itself, if it is a safe relative POSIX path.

    Raises:
        GetDirectoryError: it is not; the sentence shows the part and says why.
    """
    _check_text("path", path)
    if path.startswith("/"):
        _refuse("path", path, "is absolute; give a path relative to the destination's folder")
    for name in path.split("/"):
        check_name(name)
    if len(path.encode()) > MAX_PATH_BYTES:
        _refuse("path", path, f"is longer than {MAX_PATH_BYTES} bytes")
    return path


def check_name(name: str) -> str:
    """``name`` itself, if it is safe as the name of one folder or file.

    Raises:
        GetDirectoryError: it is not; the sentence shows the name and says why.
    """
    reason = _why_unsafe(name)
    if reason:
        _refuse("name", name, reason)
    return name


def _why_unsafe(name: str) -> str:
    if not name:
        return "is empty"
    if not name.strip("."):
        return "consists of dots, which means another folder"
    if "/" in name or "\\" in name:
        return "contains a slash or backslash, which separates folders on some systems"
    if name != name.strip():
        return "begins or ends with white space"
    if name[0] == "." and RESERVED.fullmatch(name):
        return "looks like one of Pigeon's own temporary names"
    return _invisible(name) or _too_long(name)


def _invisible(name: str) -> str:
    if name.isascii() and name.isprintable():
        return ""
    for character in name:
        category = unicodedata.category(character)
        if category in _INVISIBLE:
            return f"contains {_INVISIBLE[category]} (U+{ord(character):04X})"
    return ""


def _too_long(name: str) -> str:
    return f"is longer than {MAX_NAME_BYTES} bytes" if len(name.encode()) > MAX_NAME_BYTES else ""


def _check_text(kind: str, value: object) -> None:
    if not isinstance(value, str):
        raise GetDirectoryError(
            f"The {kind} {value!r} is a {type(value).__name__}, not text; return a str."
        )


def _refuse(kind: str, value: str, reason: str) -> None:
    shown = value if len(value) <= 100 else value[:99] + "…"
    raise GetDirectoryError(f"The {kind} {shown!r} {reason}.")
