"""Large files of the site's own disk are not copied into parcels."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import io
import json
import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage

from pigeon.exceptions import OutputMakerError, ParcelDamaged
from pigeon.export import writing
from pigeon.export.building import Outputs, build
from pigeon.export.digests import digested
from pigeon.export.writing import LINKED, write_output
from pigeon.makers.binary import BinaryOutputMaker
from pigeon.packers.flat import FlatPacker
from pigeon.parcel import OutputFile, Parcel
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
    ago_ns: int = 0,
) -> tuple[Path, Source]:
    """The stored file, and the output that was made of it so long after it was modified."""
    monkeypatch.setattr(Photo._meta.get_field("image"), "storage", storage(tmp_path / "media"))
    photo = Photo(pk=1)
    photo.image.save("film.bin", ContentFile(content), save=False)
    if ago_ns:
        at = time.time_ns() - ago_ns
        os.utime(photo.image.path, ns=(at, at))
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


@pytest.fixture
def unhashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Source]:
    """As :func:`made`, of a file that is to be hashed while it is sent."""
    monkeypatch.setattr(writing, "HASHED_LATER", LINKED)
    stored, source = made(tmp_path, monkeypatch, ago_ns=3600 * 10**9 + 1)
    assert (source.file.sha256, source.file.size) == ("", len(LARGE))
    assert source.file.modified_ns == stored.stat().st_mtime_ns
    return stored, source


def sent(
    source: Source, between: Callable[[], object] = lambda: None, way: str = "chunks"
) -> bytes:
    """What ``source`` gives; something happens after the first block."""

    async def read() -> bytes:
        blocks = getattr(source, way)()
        first = bytes(await anext(blocks))
        between()
        return b"".join([first, *[block async for block in blocks]])

    return asyncio.run(read())


def rewritten(stored: Path) -> None:
    with stored.open("r+b") as file:
        file.write(LARGE[:7])


def test_its_digest_is_known_when_it_was_read(unhashed: tuple[Path, Source]) -> None:
    stored, source = unhashed
    stored.unlink()
    assert sent(source) == LARGE
    assert source.file == OutputFile("film.bin", len(LARGE), hashlib.sha256(LARGE).hexdigest())


def test_what_is_read_again_is_compared_with_it(unhashed: tuple[Path, Source]) -> None:
    stored, source = unhashed
    source.check()
    before = stored.stat()
    stored.write_bytes(LARGE[::-1])
    os.utime(stored, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ParcelDamaged, match="not what its parcel's manifest says"):
        source.check()


@pytest.mark.parametrize("way", ["chunks", "lent"])
@pytest.mark.parametrize("while_sent", [True, False])
def test_without_a_digest_its_time_tells(
    unhashed: tuple[Path, Source], while_sent: bool, way: str
) -> None:
    stored, source = unhashed
    with pytest.raises(ParcelDamaged, match="Something wrote into it"):
        if while_sent:
            sent(source, lambda: rewritten(stored), way)
        else:
            rewritten(stored)
            asyncio.run(anext(getattr(source, way)()))  # nothing of it is sent
    assert not source.file.sha256


def test_a_file_that_is_gone_has_no_digest(unhashed: tuple[Path, Source]) -> None:
    _, source = unhashed
    with pytest.raises(ParcelDamaged, match="cannot be read"):
        sent(source, source.local_path.unlink)


@pytest.mark.parametrize(
    ("ago_ns", "later"),
    [
        (0, False),
        (writing.TICK, True),
        (writing.COARSE_TICK, True),
        (-3600 * 10**9, False),
    ],
    ids=["now", "a tick ago", "a coarse tick ago", "to come"],
)
def test_what_has_just_changed_is_hashed_at_once(ago_ns: int, later: bool) -> None:
    """It may change once more without another time to tell of it."""
    at = (time.time_ns() - ago_ns) // 2 * 2 - 1
    assert writing._is_left_alone(at) is later


@pytest.mark.parametrize(("seconds", "later"), [(1, False), (4, True)])
def test_whole_seconds_are_a_coarse_clock(seconds: int, later: bool) -> None:
    assert writing._is_left_alone((int(time.time()) - seconds) * 10**9) is later


def test_a_file_without_a_time_is_hashed_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Archives and some mounts give none, and nothing would stand for the digest."""
    monkeypatch.setattr(writing, "HASHED_LATER", LINKED)
    _, source = made(tmp_path, monkeypatch, ago_ns=time.time_ns())
    os.utime(source.local_path, ns=(0, 0))
    with io.FileIO(tmp_path / "again", "x") as file:
        measured = writing.Measured(file, tmp_path / "again", None)
        assert measured.take(source.local_path)
    assert measured.sha256 == hashlib.sha256(LARGE).hexdigest()


