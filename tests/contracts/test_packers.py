"""What every packer keeps."""

from __future__ import annotations

import hashlib
import os
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pigeon.exceptions import GetDirectoryError, OutputMakerError
from pigeon.packers.base import Packer
from pigeon.packers.flat import FlatPacker
from pigeon.packers.tar import TARPacker
from pigeon.packers.zip import ZIPPacker
from pigeon.parcel import OutputFile

CONTENT = {
    "z.xml": b"<z/>" * 1000,
    "a.xml": b"",
    "medias/été 北京.jpg": b"\xff\xd8",
    "x" * 200 + "/" + "y" * 200: b"long",
}
PACKERS: dict[str, Any] = {
    "flat": FlatPacker,
    "zip": ZIPPacker,
    "zip stored": lambda: ZIPPacker(compress=False),
    "tar": lambda: TARPacker(compression=None),
    "tar.gz": TARPacker,
}


def outputs_in(source: Path, content: Mapping[str, bytes]) -> list[OutputFile]:
    outputs = []
    for path, data in content.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes(data)
        outputs.append(OutputFile(path, len(data), hashlib.sha256(data).hexdigest()))
    return outputs


def unpacked(directory: Path, paths: list[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for path in paths:
        if path.endswith(".zip"):
            with zipfile.ZipFile(directory / path) as archive:
                found |= {name: archive.read(name) for name in archive.namelist()}
        elif path.endswith((".tar", ".tar.gz")):
            with tarfile.open(directory / path) as archive:
                for member in archive.getmembers():
                    content = archive.extractfile(member)
                    assert content
                    found[member.name] = content.read()
        else:
            found[path] = (directory / path).read_bytes()
    return found


@pytest.fixture(params=PACKERS)
def packer(request: pytest.FixtureRequest) -> Packer:
    made: Packer = PACKERS[request.param]()
    return made


def pack(packer: Packer, place: Path, content: Mapping[str, bytes]) -> dict[str, bytes]:
    source, target = place / "source", place / "target"
    outputs = outputs_in(source, content)
    target.mkdir()
    paths = packer.pack(outputs, source, target, "weekly")
    files = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    assert set(paths) == files, "it names what it made"
    assert unpacked(target, paths) == dict(content)
    return {path: (target / path).read_bytes() for path in paths}


def test_all_outputs_are_packed_whole(packer: Packer, tmp_path: Path) -> None:
    pack(packer, tmp_path, CONTENT)


def test_the_same_outputs_give_the_same_bytes(packer: Packer, tmp_path: Path) -> None:
    first = pack(packer, tmp_path / "1", CONTENT)
    for path in (tmp_path / "1").rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    backwards = dict(reversed(CONTENT.items()))
    assert pack(packer, tmp_path / "2", backwards) == first


def test_no_outputs_are_an_error(packer: Packer, tmp_path: Path) -> None:
    with pytest.raises(OutputMakerError, match="no outputs"):
        packer.pack([], tmp_path, tmp_path, "weekly")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stem", ["../weekly", "a/b", "x" * 300, "a\u202eb"])
def test_an_unsafe_archive_name_is_refused(packer: Packer, tmp_path: Path, stem: str) -> None:
    if packer.keeps_outputs:
        pytest.skip("it makes no archive")
    source, target = tmp_path / "source", tmp_path / "target"
    outputs = outputs_in(source, CONTENT)
    target.mkdir()
    with pytest.raises(GetDirectoryError):
        packer.pack(outputs, source, target, stem)
    assert not list(target.iterdir())
