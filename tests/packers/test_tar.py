from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

import pytest

from pigeon.exceptions import ConfigurationError
from pigeon.packers.tar import TARPacker
from tests.contracts.test_packers import CONTENT, outputs_in


@pytest.mark.parametrize(("compression", "name"), [("gz", "w.tar.gz"), (None, "w.tar")])
def test_names_times_and_owners(tmp_path: Path, compression: object, name: str) -> None:
    (target := tmp_path / "target").mkdir()
    packer = TARPacker(compression=compression)  # type: ignore[arg-type]
    outputs = outputs_in(tmp_path / "source", CONTENT)
    assert packer.pack(outputs, tmp_path / "source", target, "w") == [name]
    with tarfile.open(target / name) as archive:
        assert "medias/été 北京.jpg" in archive.getnames()
        for member in archive.getmembers():
            assert (member.mtime, member.mode) == (315532800, 0o644)
            assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", "")


def test_the_gzip_header_says_nothing_of_the_machine(tmp_path: Path) -> None:
    (target := tmp_path / "target").mkdir()
    TARPacker().pack(outputs_in(tmp_path / "s", CONTENT), tmp_path / "s", target, "w")
    data = (target / "w.tar.gz").read_bytes()
    assert data[3] == 0, "no file name"
    assert data[4:8] == b"\0\0\0\0", "no time"
    assert gzip.decompress(data)


def test_unknown_compressions_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="use 'gz' or None"):
        TARPacker(compression="bz2")  # type: ignore[arg-type]