@pytest.mark.parametrize(("size", "later"), [(0, True), (-1, False)])
def test_less_is_hashed_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, later: bool
) -> None:
    content = bytes(writing.HASHED_LATER + size)
    _, source = made(tmp_path, monkeypatch, content, ago_ns=3600 * 10**9 + 1)
    assert (not source.file.sha256) is later
    assert later or source.file.sha256 == hashlib.sha256(content).hexdigest()


def test_a_manifest_says_it_until_the_digest_is_known(tmp_path: Path) -> None:
    file = OutputFile("film.bin", 5, "", 1_700_000_000_000_000_001)
    parcel = Parcel(tmp_path, (file, OutputFile("a", 1, "aa")), datetime(2026, 5, 1, tzinfo=UTC))
    assert Parcel.from_manifest(tmp_path, json.loads(json.dumps(parcel.manifest()))) == parcel
    assert parcel.lacks_digests
    assert file.known("ff").as_json() == {"path": "film.bin", "size": 5, "sha256": "ff"}
    assert parcel.manifest()["files"][1] == {"path": "a", "size": 1, "sha256": "aa"}


class Packed(FlatPacker):
    """Relies on digests."""

    needs_digests = True
    seen: ClassVar[list[str]] = []

    def _pack(self, outputs: Any, *where: Any) -> list[str]:
        self.seen[:] = [output.sha256 for output in outputs]
        return super()._pack(outputs, *where)


def built(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    packer: Any = FlatPacker,
    second: bytes = LARGE,
) -> Parcel:
    """A parcel of a photo that two makers give the same name, the second of ``second``."""
    monkeypatch.setattr(writing, "HASHED_LATER", LINKED)
    media = FileSystemStorage(tmp_path / "media")
    monkeypatch.setattr(Photo._meta.get_field("image"), "storage", media)
    rule, makers = Partner(), []
    rule.packer = packer  # type: ignore[misc]
    for content in (LARGE, second):
        photo = Photo(pk=1)
        photo.image.save("film.bin", ContentFile(content), save=False)
        os.utime(photo.image.path, ns=(1, len(makers) + 1))
        makers.append(BinaryOutputMaker(rule, photo, "image"))
    folder = tmp_path / "parcel"
    folder.mkdir()
    files, left_out = build(rule, makers, str(folder), archive_for=None)
    return Parcel(folder, files, datetime.now(UTC), left_out)


def test_the_same_output_twice_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parcel = built(tmp_path, monkeypatch)
    [file] = parcel.files
    assert file.sha256 == hashlib.sha256(LARGE).hexdigest()
    assert digested(parcel) == parcel


def test_two_outputs_of_one_name_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OutputMakerError, match="two different outputs"):
        built(tmp_path, monkeypatch, second=LARGE[::-1])


def test_a_packer_that_needs_digests_gets_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Outputs, "_compare", lambda self, taken, *_: taken)
    [file] = built(tmp_path, monkeypatch).files
    assert not file.sha256
    shutil.rmtree(tmp_path / "parcel")
    [file] = built(tmp_path, monkeypatch, Packed).files
    assert [file.sha256] == Packed.seen == [hashlib.sha256(LARGE).hexdigest()]
