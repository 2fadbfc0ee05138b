"""The fixtures; ``tests/conftest.py`` makes them known to every test."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.capabilities import need
from tests.servers import proftpd as proftpd_server
from tests.servers import vsftpd as vsftpd_server
from tests.servers.account import Account, session_account
from tests.servers.certificates import Certificates, make_certificates
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


@pytest.fixture(scope="session")
def s3() -> Iterator[Any]:
    """A server that speaks S3 (its library takes seconds to import)."""
    from tests.servers.s3 import run_s3

    with run_s3() as server:
        yield server


@pytest.fixture(scope="session")
def certificates(scratch: Path) -> Certificates:
    """Of the servers with TLS."""
    return make_certificates(scratch / "certificates")


@pytest.fixture(scope="session")
def vsftpd_tls(scratch: Path, account: Account, certificates: Certificates) -> Iterator[Server]:
    """vsftpd with explicit TLS."""
    need("vsftpd")
    with run_vsftpd(scratch / "vsftpd-tls", account, certificates=certificates) as server:
        yield server


@pytest.fixture(scope="session")
def vsftpd_implicit(
    scratch: Path, account: Account, certificates: Certificates
) -> Iterator[Server]:
    """vsftpd with implicit TLS."""
    need("vsftpd")
    folder, config = scratch / "vsftpd-implicit", vsftpd_server.IMPLICIT
    with run_vsftpd(folder, account, config=config, certificates=certificates) as server:
        yield server


@pytest.fixture(scope="session")
def proftpd_tls(scratch: Path, account: Account, certificates: Certificates) -> Iterator[Server]:
    """ProFTPD with explicit TLS."""
    need("proftpd-tls")
    with run_proftpd(scratch / "proftpd-tls", account, certificates=certificates) as server:
        yield server


@pytest.fixture(scope="session")
def proftpd_implicit(
    scratch: Path, account: Account, certificates: Certificates
) -> Iterator[Server]:
    """ProFTPD with implicit TLS."""
    need("proftpd-tls")
    folder, config = scratch / "proftpd-implicit", proftpd_server.IMPLICIT
    with run_proftpd(folder, account, config=config, certificates=certificates) as server:
        yield server


@pytest.fixture(params=["vsftpd", "proftpd"])
def ftp_server(request: pytest.FixtureRequest) -> Server:
    """Each of the FTP servers in turn."""
    return request.getfixturevalue(request.param)
