"""ProFTPD with a list of users of its own, so that it needs no system account."""

from __future__ import annotations

import ctypes
import grp
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.capabilities import UNPACKED, proftpd
from tests.servers.account import Account
from tests.servers.certificates import Certificates
from tests.servers.process import answers, free_port, running
from tests.servers.server import Server, scheme_of

CONFIG = """
ServerType standalone
DefaultServer on
DefaultAddress 127.0.0.1
Port {port}
UseIPv6 off
UseReverseDNS off
MasqueradeAddress 127.0.0.1
{identity}
Umask 022
MaxInstances 200
PidFile {folder}/proftpd.pid
ScoreboardFile {folder}/scoreboard
DelayTable none
SystemLog {folder}/proftpd.log
TransferLog none
WtmpLog off
RequireValidShell off
AuthUserFile {folder}/passwd
AuthGroupFile {folder}/group
AuthOrder mod_auth_file.c
AllowOverwrite on
AllowStoreRestart on
TimesGMT on
<IfModule mod_auth_pam.c>
AuthPAM off
</IfModule>
<IfModule mod_delay.c>
DelayEngine off
</IfModule>
<IfModule mod_ctrls.c>
ControlsEngine off
</IfModule>
"""

#: To be passed as ``config``: nobody may rename.
WITHOUT_RENAME = "<Limit RNFR RNTO>\nDenyAll\n</Limit>"

#: Nothing goes in plain; the session has to be reused, as that is mod_tls's default.
TLS = """
{modules}
LoadModule mod_tls.c
TLSEngine on
TLSLog {folder}/tls.log
TLSRequired on
TLSRSACertificateFile {certificates.server}
TLSRSACertificateKeyFile {certificates.server_key}
TLSCACertificateFile {certificates.authority}
"""
#: To be passed as ``config``: TLS from the first byte; only clients with a certificate; no
#: newer TLS than 1.2.
IMPLICIT = "TLSOptions UseImplicitSSL"
CLIENT_CERTIFICATE = "TLSVerifyClient on"
ONLY_TLS_12 = "TLSProtocol TLSv1.2"


@contextmanager
def run_proftpd(
    folder: Path,
    account: Account,
    *,
    config: str = "",
    certificates: Certificates | None = None,
) -> Iterator[Server]:
    """Run a server whose files are in ``folder``, which is made.

    Args:
        certificates: with them it speaks TLS, explicit unless ``config`` has :data:`IMPLICIT`.
        config: further directives, for example :data:`WITHOUT_RENAME`.
    """
    port = free_port()
    root = folder / "incoming"
    root.mkdir(parents=True)
    if os.geteuid() == 0:
        os.chown(root, account.uid, account.gid)
    _write_users(folder, root, account)
    path = folder / "proftpd.conf"
    text = CONFIG.format(port=port, folder=folder, identity=_identity(account))
    if certificates:
        found = UNPACKED / "proftpd-mod-crypto/usr/lib/proftpd"
        modules = f"ModulePath {found}" if found.exists() else ""
        text += TLS.format(folder=folder, certificates=certificates, modules=modules)
    path.write_text(f"{text}{config}\n")
    command = [proftpd().where, "--nodaemon", "--config", str(path)]
    with running(command, folder / "output.log", lambda: answers(port)) as server:
        yield Server(
            scheme=scheme_of(certificates, implicit=IMPLICIT in config), port=port,
            username=account.name, password=account.password, root=root,
            prefix="" if os.geteuid() == 0 else str(root), pid=server.pid,
            uid=account.uid, gid=account.gid, certificates=certificates,
        )  # fmt: skip


def _identity(account: Account) -> str:
    """Only root can become another user and shut users in their folder."""
    if os.geteuid() == 0:
        return "User nobody\nGroup nogroup\nDefaultRoot ~"
    return f"User {account.name}\nGroup {grp.getgrgid(account.gid).gr_name}"


def _write_users(folder: Path, root: Path, account: Account) -> None:
    name, uid, gid = account.name, account.uid, account.gid
    (folder / "passwd").write_text(
        f"{name}:{_crypt(account.password)}:{uid}:{gid}::{root}:/usr/sbin/nologin\n"
    )
    (folder / "group").write_text(f"{name}:x:{gid}:{name}\n")
    for path in ("passwd", "group"):
        (folder / path).chmod(0o600)


def _crypt(password: str) -> str:
    # Python 3.13 has no crypt module any more; the C library always has the function.
    crypt = ctypes.CDLL("libcrypt.so.1").crypt
    crypt.restype = ctypes.c_char_p
    found: bytes = crypt(password.encode(), f"$6${secrets.token_hex(8)}".encode())
    return found.decode()
