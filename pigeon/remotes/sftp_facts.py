"""What an SFTP connection is like, for the doctor: name → words."""

from __future__ import annotations

from typing import Any

import asyncssh


def facts(
    *, server: str, version: int | str, key: asyncssh.SSHKey | None, cipher: str, kex: str = ""
) -> dict[str, str]:
    """The facts that are known, under the names that all SSH libraries share.

    Args:
        server: how the server calls itself, as in ``SSH-2.0-OpenSSH_9.2``.
        version: of the SFTP protocol.
        key: the server's host key.
        cipher: what encrypts what we send.
        kex: how keys were agreed upon; empty if the library does not tell.
    """
    shown = f"{key.get_algorithm()} {key.get_fingerprint()}" if key else ""
    found = {
        "server": server,
        "protocol": f"SFTP {version}",
        "host key": shown,
        "cipher": cipher,
        "key exchange": kex,
    }
    return {name: words for name, words in found.items() if words}


def of_asyncssh(connection: asyncssh.SSHClientConnection, version: int) -> dict[str, str]:
    """The facts of an open connection of asyncssh."""

    def told(name: str) -> str:
        value: Any = connection.get_extra_info(name, "")
        return value.decode() if isinstance(value, bytes) else str(value)

    return facts(
        server=told("server_version"),
        version=version,
        key=connection.get_server_host_key(),
        cipher=told("send_cipher"),
        kex=told("key_exchange"),
    )
