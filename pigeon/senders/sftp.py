"""``sftp://``: files on an SFTP server."""

from __future__ import annotations

import importlib.util
from typing import ClassVar

from django.utils.module_loading import import_string

from pigeon.destinations import Destination
from pigeon.remotes.base import Remote
from pigeon.remotes.sftp import SFTPRemote
from pigeon.senders.remote import RemoteSender

#: Values of the option ``client``: SSH libraries, the default first.
CLIENTS = ("asyncssh", "paramiko")


class SFTPSender(RemoteSender):
    """:class:`RemoteSender` over the SSH library that the option ``client`` names."""

    schemes: ClassVar = ("sftp",)
    remote_class: ClassVar = SFTPRemote

    @classmethod
    def remote_for(cls, destination: Destination) -> type[Remote]:
        """asyncssh's remote, or paramiko's if that is asked for and there."""
        if destination.options.get("client") == "paramiko" and not _paramiko_is_missing():
            found: type[Remote] = import_string("pigeon.remotes.sftp_paramiko.ParamikoRemote")
            return found
        return SFTPRemote

    @classmethod
    def check(cls, destination: Destination) -> list[str]:
        """Sentences about what is wrong with ``destination``'s URL or options; no network."""
        return _client_problems(destination) + super().check(destination)


def _client_problems(destination: Destination) -> list[str]:
    client = destination.options.get("client", CLIENTS[0])
    if client not in CLIENTS:
        return [f"Option 'client' is one of {', '.join(map(repr, CLIENTS))}, not {client!r}."]
    if client == "paramiko" and _paramiko_is_missing():
        return [
            "Option 'client' is 'paramiko', which is not installed: run "
            "pip install 'django-pigeon[paramiko]', or remove the option."
        ]
    return []


def _paramiko_is_missing() -> bool:
    return importlib.util.find_spec("paramiko") is None
