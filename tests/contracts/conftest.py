from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pigeon.testing.ftp_partner import FTPPartner
from pigeon.testing.sftp_partner import SFTPPartner
from tests.contracts.places import Place, at_partner, at_server

IN_PROCESS = {"sftp-partner": SFTPPartner, "ftp-partner": FTPPartner}
PARAMIKO = "-by-paramiko"
PLACES = ["file", *IN_PROCESS, "sshd", "vsftpd", "proftpd"]
PLACES += ["vsftpd_tls", "vsftpd_implicit", "proftpd_tls", "proftpd_implicit"]
PLACES += [f"{name}{PARAMIKO}" for name in ("sftp-partner", "sshd")]


@pytest.fixture(scope="session")
def partners() -> Iterator[dict[str, SFTPPartner | FTPPartner]]:
    with SFTPPartner() as sftp, FTPPartner() as ftp:
        yield {"sftp-partner": sftp, "ftp-partner": ftp}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A new, empty folder at each kind of server in turn."""
    return make_place(request, request.param, tmp_path)


def make_place(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Place:
    """A new, empty folder at the server that one of ``PLACES`` names."""
    if kind == "file":
        folder = tmp_path / "out"
        folder.mkdir()
        return Place(f"file://{folder}", folder)
    name = kind.removesuffix(PARAMIKO)
    if name in IN_PROCESS:
        found = at_partner(request.getfixturevalue("partners")[name])
    else:
        found = at_server(request.getfixturevalue(name))
    if name != kind:
        found.options |= {"client": "paramiko"}
    return found
