"""The tools that people use, each with its best settings, for the same files and server."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.push.measure import Took, run
from tests.servers.server import Server

#: The fastest cipher of OpenSSH and of its server, for everybody.
CIPHER = "aes128-gcm@openssh.com"


@dataclass(frozen=True)
class Peer:
    """One tool with its settings: puts all files of a folder into a folder of the server."""

    name: str
    put: Callable[[Path, str], Took]


def peers(
    server: Server, scratch: Path, ca_file: Path | None = None, *, is_far: bool = False
) -> Iterator[Peer]:
    """The tools that this machine has and that speak the server's protocol.

    Args:
        server: where the files go.
        scratch: a folder for what a tool has to be told in files.
        ca_file: with it FTP is encrypted, and the server's certificate checked.
        is_far: on a long line eight at a time are twice as fast as four, and one after another
            takes minutes: only eight take part.
    """
    numbers = (8,) if is_far else (4, 8)
    if server.scheme == "sftp" and shutil.which("sftp") and not is_far:
        yield Peer("sftp -b", lambda ready, folder: _openssh(server, scratch, ready, folder))
    if shutil.which("lftp"):
        for number in numbers:
            yield _lftp(server, scratch, ca_file, number)
    if shutil.which("rclone"):
        for number in numbers:
            yield _rclone(server, ca_file, number)


def missing() -> list[str]:
    """Tools that this machine lacks."""
    return [name for name in ("sftp", "lftp", "rclone") if not shutil.which(name)]


def _place(server: Server, folder: str) -> str:
    return f"{server.prefix}/{folder}"


def _ssh(server: Server) -> list[str]:
    return [
        "-i", str(server.key_file), "-o", "IdentitiesOnly=yes", "-o", f"Ciphers={CIPHER}",
        "-o", f"UserKnownHostsFile={server.known_hosts}", "-o", "BatchMode=yes",
    ]  # fmt: skip


def _openssh(server: Server, scratch: Path, ready: Path, folder: str) -> Took:
    where, batch = _place(server, folder), scratch / "batch"
    lines = [
        f'put "{path}" {where}/.{path.name}.part\n'
        f"rename {where}/.{path.name}.part {where}/{path.name}\n"
        for path in sorted(ready.iterdir())
    ]
    batch.write_text("".join(lines))
    return run([
        "sftp", "-q", "-b", str(batch), "-P", str(server.port), *_ssh(server),
        f"{server.username}@{server.host}",
    ])  # fmt: skip


#: Nothing is asked or set that a push does not need.
_LFTP = """
set cmd:fail-exit yes
set xfer:use-temp-file yes
set xfer:temp-file-name .*.part
set xfer:clobber yes
set mirror:parallel-directories no
set ftp:sync-mode off
set ftp:use-mdtm no
set ftp:use-site-utime no
set ftp:use-site-utime2 no
set ftp:use-stat no
set sftp:max-packets-in-flight 64
set net:timeout 30
set ssl:check-hostname no
"""


def _lftp(server: Server, scratch: Path, ca_file: Path | None, number: int) -> Peer:
    login = f"-u {server.username},{server.password}" if server.scheme == "ftp" else ""
    settings = _LFTP + f"set ftp:ssl-force {'yes' if ca_file else 'no'}\n"
    settings += f"set ftp:ssl-allow {'yes' if ca_file else 'no'}\n"
    if ca_file:
        settings += f"set ssl:ca-file {ca_file}\n"
    if server.scheme == "sftp":
        settings += f'set sftp:connect-program "ssh -a -x {" ".join(_ssh(server))}"\n'
        login = f"-u {server.username},none"

    def put(ready: Path, folder: str) -> Took:
        script = scratch / "script"
        script.write_text(
            f"{settings}open {login} {server.scheme}://{server.host}:{server.port}\n"
            f"mirror -R --no-perms --no-umask --no-recursion --parallel={number} "
            f"{ready}/ {_place(server, folder)}/\n"
        )
        return run(["lftp", "--norc", "-f", str(script)], stderr=subprocess.DEVNULL)

    return Peer(f"lftp, {number} parallel", put)


def _rclone(server: Server, ca_file: Path | None, number: int) -> Peer:
    """Version 1.60 of Debian has no temporary names on these servers: it writes in place."""
    if server.scheme == "sftp":
        remote = (
            f":sftp,host={server.host},port={server.port},user={server.username},"
            f"key_file={server.key_file},known_hosts_file={server.known_hosts},"
            "set_modtime=false,disable_hashcheck=true,shell_type=none,concurrency=64,"
            "chunk_size=255Ki"
        )
    else:
        secret = subprocess.run(
            ["rclone", "obscure", server.password], check=True, capture_output=True, text=True
        ).stdout.strip()
        remote = (
            f":ftp,host={server.host},port={server.port},user={server.username},pass={secret},"
            f"concurrency={number},explicit_tls={'true' if ca_file else 'false'}"
        )
    options = ["--transfers", str(number), "--no-check-dest", "--no-traverse", "--ignore-checksum"]
    options += ["--ca-cert", str(ca_file)] if ca_file else []

    def put(ready: Path, folder: str) -> Took:
        return run([
            "rclone", "copy", "--config", "", "-q", *options, str(ready),
            f"{remote}:{_place(server, folder)}",
        ], stderr=subprocess.DEVNULL)  # fmt: skip

    return Peer(f"rclone, {number} transfers", put)
