"""Large files of the site's own disk are not copied into parcels."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage

from pigeon.exceptions import ParcelDamaged
from pigeon.export.writing import LINKED, write_output
from pigeon.makers.binary import BinaryOutputMaker
from pigeon.remotes.source import Source
from tests.apps.newsroom.models import Photo
from tests.makers.rules import Partner

LARGE = os.urandom(LINKED)


class Shouting(FileSystemStorage):
    """Gives something else than what lies on the disk."""

    def _open(self, name: str, mode: str = "rb") -> Any:
        with super()._open(name, mode) as file:
            return ContentFile(file.read().upper())


def made(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes = LARGE,
    storage: type[FileSystemStorage] = FileSystemStorage,
) -> tuple[Path, Source]:
    """The stored file, and the output that was made of it."""
    monkeypatch.setattr(Photo._meta.get_field("image"), "storage", storage(tmp_path / "media"))
    photo = Photo(pk=1)
    photo.image.save("film.bin", ContentFile(content), save=False)
    target = tmp_path / "parcel" / "film.bin"
    output = write_output(BinaryOutputMaker(Partner(), photo, "image"), "r", "film.bin", target)
    assert os.listdir(target.parent) == ["film.bin"]  # noqa: PTH208
    return tmp_path / "media" / "photos" / "film.bin", Source(target, output)


def test_a_large_file_has_two_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored, source = made(tmp_path, monkeypatch)
    assert source.local_path.samefile(stored)
    assert source.file.sha256 == hashlib.sha256(LARGE).hexdigest()
    stored.unlink()
    assert source.read() == LARGE


def test_what_is_written_into_it_later_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, source = made(tmp_path, monkeypatch)
    with stored.open("r+b") as file:
        file.write(b"changed")

    async def send() -> None:
        async for _ in source.chunks():
            pass

    with pytest.raises(ParcelDamaged):
        asyncio.run(send())


def test_a_small_file_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored, source = made(tmp_path, monkeypatch, LARGE[1:])
    assert not source.local_path.samefile(stored)
    assert source.read() == LARGE[1:]


def test_what_a_storage_changes_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"loud" * LINKED
    stored, source = made(tmp_path, monkeypatch, content, Shouting)
    assert not source.local_path.samefile(stored)
    assert source.read() == content.upper()


def test_on_another_disk_it_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    stored, source = made(tmp_path, monkeypatch)
    assert not source.local_path.samefile(stored)
    assert source.read() == LARGE
