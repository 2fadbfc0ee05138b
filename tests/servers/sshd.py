"""OpenSSH's server with ``internal-sftp``, for one user, by key and by password."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh

from tests.capabilities import find_program
from tests.servers.account import Account
from tests.servers.process import answers, free_port, running
from tests.servers.server import Server

CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
AllowUsers {user}
PasswordAuthentication {passwords}
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
StrictModes no
PidFile none
MaxStartups 200
MaxSessions 100
AcceptEnv none
Subsystem sftp internal-sftp -u 0022 {sftp_options}
ForceCommand internal-sftp -u 0022 {sftp_options}
DisableForwarding yes
"""


@contextmanager
def run_sshd(
    folder: Path, account: Account, *, sftp_options: str = "", config: str = ""
) -> Iterator[Server]:
    """Run a server whose files are in ``folder``, which is made.

    Args:
        sftp_options: of ``internal-sftp``: ``"-R"`` is read-only, ``"-P posix-rename,rename"``
            refuses both kinds of rename, ``"-P posix-rename"`` leaves the plain one.
        config: further lines for ``sshd_config``; of two values the first counts, so these
            come first.
    """
    program = find_program("sshd")
    port = free_port()
    root = _make_folder(folder, account)
    _make_keys(folder, port)
    _make_run_directory()
    text = CONFIG.format(
        port=port, folder=folder, user=account.name, sftp_options=sftp_options,
        passwords="yes" if account.is_system else "no",
    )  # fmt: skip
    (folder / "sshd_config").write_text(config + text + _penalties(program))
    command = [program, "-D", "-e", "-f", str(folder / "sshd_config")]
    with running(command, folder / "sshd.log", lambda: answers(port)) as server:
        yield Server(
            scheme="sftp", port=port, username=account.name, password=account.password,
            root=root, prefix=str(root), pid=server.pid, uid=account.uid, gid=account.gid,
            key_file=folder / "user_key", known_hosts=folder / "known_hosts",
        )  # fmt: skip


def _make_folder(folder: Path, account: Account) -> Path:
    root = folder / "incoming"
    root.mkdir(parents=True)
    if os.geteuid() == 0:
        os.chown(root, account.uid, account.gid)
    return root


def _make_keys(folder: Path, port: int) -> None:
    for name in ("host_key", "user_key"):
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(folder / name)
        key.write_public_key(folder / f"{name}.pub")
        (folder / name).chmod(0o600)
    (folder / "authorized_keys").write_text((folder / "user_key.pub").read_text())
    host_key = (folder / "host_key.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}")


def _make_run_directory() -> None:
    """Make the empty folder that ``sshd`` locks its unprivileged half into."""
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)


def _penalties(program: str) -> str:
    """Newer servers stop listening to an address after failed logins; ours must not."""
    usage = subprocess.run([program, "-?"], capture_output=True, text=True, check=False).stderr
    version = re.search(r"OpenSSH_(\d+)\.(\d+)", usage)
    recent = bool(version) and (int(version[1]), int(version[2])) >= (9, 8)
    return "PerSourcePenalties no\n" if recent else ""
