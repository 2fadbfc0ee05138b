"""``sftp://``: files on an SFTP server."""

from __future__ import annotations

from typing import ClassVar

from pigeon.remotes.sftp import SFTPRemote
from pigeon.senders.remote import RemoteSender


class SFTPSender(RemoteSender):
    """:class:`RemoteSender` over :class:`pigeon.remotes.sftp.SFTPRemote`."""

    schemes: ClassVar = ("sftp",)
    remote_class: ClassVar = SFTPRemote
