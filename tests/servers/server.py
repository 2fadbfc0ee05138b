"""What a test gets to know of a running server, and the faults it can cause there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.certificates import Certificates
from tests.servers.process import descendants


@dataclass(frozen=True)
class Server:
    """One SFTP or FTP server on loopback.

    Attributes:
        scheme: of its URLs: "sftp", "ftp", "ftps" or "ftp+tls".
        root: the folder on our disk where uploads land.
        prefix: how clients call ``root``: "" where they are shut in it, else its path.
        key_file: private key that logs in, if the server takes keys.
        known_hosts: file with the server's host key, if it has one.
        certificates: its certificate and the authority's, if it speaks TLS.
        pid: of the listening process.
        uid, gid: who owns what is uploaded.
    """

    scheme: str
    port: int
    username: str
    password: str
    root: Path
    prefix: str
    pid: int
    uid: int
    gid: int
    key_file: Path | None = None
    known_hosts: Path | None = None
    certificates: Certificates | None = None
    host: str = "127.0.0.1"

    def url(self, path: str = "") -> str:
        """The URL of ``path`` below the root; it holds no password."""
        where = f"{self.prefix}/{path.strip('/')}".rstrip("/")
        return f"{self.scheme}://{self.username}@{self.host}:{self.port}{where}"

    def options(self, **more: Any) -> dict[str, Any]:
        """``OPTIONS`` of a destination that log in here: by key where possible."""
        if self.key_file:
            found = {"key_file": str(self.key_file), "known_hosts": str(self.known_hosts)}
        else:
            found = {"password": self.password}
        if self.certificates:
            found["ca_file"] = str(self.certificates.authority)
        return found | more

    def folder(self, name: str) -> Path:
        """A new folder ``name`` below the root that the server's user may write to."""
        path = self.root / name
        path.mkdir(parents=True)
        self.own(path)
        return path

    def own(self, path: Path) -> None:
        """Give ``path`` to the server's user."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)

    def sessions(self) -> list[int]:
        """The processes that serve connections at this moment."""
        return descendants(self.pid)

    def drop_sessions(self) -> None:
        """Cut every connection, as a crash would."""
        for pid in self.sessions():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Until the block ends nobody answers: connects succeed, then comes nothing."""
        stopped = [self.pid, *self.sessions()]
        _signal(stopped, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(stopped, signal.SIGCONT)

    @contextmanager
    def read_only(self, folder: Path) -> Iterator[None]:
        """Until the block ends the server's user may not write into ``folder``."""
        mode = folder.stat().st_mode
        if os.geteuid() == 0:
            os.chown(folder, 0, 0)
        folder.chmod(0o555)
        try:
            yield
        finally:
            folder.chmod(mode)
            self.own(folder)


def _signal(pids: list[int], number: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def scheme_of(certificates: Certificates | None, *, implicit: bool) -> str:
    """The URL scheme of an FTP server with these certificates."""
    if certificates is None:
        return "ftp"
    return "ftps" if implicit else "ftp+tls"


@contextmanager
def small_disk(server: Server, name: str, size: int = 64 * 1024) -> Iterator[Path]:
    """A folder below the root on a disk of ``size`` bytes of its own (needs root on Linux).

    Fill it to get "disk full" from the server.
    """
    path = server.folder(name)
    disk = ["-t", "tmpfs", "-o", f"size={size},uid={server.uid},gid={server.gid},mode=755"]
    subprocess.run(["mount", *disk, "pigeon-tests", path], check=True, capture_output=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", path], check=True, capture_output=True)
        shutil.rmtree(path, ignore_errors=True)
