"""The bytes of pictures: bundled ones, and one that stands for those of agencies."""

from __future__ import annotations

from pathlib import Path

BUNDLED = Path(__file__).resolve().parent / "stories" / "photos"
PLACEHOLDER = BUNDLED / "placeholder.jpg"

_START, _COMMENT = b"\xff\xd8", b"\xff\xfe"
#: Bytes of a comment that one JPEG segment holds.
_LONGEST = 65533


def content_of(href: str, folder: Path, uri: str) -> bytes:
    """The picture at ``href`` if that is a file in ``folder``, else a placeholder for it.

    Nothing is downloaded: agencies want to be paid for that. Each placeholder is a JPEG of its
    own, with the picture's ``uri`` as its comment.
    """
    if href and "://" not in href:
        path = (folder / href).resolve()
        if path.is_relative_to(folder.resolve()) and path.is_file():
            return path.read_bytes()
    return with_comment(PLACEHOLDER.read_bytes(), uri)


def with_comment(jpeg: bytes, text: str) -> bytes:
    """``jpeg`` with ``text`` as its first segment, which viewers do not show."""
    comment = text.encode()[:_LONGEST]
    length = (len(comment) + 2).to_bytes(2, "big")
    return _START + _COMMENT + length + comment + jpeg.removeprefix(_START)
