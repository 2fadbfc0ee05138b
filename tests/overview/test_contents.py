"""What is in a parcel: text, and all of it as an archive."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from django.utils import timezone

from pigeon.overview.contents import MOST, is_whole, text_of, zipped
from pigeon.parcel import OutputFile, Parcel


def parcel(folder: Path, **contents: bytes) -> Parcel:
    files = []
    for name, content in contents.items():
        path = name.replace("__", "/")
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
        files.append(OutputFile(path, len(content), "0" * 64))
    return Parcel(folder, tuple(files), timezone.now())


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        ("Grüße".encode(), "Grüße"),
        ("Grüße".encode("latin-1"), None),
        (b"a\0b", None),
        (b"a" * (MOST + 1), "a" * MOST),
        (b"a" * (MOST - 1) + "üx".encode(), "a" * (MOST - 1)),
    ],
)
def test_the_text_of_a_file(tmp_path: Path, content: bytes, text: str | None) -> None:
    made = parcel(tmp_path, a=content)
    assert text_of(made, made.files[0]) == text


def test_a_parcel_with_a_file_that_is_cut_or_gone_is_not_whole(tmp_path: Path) -> None:
    made = parcel(tmp_path, a=b"one", b=b"two")
    assert is_whole(made)
    (tmp_path / "a").write_bytes(b"on")
    assert not is_whole(made)
    (tmp_path / "a").unlink()
    assert not is_whole(made)


def test_a_zip_comes_in_pieces_and_is_whole(tmp_path: Path) -> None:
    noise = bytes(range(256)) * 8192
    made = parcel(tmp_path, a__Grüße=b"one", b=noise, c=b"")
    pieces = list(zipped(made))
    assert len(pieces) > 4
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a/Grüße", "b", "c"]
        assert [archive.read(name) for name in archive.namelist()] == [b"one", noise, b""]
