"""The servers do what the other tests rely on."""

from __future__ import annotations

import asyncio
import ftplib
import io
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

import asyncssh
import pytest

from tests.capabilities import need
from tests.servers.account import Account
from tests.servers.proftpd import WITHOUT_RENAME, run_proftpd
from tests.servers.server import Server, small_disk
from tests.servers.sshd import run_sshd
from tests.servers.vsftpd import run_vsftpd

T = TypeVar("T")
CONTENT = "Grüße aus der Redaktion\n".encode()


def run(work: Awaitable[T]) -> T:
    async def limited() -> T:
        return await asyncio.wait_for(work, 30)

    return asyncio.run(limited())


def by_key(server: Server) -> dict[str, object]:
    return {"client_keys": [str(server.key_file)], "password": None}


async def sftp_put(server: Server, path: str, rename_to: str = "", **login: object) -> None:
    async with (
        asyncssh.connect(
            server.host,
            server.port,
            username=server.username,
            known_hosts=str(server.known_hosts),
            config=None,
            agent_path=None,
            **(login or by_key(server)),
        ) as connection,
        connection.start_sftp_client() as client,
    ):
        async with client.open(f"{server.prefix}/{path}", "wb") as file:
            await file.write(CONTENT)
        if rename_to:
            await client.posix_rename(f"{server.prefix}/{path}", f"{server.prefix}/{rename_to}")


def ftp_put(server: Server, path: str, rename_to: str = "", content: bytes = CONTENT) -> None:
    with ftplib.FTP(timeout=30, encoding="utf-8") as client:
        client.connect(server.host, server.port)
        client.login(server.username, server.password)
        client.storbinary(f"STOR {server.prefix}/{path}", io.BytesIO(content))
        if rename_to:
            client.rename(f"{server.prefix}/{path}", f"{server.prefix}/{rename_to}")


def test_sshd_takes_the_key(sshd: Server) -> None:
    folder = sshd.folder("by-key")
    run(sftp_put(sshd, "by-key/a.part", "by-key/a.xml"))
    assert [path.name for path in folder.iterdir()] == ["a.xml"]
    assert (folder / "a.xml").read_bytes() == CONTENT
    assert (folder / "a.xml").stat().st_uid == sshd.uid


def test_sshd_takes_the_password_of_a_system_account(sshd: Server, account: Account) -> None:
    if not account.is_system:
        pytest.skip("OpenSSH knows passwords of system accounts only (run the tests as root)")
    sshd.folder("by-password")
    run(sftp_put(sshd, "by-password/a.xml", password=sshd.password, client_keys=None))
    assert (sshd.root / "by-password/a.xml").read_bytes() == CONTENT


def test_sshd_refuses_a_wrong_password(sshd: Server) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        run(sftp_put(sshd, "no.xml", password="wrong", client_keys=None))


def test_sshd_without_rename(server_folder: Path, account: Account) -> None:
    need("sshd")
    with (
        run_sshd(server_folder, account, sftp_options="-P posix-rename,rename") as server,
        pytest.raises(asyncssh.SFTPError),
    ):
        run(sftp_put(server, "a.part", "a.xml"))
    assert [path.name for path in server.root.iterdir()] == ["a.part"]


def test_ftp_servers_take_files(ftp_server: Server) -> None:
    folder = ftp_server.folder("news")
    ftp_put(ftp_server, "news/ü.part", "news/ü.xml")
    assert [path.name for path in folder.iterdir()] == ["ü.xml"]
    assert (folder / "ü.xml").read_bytes() == CONTENT
    assert (folder / "ü.xml").stat().st_uid == ftp_server.uid


def test_ftp_servers_replace_by_rename(ftp_server: Server) -> None:
    folder = ftp_server.folder("again")
    (folder / "a.xml").write_text("old")
    ftp_put(ftp_server, "again/a.part", "again/a.xml")
    assert (folder / "a.xml").read_bytes() == CONTENT


def test_ftp_servers_refuse_a_read_only_folder(ftp_server: Server) -> None:
    folder = ftp_server.folder("closed")
    with ftp_server.read_only(folder), pytest.raises(ftplib.error_perm, match=r"55[03]"):
        ftp_put(ftp_server, "closed/a.xml")
    ftp_put(ftp_server, "closed/a.xml")
    assert (folder / "a.xml").read_bytes() == CONTENT


def test_ftp_servers_say_when_the_disk_is_full(ftp_server: Server) -> None:
    need("small disk")
    with small_disk(ftp_server, "full"):
        with pytest.raises((ftplib.Error, ConnectionError)):
            ftp_put(ftp_server, "full/a.xml", content=b"x" * 300_000)
        ftp_put(ftp_server, "full/a.xml")


def test_vsftpd_without_rename(server_folder: Path, account: Account) -> None:
    need("vsftpd")
    with (
        run_vsftpd(server_folder, account, config="cmds_denied=RNFR,RNTO") as server,
        pytest.raises(ftplib.error_perm),
    ):
        ftp_put(server, "a.part", "a.xml")
    assert [path.name for path in server.root.iterdir()] == ["a.part"]


def test_proftpd_without_rename(server_folder: Path, account: Account) -> None:
    need("proftpd")
    with (
        run_proftpd(server_folder, account, config=WITHOUT_RENAME) as server,
        pytest.raises(ftplib.error_perm),
    ):
        ftp_put(server, "a.part", "a.xml")
    assert [path.name for path in server.root.iterdir()] == ["a.part"]


def test_connections_can_be_cut(sshd: Server) -> None:
    async def cut() -> None:
        async with asyncssh.connect(
            sshd.host, sshd.port, username=sshd.username, known_hosts=str(sshd.known_hosts),
            config=None, agent_path=None, client_keys=[str(sshd.key_file)],
        ) as connection:  # fmt: skip
            sftp = await connection.start_sftp_client()
            sshd.drop_sessions()
            await sftp.wait_closed()
            await connection.wait_closed()

    run(cut())
    assert not sshd.sessions()


def test_a_server_can_hang(ftp_server: Server) -> None:
    async def greeting(seconds: float) -> bytes:
        reader, writer = await asyncio.open_connection(ftp_server.host, ftp_server.port)
        try:
            return await asyncio.wait_for(reader.readline(), seconds)
        finally:
            writer.close()
            await writer.wait_closed()

    with ftp_server.hanging(), pytest.raises(TimeoutError):
        run(greeting(0.5))
    assert run(greeting(30)).startswith(b"220")
