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
TrustedUserCAKeys {folder}/authority.pub
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


def certify_host(name: str) -> str:
    """Lines of ``config`` for a host key with a certificate for the host ``name``."""
    return f"# for {name}\nHostCertificate {{folder}}/host_key-cert.pub\n"


@contextmanager
def run_sshd(
    folder: Path, account: Account, *, sftp_options: str = "", config: str = ""
) -> Iterator[Server]:
    """Run a server whose files are in ``folder``, which is made.

    Args:
        sftp_options: of ``internal-sftp``: ``"-R"`` is read-only, ``"-P posix-rename,rename"``
            refuses both kinds of rename, ``"-P posix-rename"`` leaves the plain one.
        config: further lines for ``sshd_config``; of two values the first counts, so these
            come first; ``{folder}`` in them is the server's folder, where there are also a
            ``second_key`` (ECDSA) and an ``authority`` that may certify users and hosts.
    """
    program = find_program("sshd")
    port = free_port()
    root = _make_folder(folder, account)
    _make_keys(folder, port)
    config = config.replace("{folder}", str(folder))
    if "HostCertificate" in config:
        _certify_host(folder, re.findall(r"^# for (.*)$", config, re.M))
    _make_run_directory()
    lines = CONFIG
    for word in re.findall("^(?:Subsystem|MaxStartups)", config, re.M):  # the last counts, or none
        lines = re.sub(f"{word}.*\n", "", lines)
    text = lines.format(
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
    kinds = {"second_key": "ecdsa-sha2-nistp256"}
    for name in ("host_key", "second_key", "user_key", "authority"):
        key = asyncssh.generate_private_key(kinds.get(name, "ssh-ed25519"))
        key.write_private_key(folder / name)
        key.write_public_key(folder / f"{name}.pub")
        (folder / name).chmod(0o600)
    (folder / "authorized_keys").write_text((folder / "user_key.pub").read_text())
    host_key = (folder / "host_key.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}")


def _certify_host(folder: Path, names: list[str]) -> None:
    authority = asyncssh.read_private_key(folder / "authority")
    key = asyncssh.read_public_key(folder / "host_key.pub")
    made = authority.generate_host_certificate(key, "host", principals=names)
    made.write_certificate(folder / "host_key-cert.pub")


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
