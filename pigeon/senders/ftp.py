"""``ftp://``: files on an FTP server."""

from __future__ import annotations

from typing import ClassVar

from pigeon.remotes.ftp import FTPRemote
from pigeon.senders.remote import RemoteSender


class FTPSender(RemoteSender):
    """:class:`RemoteSender` over :class:`pigeon.remotes.ftp.FTPRemote`."""

    schemes: ClassVar = ("ftp",)
    remote_class: ClassVar = FTPRemote
