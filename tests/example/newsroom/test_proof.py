"""The demo's proof sees each way in which a partner's files can be wrong."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from example_project.demo import proof


@pytest.fixture
def present(tmp_path: Path) -> dict[str, dict[str, Path]]:
    files = {"a.xml": tmp_path / "a.xml", "photos/1.jpg": tmp_path / "1.jpg"}
    for path in files.values():
        path.write_bytes(b"as it should be")
    return {"beloved": files}


EXPECTED = {"beloved": {"a.xml": b"as it should be", "photos/1.jpg": b"as it should be"}}
DIGEST = hashlib.sha256(b"as it should be").hexdigest()
DIGESTS = {"beloved": {"a.xml": DIGEST, "photos/1.jpg": DIGEST}}


def test_nothing_is_wrong(present: dict[str, dict[str, Path]]) -> None:
    assert proof.differences(present, EXPECTED, DIGESTS) == []


def test_missing(present: dict[str, dict[str, Path]]) -> None:
    del present["beloved"]["a.xml"]
    assert proof.differences(present, EXPECTED, DIGESTS) == ["beloved: a.xml is missing"]
    assert proof.differences({}, EXPECTED, DIGESTS) == [
        "beloved: a.xml is missing",
        "beloved: photos/1.jpg is missing",
    ]


def test_too_much(present: dict[str, dict[str, Path]], tmp_path: Path) -> None:
    present["beloved"][".b.xml.token.part"] = tmp_path / "a.xml"
    present["sftp"] = {"elsewhere": tmp_path / "a.xml"}
    assert proof.differences(present, EXPECTED, DIGESTS) == [
        "beloved: .b.xml.token.part should not be there",
        "sftp: elsewhere should not be there",
    ]


def test_other_content(present: dict[str, dict[str, Path]]) -> None:
    present["beloved"]["a.xml"].write_bytes(b"as it should")
    assert proof.differences(present, EXPECTED, DIGESTS) == [
        "beloved: a.xml is not what the rule renders",
        "beloved: a.xml is not what the parcel's manifest says",
    ]


def test_another_manifest(present: dict[str, dict[str, Path]]) -> None:
    digests = {"beloved": {"photos/1.jpg": DIGEST}}
    assert proof.differences(present, EXPECTED, digests) == [
        "beloved: a.xml is not what the parcel's manifest says"
    ]


def test_many_are_told_in_brief() -> None:
    expected = {"beloved": {f"{number}.xml": b"" for number in range(8)}}
    told = proof.differences({}, expected, {})
    assert len(told) == 6
    assert told[-1] == "beloved: 3 more"


def test_a_file_that_is_replaced_by_the_same_bytes_has_another_stamp(
    present: dict[str, dict[str, Path]],
) -> None:
    before = proof.stamps(present)
    path = present["beloved"]["a.xml"]
    copy = path.with_suffix(".new")
    copy.write_bytes(path.read_bytes())
    os.utime(copy, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    copy.replace(path)
    after = proof.stamps(present)
    assert {key for key in after if after[key] != before[key]} == {("beloved", "a.xml")}
