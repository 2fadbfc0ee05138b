"""Authorities and certificates for tests of TLS."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme


class Certificates:
    """An authority, in files under ``folder``.

    Attributes:
        ca_file: its certificate.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._authority = folder, trustme.CA()
        self.ca_file = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.ca_file))

    def server(self, name: str = "127.0.0.1") -> ssl.SSLContext:
        """For a server called ``name``."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(name).configure_cert(context)
        return context

    def demanding(self) -> ssl.SSLContext:
        """For a server that wants a certificate of ours."""
        context = self.server()
        self._authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client(self) -> Path:
        """A file with a certificate and its key for us."""
        path = self._folder / "client.pem"
        self._authority.issue_cert("pigeon.example").private_key_and_cert_chain_pem.write_to_path(
            str(path)
        )
        return path
