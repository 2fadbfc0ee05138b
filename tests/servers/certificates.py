"""Certificates for the servers with TLS, and for the clients that log in there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme

NAMES = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Certificates:
    """PEM files, all of one authority.

    Attributes:
        authority: the authority's own certificate.
        server, server_key: for the addresses of loopback.
        client, client_key: of a client.
    """

    authority: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path


def make_certificates(folder: Path, *names: str) -> Certificates:
    """A new authority and what it has signed, in ``folder``, which is made.

    Args:
        names: that the server's certificate has instead of those of loopback.
    """
    folder.mkdir(parents=True)
    # What ProFTPD's and vsftpd's directives for RSA take.
    authority = trustme.CA(key_type=trustme.KeyType.RSA)
    made = Certificates(
        *(folder / f"{name}.pem" for name in ("ca", "server", "server-key", "client", "key"))
    )
    authority.cert_pem.write_to_path(made.authority)
    for issued, certificate, key in (
        (authority.issue_cert(*(names or NAMES)), made.server, made.server_key),
        (authority.issue_cert("pigeon@client.example"), made.client, made.client_key),
    ):
        issued.cert_chain_pems[0].write_to_path(certificate)
        issued.private_key_pem.write_to_path(key)
        key.chmod(0o600)
    return made
