"""``ftp://``, ``ftps://`` and ``ftp+tls://``: files on an FTP server."""

from __future__ import annotations

from typing import ClassVar

from pigeon.remotes.ftp import FTPRemote, FTPSRemote, FTPTLSRemote
from pigeon.senders.remote import RemoteSender


class FTPSender(RemoteSender):
    """Plain FTP: :class:`RemoteSender` over :class:`pigeon.remotes.ftp.FTPRemote`."""

    schemes: ClassVar = ("ftp",)
    remote_class: ClassVar = FTPRemote


class FTPSSender(RemoteSender):
    """Implicit TLS: :class:`RemoteSender` over :class:`pigeon.remotes.ftp.FTPSRemote`."""

    schemes: ClassVar = ("ftps",)
    remote_class: ClassVar = FTPSRemote


class FTPTLSSender(RemoteSender):
    """Explicit TLS: :class:`RemoteSender` over :class:`pigeon.remotes.ftp.FTPTLSRemote`."""

    schemes: ClassVar = ("ftp+tls",)
    remote_class: ClassVar = FTPTLSRemote
