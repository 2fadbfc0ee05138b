"""The servers that everybody delivers to, on lines without and with delay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import trustme

from benchmarks.push.delay import delayed
from tests import capabilities
from tests.servers.account import session_account
from tests.servers.server import Server
from tests.servers.sshd import run_sshd
from tests.servers.vsftpd import run_vsftpd

#: As the server of the tests, but TLS is a must, and so is the session's reuse.
_TLS = """
ssl_enable=YES
force_local_logins_ssl=YES
force_local_data_ssl=YES
require_ssl_reuse=YES
ssl_ciphers=HIGH
rsa_cert_file={certificate}
"""


@dataclass(frozen=True)
class Place:
    """A server as it is reached over one line.

    Attributes:
        scheme: of our URL, such as "ftp+tls".
        options: of our destination, which log in there.
        ca_file: that the server's certificate is checked against, if it has one.
    """

    server: Server
    scheme: str
    options: dict[str, object]
    ca_file: Path | None = None

    def url(self, folder: str) -> str:
        return self.server.url(folder).replace(self.server.scheme, self.scheme, 1)


def available(protocol: str) -> str:
    """Why there is no server for ``protocol``, or nothing."""
    found = capabilities.sshd() if protocol == "SFTP" else capabilities.vsftpd()
    return "" if found else found.reason


@contextmanager
def place(protocol: str, folder: Path, delay: float = 0) -> Iterator[Place]:
    """A server of ``protocol`` (SFTP, FTP or FTPS), reached with ``delay`` seconds each way."""
    with session_account() as account:
        if protocol == "SFTP":
            with run_sshd(folder, account) as server, _line(server, delay) as reached:
                yield Place(reached, "sftp", reached.options())
        elif protocol == "FTP":
            with run_vsftpd(folder, account) as server, _line(server, delay) as reached:
                yield Place(reached, "ftp", reached.options())
        else:
            pem, ca_file = _certificate(folder.with_name(f"{folder.name}-tls"))
            config = _TLS.format(certificate=pem)
            with run_vsftpd(folder, account, config=config) as server:
                options = server.options(ca_file=str(ca_file))
                yield Place(server, "ftp+tls", options, ca_file)


@contextmanager
def _line(server: Server, delay: float) -> Iterator[Server]:
    if not delay:
        yield server
        return
    with delayed(server.port, delay, ftp=server.scheme == "ftp") as port:
        if server.known_hosts:
            line = server.known_hosts.read_text().replace(f"]:{server.port} ", f"]:{port} ")
            with server.known_hosts.open("a") as file:
                file.write(line)
        yield replace(server, port=port)


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate with its key for 127.0.0.1, and a file with the one that signed it."""
    folder.mkdir()
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(folder / "pem")
    authority.cert_pem.write_to_path(folder / "ca")
    return folder / "pem", folder / "ca"
