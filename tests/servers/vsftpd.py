"""vsftpd for one system user, who is shut in the folder where uploads land."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.capabilities import vsftpd
from tests.servers.account import Account
from tests.servers.certificates import Certificates
from tests.servers.process import answers, free_port, running
from tests.servers.server import Server, scheme_of

CONFIG = """
listen=YES
listen_address=127.0.0.1
listen_port={port}
pasv_address=127.0.0.1
background=NO
anonymous_enable=NO
local_enable=YES
write_enable=YES
local_umask=022
local_root={root}
chroot_local_user=YES
allow_writeable_chroot=YES
secure_chroot_dir={folder}/empty
pam_service_name=other
nopriv_user=nobody
utf8_filesystem=YES
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
xferlog_enable=YES
vsftpd_log_file={folder}/transfers.log
"""

#: Nothing goes in plain; the session has to be reused, as that is vsftpd's default. Its default
#: of ciphers is one that OpenSSL no longer has.
TLS = """
ssl_enable=YES
ssl_tlsv1=YES
ssl_ciphers=HIGH
rsa_cert_file={certificates.server}
rsa_private_key_file={certificates.server_key}
ca_certs_file={certificates.authority}
"""
#: To be passed as ``config``: TLS from the first byte; only clients with a certificate.
IMPLICIT = "implicit_ssl=YES"
CLIENT_CERTIFICATE = "require_cert=YES\nvalidate_cert=YES"


@contextmanager
def run_vsftpd(
    folder: Path,
    account: Account,
    *,
    config: str = "",
    certificates: Certificates | None = None,
) -> Iterator[Server]:
    """Run a server whose files are in ``folder``, which is made. Needs root.

    Args:
        certificates: with them it speaks TLS, explicit unless ``config`` has :data:`IMPLICIT`.
        config: further lines, for example ``"cmds_denied=RNFR,RNTO"`` or ``"write_enable=NO"``;
            of two values the last counts.
    """
    port = free_port()
    root = folder / "incoming"
    for path in (root, folder / "empty"):
        path.mkdir(parents=True)
    os.chown(root, account.uid, account.gid)
    path = folder / "vsftpd.conf"
    text = CONFIG.format(port=port, folder=folder, root=root).lstrip()
    text += TLS.format(certificates=certificates).lstrip() if certificates else ""
    path.write_text(f"{text}{config}\n")
    with running(
        [vsftpd().where, str(path)], folder / "vsftpd.log", lambda: answers(port)
    ) as server:
        yield Server(
            scheme=scheme_of(certificates, implicit=IMPLICIT in config), port=port,
            username=account.name, password=account.password, root=root, prefix="",
            pid=server.pid, uid=account.uid, gid=account.gid, certificates=certificates,
        )  # fmt: skip
