"""The fixtures; ``tests/conftest.py`` makes them known to every test."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.capabilities import need
from tests.servers.account import Account, session_account
from tests.servers.postgresql import PostgreSQL, run_postgresql
from tests.servers.proftpd import run_proftpd
from tests.servers.server import Server
from tests.servers.sshd import run_sshd
from tests.servers.vsftpd import run_vsftpd


@pytest.fixture(scope="session")
def postgresql_server(scratch: Path) -> Iterator[PostgreSQL]:
    """The cluster behind the database alias "postgresql"."""
    need("postgresql")
    with run_postgresql(scratch / "postgresql") as server:
        yield server


@pytest.fixture(scope="session")
def account() -> Iterator[Account]:
    """Who logs in at the servers."""
    with session_account() as made:
        yield made


@pytest.fixture
def server_folder(scratch: Path) -> Path:
    """A new folder for a server of one test's own (``tmp_path`` lets no other user in)."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    folder.chmod(0o755)
    return folder / "server"


@pytest.fixture(scope="session")
def sshd(scratch: Path, account: Account) -> Iterator[Server]:
    """OpenSSH's server."""
    need("sshd")
    with run_sshd(scratch / "sshd", account) as server:
        yield server


@pytest.fixture(scope="session")
def vsftpd(scratch: Path, account: Account) -> Iterator[Server]:
    """vsftpd as Debian ships it, that is: with rename and all."""
    need("vsftpd")
    with run_vsftpd(scratch / "vsftpd", account) as server:
        yield server


@pytest.fixture(scope="session")
def proftpd(scratch: Path, account: Account) -> Iterator[Server]:
    """ProFTPD."""
    need("proftpd")
    with run_proftpd(scratch / "proftpd", account) as server:
        yield server


@pytest.fixture(params=["vsftpd", "proftpd"])
def ftp_server(request: pytest.FixtureRequest) -> Server:
    """Each of the FTP servers in turn."""
    return request.getfixturevalue(request.param)
