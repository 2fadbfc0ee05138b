"""An output that is written in pieces of any size is whole, and its digest is that of the file."""

from __future__ import annotations

import errno
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from pigeon.exceptions import TransientError
from pigeon.export import writing
from pigeon.export.writing import GATHERED, write_output
from pigeon.makers.base import BaseOutputMaker
from tests.apps.newsroom.models import Story
from tests.makers.rules import Partner

Write = Callable[[BinaryIO], Any]
PIECES = [b"a", b"b" * GATHERED, b"c" * (GATHERED - 1), b"d", b"", b"e" * (3 * GATHERED), b"f"]


class Maker(BaseOutputMaker):
    """Writes what the test says."""

    def __init__(self, write: Write) -> None:
        super().__init__(Partner(), Story(pk=1))
        self._write = write

    def write(self, target: BinaryIO) -> None:
        self._write(target)


def made(folder: Path, write: Write) -> bytes:
    """What lies on the disk, which is what the output says of itself."""
    output = write_output(Maker(write), "r", "story.xml", folder / "story.xml")
    content = (folder / "story.xml").read_bytes()
    assert (output.size, output.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    return content


def test_pieces_keep_their_order(tmp_path: Path) -> None:
    assert made(tmp_path, lambda target: target.writelines(PIECES)) == b"".join(PIECES)


def test_a_maker_may_wrap_and_close_what_it_writes_to(tmp_path: Path) -> None:
    def write(target: BinaryIO) -> None:
        with io.TextIOWrapper(target, encoding="utf-8") as text:
            text.write("ü")

    assert made(tmp_path, write) == "ü".encode()


def test_a_disk_may_take_a_part_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(io.FileIO):
        def write(self, data: Any, /) -> int:
            return super().write(memoryview(data)[:1000])

    monkeypatch.setattr(writing.io, "FileIO", Slow)
    assert made(tmp_path, lambda target: target.writelines(PIECES)) == b"".join(PIECES)


@pytest.mark.parametrize("piece", [b"small", b"x" * GATHERED])
def test_a_full_disk_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: bytes
) -> None:
    class Full(io.FileIO):
        def write(self, data: Any, /) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing.io, "FileIO", Full)
    with pytest.raises(TransientError, match=r"Writing an output .* failed: .*No space left"):
        made(tmp_path, lambda target: target.write(piece))
