"""``file://``: files in a folder of this machine."""

from __future__ import annotations

from typing import ClassVar

from pigeon.remotes.local import LocalRemote
from pigeon.senders.remote import RemoteSender


class LocalSender(RemoteSender):
    """:class:`RemoteSender` over :class:`pigeon.remotes.local.LocalRemote`."""

    schemes: ClassVar = ("file",)
    remote_class: ClassVar = LocalRemote
