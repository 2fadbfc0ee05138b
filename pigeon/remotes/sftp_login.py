"""Logging in to an SFTP server: who it is, who we are, and what to do when that fails."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh

from pigeon.destinations import Destination
from pigeon.exceptions import (
    AuthenticationError,
    DeliveryError,
    DestinationMisconfigured,
    Unreachable,
)
from pigeon.remotes.base import Remote
from pigeon.remotes.sftp_writer import start_gathering_client

DEFAULT_KNOWN_HOSTS = "~/.ssh/known_hosts"
#: Ciphers with built-in authentication first: they cost a third less than CTR and MAC.
CIPHERS = "^aes128-gcm@openssh.com,aes256-gcm@openssh.com"
OPTIONS: dict[str, type | tuple[type, ...]] = {
    "username": str,
    "key_file": (str, Path),
    "passphrase": (str, Callable),  # type: ignore[dict-item]
    "agent": bool,
    "known_hosts": (str, Path),
    "host_key_check": bool,
}


class Login:
    """One attempt to log in, with what is needed to explain its failure.

    Args:
        remote: whose destination is meant.
    """

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._destination = remote.destination
        self._refused_key: asyncssh.SSHKey | None = None
        self._known: asyncssh.SSHKnownHosts | None = None

    async def connect(self) -> tuple[asyncssh.SSHClientConnection, asyncssh.SFTPClient]:
        """An open connection with an SFTP session on it.

        Raises:
            Unreachable: no connection, no answer in time, or one that makes no sense.
            AuthenticationError: either side does not accept the other.
            DestinationMisconfigured: a file that an option names is unusable, or the server
                offers no SFTP.
        """
        connection: asyncssh.SSHClientConnection | None = None
        try:
            async with asyncio.timeout(self._remote.timeout):
                connection = await asyncssh.connect(**await self._arguments())
                return connection, await start_gathering_client(connection)
        except BaseException as error:
            if connection is not None:
                connection.abort()
            if isinstance(error, (asyncssh.Error, OSError)):
                raise self._explain(error, logged_in=connection is not None) from error
            raise

    async def _arguments(self) -> dict[str, Any]:
        options, password = self._destination.options, await self._remote.password()
        return {
            "host": self._destination.host,
            "port": self._remote.port,
            "username": username(self._destination),
            "password": password or None,
            "client_keys": await self._keys(password),
            "agent_path": () if options.get("agent") else None,
            "known_hosts": await self._known_hosts(),
            "client_factory": lambda: _HostKeyWitness(self._refuse),
            "config": None,
            "encryption_algs": CIPHERS,
            "compression_algs": "none",
        }

    def _refuse(self, key: asyncssh.SSHKey) -> None:
        self._refused_key = key

    async def _keys(self, password: str) -> Any:
        """What ``client_keys`` gets: the named key; else, without a password, ``~/.ssh``'s."""
        path = self._destination.options.get("key_file")
        if path:
            return [await asyncio.to_thread(self._read_key, Path(path).expanduser())]
        return None if password or self._destination.options.get("agent") else ()

    def _read_key(self, path: Path) -> asyncssh.SSHKey:
        passphrase = self._destination.get_secret("passphrase") or None
        try:
            return asyncssh.read_private_key(str(path), passphrase)
        except (OSError, asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
            raise DestinationMisconfigured(
                f"The private key {path} of {self._remote.where} cannot be read: "
                f"{self._remote.said(error)}. Check OPTIONS['key_file'], its permissions, and "
                "OPTIONS['passphrase']."
            ) from error

    async def _known_hosts(self) -> asyncssh.SSHKnownHosts | None:
        if self._destination.options.get("host_key_check", True):
            self._known = await asyncio.to_thread(self._read_known_hosts)
        return self._known

    def _read_known_hosts(self) -> asyncssh.SSHKnownHosts:
        path = known_hosts_path(self._destination)
        try:
            return asyncssh.import_known_hosts(path.read_text() if path.exists() else "")
        except (OSError, ValueError) as error:
            raise DestinationMisconfigured(
                f"The known_hosts file {path} cannot be read: {self._remote.said(error)}. "
                "Mend it, or name another in OPTIONS['known_hosts']."
            ) from error

    def _explain(self, error: Exception, *, logged_in: bool) -> DeliveryError:
        where, said = self._remote.where, self._remote.said(getattr(error, "reason", error))
        match error:
            case asyncssh.HostKeyNotVerifiable():
                return AuthenticationError(self._host_key_message(said))
            case asyncssh.PermissionDenied():
                return AuthenticationError(
                    f"{where} refused the login of user '{self._user}': wrong password or key "
                    f"(it said: {said}). Check OPTIONS['password'] or OPTIONS['key_file'], and "
                    "ask the partner whether the account is active and has our public key."
                )
            case asyncssh.DisconnectError() if "authentication" in said.lower():
                return AuthenticationError(
                    f"{where} gave up on the login of user '{self._user}': {said}. Name the one "
                    "right key in OPTIONS['key_file'], or set OPTIONS['password']."
                )
            case asyncssh.KeyExchangeFailed():
                return DestinationMisconfigured(
                    f"{where} and Pigeon have no SSH algorithm in common: {said}. If "
                    f"{known_hosts_path(self._destination)} knows the server by a key of "
                    "another type, add its present key; else ask the partner to update the "
                    "server."
                )
            case asyncssh.ChannelOpenError() | asyncssh.SFTPError() if logged_in:
                return DestinationMisconfigured(
                    f"{where} let user '{self._user}' in but offers no SFTP: {said}. Ask the "
                    "partner to enable the SFTP subsystem for this account."
                )
        return self._unreachable(error, said)

    def _unreachable(self, error: Exception, said: str) -> Unreachable:
        where = self._remote.where
        if isinstance(error, TimeoutError):
            return Unreachable(
                f"{where} did not answer within {self._remote.timeout:g} seconds while Pigeon "
                "connected and logged in. Is the server up, and does a firewall let us through?"
            )
        if isinstance(error, socket.gaierror):
            return Unreachable(
                f"The host name '{self._destination.host}' cannot be resolved: {said}. "
                "Check the URL and the name servers."
            )
        return Unreachable(
            f"{where} cannot be reached: {said}. Is the server up, is the port right, and does "
            "a firewall let us through?"
        )

    @property
    def _user(self) -> str:
        return username(self._destination) or "(the local user)"

    def _host_key_message(self, said: str) -> str:
        where, path = self._remote.where, known_hosts_path(self._destination)
        key = self._refused_key
        if key is None:
            return (
                f"The host key of {where} is not acceptable: {said}. Ask the partner for the "
                f"right key and put it into {path}."
            )
        line = f"{self._known_name()} {key.export_public_key().decode().split(' ', 2)[0]} "
        line += key.export_public_key().decode().split()[1]
        changed = self._knows_another_key()
        cure = "put this line there in its place" if changed else "add this line to it"
        problem = (
            f"{where} shows another host key than the one in {path}: the server was rebuilt, "
            "or someone stands between us."
            if changed
            else f"The host key of {where} is unknown: {path} has no line for it."
        )
        return (
            f"{problem} The key it showed has the fingerprint {key.get_fingerprint()}. Compare "
            f"it with the partner's; if it is the same, {cure}: {line}"
        )

    def _knows_another_key(self) -> bool:
        if self._known is None:
            return False
        port = None if self._remote.port == self._remote.default_port else self._remote.port
        return bool(self._known.match(self._destination.host, "", port)[0])

    def _known_name(self) -> str:
        host, port = self._destination.host, self._remote.port
        return host if port == self._remote.default_port else f"[{host}]:{port}"


class _HostKeyWitness(asyncssh.SSHClient):
    """Remembers a host key that known_hosts does not have; it is still refused."""

    def __init__(self, refuse: Callable[[asyncssh.SSHKey], None]) -> None:
        self._refuse = refuse

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Never trust a key that is not on file."""
        self._refuse(key)
        return False


def username(destination: Destination) -> Any:
    """The user name of the URL, else ``OPTIONS["username"]``, else ssh's own default: ``()``."""
    return destination.username or destination.options.get("username", ())


def known_hosts_path(destination: Destination) -> Path:
    """The file that host keys are checked against."""
    return Path(destination.options.get("known_hosts", DEFAULT_KNOWN_HOSTS)).expanduser()
