from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from pigeon.packers.zip import ZIPPacker
from tests.contracts.test_packers import CONTENT, outputs_in


def packed(tmp_path: Path, packer: ZIPPacker) -> Path:
    target = tmp_path / "target"
    target.mkdir()
    [name] = packer.pack(
        outputs_in(tmp_path / "source", CONTENT), tmp_path / "source", target, "w"
    )
    return target / name


def test_names_times_and_modes(tmp_path: Path) -> None:
    with zipfile.ZipFile(packed(tmp_path, ZIPPacker())) as archive:
        assert archive.testzip() is None
        for member in archive.infolist():
            assert member.date_time == (1980, 1, 1, 0, 0, 0)
            assert member.external_attr >> 16 == 0o100644
            assert member.compress_type == zipfile.ZIP_DEFLATED
        assert "medias/été 北京.jpg" in archive.namelist()


def test_members_can_be_stored(tmp_path: Path) -> None:
    with zipfile.ZipFile(packed(tmp_path, ZIPPacker(compress=False))) as archive:
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}


def test_memory_does_not_grow_with_the_outputs(tmp_path: Path) -> None:
    script = """
import resource, sys
from pathlib import Path
from pigeon.packers.zip import ZIPPacker
from pigeon.packers.tar import TARPacker
from pigeon.parcel import OutputFile
source = Path(sys.argv[1])
with (source / "big").open("wb") as file:
    file.truncate(300_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for packer in (ZIPPacker(compress=False), TARPacker(compression=None)):
    [name] = packer.pack([OutputFile("big", 300_000_000, "")], source, source, "a")
    assert (source / name).stat().st_size > 300_000_000
    (source / name).unlink()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 50_000  # KiB
