"""A PostgreSQL cluster of its own, reached by a Unix socket."""

from __future__ import annotations

import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.capabilities import postgresql_folder
from tests.servers.process import as_user, running

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "64MB",
    # The data is thrown away, so nothing has to outlive a power cut.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


@dataclass(frozen=True)
class PostgreSQL:
    """Where the cluster is; everybody who reaches the socket may do everything."""

    #: The folder of the socket, which is what clients take for a host.
    host: str
    username: str = "pigeon"
    pid: int = 0


def server_user() -> str:
    """Who runs the server when we are root, which PostgreSQL refuses to be."""
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"


@contextmanager
def run_postgresql(folder: Path) -> Iterator[PostgreSQL]:
    """Run a new cluster in ``folder``, which is made and must not exist yet."""
    programs = Path(postgresql_folder())
    user = as_user(server_user())
    folder.mkdir(parents=True)
    if user:
        shutil.chown(folder, server_user())
    subprocess.run(
        [*user, programs / "initdb", "-D", folder / "data", "-U", "pigeon", "-A", "trust",
         "-E", "UTF8", "--locale=C", "--no-sync"],
        check=True, capture_output=True, cwd=folder,
    )  # fmt: skip
    options = [word for pair in SETTINGS.items() for word in ("-c", "=".join(pair))]
    command = [
        *user, str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *options,
    ]  # fmt: skip
    log = folder.with_suffix(".log")
    ready = [str(programs / "pg_isready"), "-q", "-h", str(folder), "-U", "pigeon"]
    with running(
        command,
        log,
        lambda: subprocess.run(ready, check=False).returncode == 0,
        stop_signal=signal.SIGINT,
        cwd=folder,
    ) as server:
        yield PostgreSQL(str(folder), pid=server.pid)
