"""Servers that cannot do everything: what is found, what to ask, and what has to stay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.capabilities import need
from tests.contracts.places import Place, at_server
from tests.doctor.conftest import answers, everything, one, probed
from tests.faults.test_refusals import without_rename
from tests.servers.server import small_disk
from tests.servers.sshd import run_sshd
from tests.servers.vsftpd import run_vsftpd

pytestmark = pytest.mark.slow


@contextmanager
def sshd_without(requests: str, folder: Path, account: Any) -> Iterator[Place]:
    need("sshd")
    with run_sshd(folder, account, sftp_options=f"-P {requests}") as server:
        yield at_server(server)


@contextmanager
def vsftpd_with(config: str, folder: Path, account: Any) -> Iterator[Place]:
    need("vsftpd")
    with run_vsftpd(folder, account, config=config) as server:
        yield at_server(server)


@pytest.mark.parametrize("kind", ["sshd", "vsftpd", "proftpd"])
def test_no_rename(kind: str, server_folder: Path, account: Any) -> None:
    with without_rename(kind, server_folder, account) as place:
        found = probed(place)
        assert not found.sound
        verdict = one(found, "publish: rename")
        assert verdict.answer == "no"
        assert verdict.required
        assert "right to rename" in verdict.ask
        assert "'in-place'" in verdict.ask
        assert one(found, "rename over a file").detail
        assert probed(place, publish="in-place").sound
        assert everything(place.folder) == []


def test_only_plain_rename(server_folder: Path, account: Any) -> None:
    with sshd_without("posix-rename", server_folder, account) as place:
        found = probed(place)
        assert answers(found)["rename onto a free name"] == "yes"
        assert answers(found)["rename over a file"] == "no"
        assert "OPTIONS['publish'] to 'replace'" in one(found, "publish: rename").ask
        assert not found.sound
        found = probed(place, publish="replace")
        assert one(found, "publish: replace").consequence == "deletes the old file, then renames"
        assert found.sound
        assert everything(place.folder) == []


@pytest.mark.parametrize("kind", ["sshd", "vsftpd"])
def test_no_right_to_delete(kind: str, server_folder: Path, account: Any) -> None:
    """What has to stay is little, and all of it is named."""
    without = (
        sshd_without("remove,rmdir", server_folder, account)
        if kind == "sshd"
        else vsftpd_with("cmds_denied=DELE,RMD", server_folder, account)
    )
    with without as place:
        place.write("theirs.txt", b"theirs")
        found = probed(place)
        assert answers(found)["delete a file"] == "no"
        assert answers(found)["go on with half a file"] == "skipped"
        leaving = one(found, "leave nothing behind")
        assert leaving.answer == "no"
        assert "by hand" in leaving.ask
        left = [path for path, _ in everything(place.folder) if path != "theirs.txt"]
        assert 2 <= len(left) <= 3
        assert all(f"/{path}" in leaving.detail for path in left)
        assert found.sound, "deliveries need no deletion"


def test_no_right_to_delete_folders_only(server_folder: Path, account: Any) -> None:
    with vsftpd_with("cmds_denied=RMD", server_folder, account) as place:
        found = probed(place)
        [(left, _)] = everything(place.folder)
        assert left.startswith("pigeon-doctor-")
        assert left in one(found, "leave nothing behind").detail


@pytest.mark.parametrize("kind", ["sshd", "vsftpd"])
def test_a_write_only_folder(kind: str, server_folder: Path, account: Any) -> None:
    without = (
        sshd_without("read,opendir,readdir", server_folder, account)
        if kind == "sshd"
        else vsftpd_with("cmds_denied=RETR,LIST,NLST,MLSD", server_folder, account)
    )
    with without as place:
        found = probed(place)
        said = answers(found)
        assert said["read a file back"] == said["list the folder"] == "no"
        assert "write-only" in one(found, "read a file back").ask
        assert said["leave nothing behind"] == "yes", found
        assert found.sound
        assert not probed(place, verify="sha256").sound
        assert everything(place.folder) == []


def test_sizes_that_are_not_told(server_folder: Path, account: Any) -> None:
    with vsftpd_with("cmds_denied=SIZE,MLST,MLSD", server_folder, account) as place:
        found = probed(place)
        assert "550" in one(found, "tell a file's size").detail
        verdict = one(found, "verify: size")
        assert verdict.answer == "no"
        assert "'sha256'" in verdict.ask
        assert everything(place.folder) == []


@pytest.mark.parametrize("kind", ["sshd", "vsftpd"])
def test_no_folders_may_be_made(kind: str, server_folder: Path, account: Any) -> None:
    """Then the files stand beside those of the partner, under names that nobody else has."""
    without = (
        sshd_without("mkdir", server_folder, account)
        if kind == "sshd"
        else vsftpd_with("cmds_denied=MKD", server_folder, account)
    )
    with without as place:
        place.write("theirs.txt", b"theirs")
        found = probed(place)
        assert answers(found)["make a folder"] == "no"
        assert answers(found)["delete a folder"] == "skipped"
        assert found.sound
        assert place.files() == {"theirs.txt": b"theirs"}


@pytest.mark.parametrize("kind", ["sshd", "vsftpd", "proftpd"])
def test_a_read_only_folder(kind: str, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue(kind)
    place = at_server(server)
    with server.read_only(place.folder):
        found = probed(place)
    assert answers(found)["write a file"] == "no"
    assert "right to write" in one(found, "write a file").ask
    assert one(found, "write a file").detail
    assert not found.sound
    assert everything(place.folder) == []


@pytest.mark.parametrize("kind", ["sshd", "vsftpd", "proftpd"])
def test_a_full_disk(kind: str, request: pytest.FixtureRequest) -> None:
    need("small disk")
    server = request.getfixturevalue(kind)
    with small_disk(server, f"doctor-{kind}") as folder:
        (folder / "filling").write_bytes(b"x" * folder.stat().st_blksize * 16)
        place = Place(server.url(folder.name), folder, server.options(), server.own)
        before = everything(folder)
        found = probed(place)
        assert not found.sound
        assert "quota is full" in one(found, "write a file").detail
        assert everything(folder) == before
