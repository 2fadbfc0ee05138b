"""Servers that say no: what the operator reads, and what comes after the cure."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from pigeon.exceptions import (
    AuthenticationError,
    DeliveryError,
    DestinationMisconfigured,
    TransientError,
)
from tests.capabilities import need
from tests.contracts.places import Place, at_server
from tests.senders.parcels import delivery, parcel
from tests.servers import proftpd as proftpd_server
from tests.servers.proftpd import run_proftpd
from tests.servers.server import Server, small_disk
from tests.servers.sshd import run_sshd
from tests.servers.vsftpd import run_vsftpd

pytestmark = pytest.mark.slow
LARGE = os.urandom(1024 * 1024)


def test_a_wrong_password(place: Place, tmp_path: Path) -> None:
    if "key_file" in place.options:
        place.options = {"known_hosts": place.options["known_hosts"]}
    with pytest.raises(AuthenticationError) as caught:
        place.send(delivery(parcel(tmp_path, {"a": b"x"})), password="s3cret-but-wrong")
    message = str(caught.value)
    assert "refused the login of user '" in message
    assert "wrong" in message
    assert "ask the partner" in message
    assert "s3cret" not in message


def test_a_password_that_logs_in(account: Any, sshd: Any, tmp_path: Path) -> None:
    if not account.is_system:
        pytest.skip("sshd knows passwords of system accounts only")
    place = at_server(sshd)
    place.options = {
        "known_hosts": place.options["known_hosts"],
        "password": lambda: sshd.password,
    }
    place.send(delivery(parcel(tmp_path, {"a": b"x"})))
    assert place.files() == {"a": b"x"}


def test_an_unknown_host_key(sshd: Any, tmp_path: Path) -> None:
    """The message holds the line that makes it known."""
    place, known_hosts = at_server(sshd), tmp_path / "known_hosts"
    place.options["known_hosts"] = known_hosts
    what = delivery(parcel(tmp_path / "p", {"a": b"x"}))
    with pytest.raises(AuthenticationError, match="has no line for it") as caught:
        place.send(what)
    explanation, line = str(caught.value).split("add this line to it: ")
    key = asyncssh.import_public_key(line.split(" ", 1)[1])
    assert f"fingerprint {key.get_fingerprint()}" in explanation
    assert "SHA256:" in explanation
    known_hosts.write_text(line + "\n")
    place.send(what)
    assert place.files() == {"a": b"x"}


def test_another_host_key_than_the_known_one(sshd: Any, tmp_path: Path) -> None:
    place, known_hosts = at_server(sshd), tmp_path / "known_hosts"
    place.options["known_hosts"] = known_hosts
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    known_hosts.write_text(f"[127.0.0.1]:{sshd.port} {other}")
    with pytest.raises(AuthenticationError, match="shows another host key than the one in"):
        place.send(delivery(parcel(tmp_path / "p", {"a": b"x"})))
    assert place.files() == {}
    place.send(delivery(parcel(tmp_path / "p", {"a": b"x"})), host_key_check=False)
    assert place.files() == {"a": b"x"}


def test_a_key_file_that_is_none(sshd: Any, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("no key")
    for path in (tmp_path / "key", tmp_path / "missing"):
        with pytest.raises(DestinationMisconfigured, match=r"cannot be read: .*key_file"):
            at_server(sshd).send(delivery(parcel(tmp_path / "p", {"a": b"x"})), key_file=path)


def test_a_read_only_folder(place: Place, tmp_path: Path) -> None:
    what = delivery(parcel(tmp_path, {"a.txt": b"x", "sub/b.txt": LARGE}))
    mode = place.folder.stat().st_mode
    place.folder.chmod(0o555)
    os.chown(place.folder, os.geteuid(), os.getegid())
    with pytest.raises(DestinationMisconfigured, match="right to write there") as caught:
        place.send(what)
    assert str(place.folder.name) in str(caught.value)
    place.folder.chmod(mode)
    place.own(place.folder)
    again = delivery(what.parcel, token="token2", stale_tokens=("token1",))
    place.send(again)
    assert place.files() == {"a.txt": b"x", "sub/b.txt": LARGE}


def test_a_full_disk(server: Server, place: Place, tmp_path: Path) -> None:
    need("small disk")
    what = parcel(tmp_path, {"a.bin": LARGE})
    with small_disk(server, f"full-{place.folder.name}", size=1_200_000) as folder:
        place = Place(server.url(folder.name), folder, place.options, server.own)
        (folder / "filling").write_bytes(b"x" * 600_000)
        place.write("a.bin", b"the older version")
        with pytest.raises(TransientError, match="disk or our quota") as caught:
            place.send(delivery(what))
        assert "write" in str(caught.value)
        assert sorted(place.files()) == ["a.bin", "filling"]
        assert place.files()["a.bin"] == b"the older version"
        (folder / "filling").unlink()
        place.send(delivery(what, token="token2", stale_tokens=("token1",)))
        assert place.files() == {"a.bin": LARGE}


@contextmanager
def without_rename(kind: str, folder: Path, account: Any) -> Iterator[Place]:
    """A server of ``kind`` that refuses to rename."""
    need(kind)
    run = {
        "sshd": lambda: run_sshd(folder, account, sftp_options="-P posix-rename,rename"),
        "vsftpd": lambda: run_vsftpd(folder, account, config="cmds_denied=RNFR,RNTO"),
        "proftpd": lambda: run_proftpd(folder, account, config=proftpd_server.WITHOUT_RENAME),
    }[kind]
    with run() as server:
        yield at_server(server)


@pytest.mark.parametrize("kind", ["sshd", "vsftpd", "proftpd"])
def test_no_rename(kind: str, server_folder: Path, account: Any, tmp_path: Path) -> None:
    what = parcel(tmp_path, {"a.txt": b"new"})
    with without_rename(kind, server_folder, account) as place:
        with pytest.raises(DestinationMisconfigured, match=r"does not rename.*'in-place'"):
            place.send(delivery(what))
        assert place.files() == {}
        place.send(delivery(what), publish="in-place")
        assert place.files() == {"a.txt": b"new"}


def test_only_plain_rename(server_folder: Path, account: Any, tmp_path: Path) -> None:
    """It serves for new names; to replace a file, somebody has to say that it may be deleted."""
    need("sshd")
    what = parcel(tmp_path, {"a.txt": b"new"})
    with run_sshd(server_folder, account, sftp_options="-P posix-rename") as server:
        place = at_server(server)
        place.write("a.txt", b"old")
        place.send(delivery(parcel(tmp_path / "b", {"b.txt": b"b"})))
        with pytest.raises(DestinationMisconfigured, match=r"'replace'.*'in-place'"):
            place.send(delivery(what))
        assert place.files() == {"a.txt": b"old", "b.txt": b"b"}
        sent = delivery(what)
        place.send(sent, publish="replace")
        assert place.files() == {"a.txt": b"new", "b.txt": b"b"}
        assert sent.receipts[0].published == "replace"


def test_a_file_where_a_folder_is_needed(place: Place, tmp_path: Path) -> None:
    place.write("sub", b"a file")
    with pytest.raises(DeliveryError) as caught:
        place.send(delivery(parcel(tmp_path, {"sub/a.txt": b"x"})))
    assert "sub" in str(caught.value)
    assert place.files() == {"sub": b"a file"}


def test_a_folder_where_the_file_belongs(place: Place, tmp_path: Path) -> None:
    place.write("a.txt/other", b"x")
    with pytest.raises(DestinationMisconfigured):
        place.send(delivery(parcel(tmp_path, {"a.txt": b"x"})))
    assert place.files() == {"a.txt/other": b"x"}


def test_a_crashed_session(server: Server, place: Place, tmp_path: Path) -> None:
    async def crash() -> None:
        server.drop_sessions()

    with pytest.raises(DeliveryError):
        place.send(delivery(parcel(tmp_path, {"a.txt": b"x"}), check_lease=crash))
    place.send(
        delivery(parcel(tmp_path, {"a.txt": b"x"}), token="token2", stale_tokens=("token1",))
    )
    assert place.files() == {"a.txt": b"x"}


def test_no_permissions_to_set(server_folder: Path, account: Any, tmp_path: Path) -> None:
    with run_sshd(server_folder, account, sftp_options="-P setstat,fsetstat") as server:
        place, what = at_server(server), parcel(tmp_path, {"a": b"x"})
        with pytest.raises(DestinationMisconfigured, match=r"0640.*Remove OPTIONS\['chmod'\]"):
            place.send(delivery(what), chmod="0640")
        assert place.files() == {}
        place.send(delivery(what))
        assert place.files() == {"a": b"x"}


@pytest.mark.parametrize("client", ["asyncssh", "paramiko"])
@pytest.mark.parametrize("content", [b"x", LARGE], ids=["small", "large"])
def test_no_sizes(
    server_folder: Path, account: Any, tmp_path: Path, content: bytes, client: str
) -> None:
    with run_sshd(server_folder, account, sftp_options="-P stat,lstat,fstat") as server:
        place, what = at_server(server), parcel(tmp_path, {"a": content})
        with pytest.raises(DestinationMisconfigured, match=r"Set OPTIONS\['verify'\] .*'none'"):
            place.send(delivery(what), client=client)
        assert place.files() == {}
        place.send(delivery(what), verify="none", client=client)
        again = delivery(what, token="token2", stale_tokens=("token1",))
        place.send(again, verify="none", client=client)
        assert place.files() == {"a": content}


def test_no_reading(server_folder: Path, account: Any, tmp_path: Path) -> None:
    """Not even after a lost answer, when Pigeon would look: then it sends again."""
    with run_sshd(server_folder, account, sftp_options="-P read") as server:
        place, what = at_server(server), parcel(tmp_path, {"a": LARGE})
        with pytest.raises(DestinationMisconfigured, match=r"Set OPTIONS\['verify'\] .*'size'"):
            place.send(delivery(what), verify="sha256")
        assert place.files() == {}
        for token in ("token2", "token3"):
            place.write(".a.token1.part", LARGE)
            place.send(delivery(what, token=token, stale_tokens=("token1",)))
            assert place.files() == {"a": LARGE}
