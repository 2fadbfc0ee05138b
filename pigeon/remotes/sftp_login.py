"""Logging in to an SFTP server with asyncssh."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh

from pigeon.destinations import Destination
from pigeon.exceptions import DeliveryError
from pigeon.remotes import sftp_hostkeys, sftp_identity, sftp_refusals
from pigeon.remotes.base import Remote
from pigeon.remotes.sftp_hostkeys import HostKeys
from pigeon.remotes.sftp_identity import agent_empty, agent_failed, read_identity
from pigeon.remotes.sftp_session import SFTPSession
from pigeon.remotes.sftp_transport import Sockets

#: Ciphers with built-in authentication first: they cost a third less than CTR and MAC.
CIPHERS = "^aes128-gcm@openssh.com,aes256-gcm@openssh.com"
#: The options of a login, whichever library does it; ``client`` names the library.
OPTIONS: dict[str, type | tuple[type, ...]] = {
    "client": str,
    "username": str,
    "key_file": (str, Path),
    "passphrase": (str, Callable),  # type: ignore[dict-item]
    "certificate_file": (str, Path),
    "agent": bool,
    "known_hosts": (str, Path),
    "host_key": (str, list, tuple),
    "host_key_check": bool,
}


def problems(destination: Destination) -> list[str]:
    """Sentences about URL and options of a login that cannot work; no network, no files."""
    host = [] if destination.host else ["An SFTP URL needs a host: sftp://user@host/folder."]
    return host + sftp_hostkeys.problems(destination) + sftp_identity.problems(destination)


class Login:
    """One attempt to log in, with what is needed to explain its failure.

    Args:
        remote: whose destination is meant.
    """

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._host_keys = HostKeys(remote)
        self._agent: asyncssh.SSHAgentClient | None = None
        self._sockets = Sockets()

    async def connect(self) -> tuple[asyncssh.SSHClientConnection, SFTPSession]:
        """An open connection with an SFTP session on it.

        Raises:
            Unreachable: no connection, no answer in time, or one that makes no sense.
            AuthenticationError: either side does not accept the other.
            DestinationMisconfigured: a file that an option names is unusable, or the server
                offers no SFTP.
        """
        self._identity = await read_identity(self._remote)
        await asyncio.to_thread(self._host_keys.load)
        self._client = _Client(self._identity.password, self._host_keys)
        connection: asyncssh.SSHClientConnection | None = None
        try:
            async with asyncio.timeout(self._remote.timeout):
                connection = await self._connect()
                session = await SFTPSession.start(connection)
                self._sockets.settle()
                return connection, session
        except BaseException as error:
            if connection is not None:
                connection.abort()
            if isinstance(error, (asyncssh.Error, OSError)):
                raise self._explain(error, logged_in=connection is not None) from error
            raise
        finally:
            if self._agent is not None:
                self._agent.close()

    async def _connect(self) -> asyncssh.SSHClientConnection:
        """Connect; again for another kind of host key as long as that may help."""
        while True:
            try:
                return await asyncssh.connect(**await self._arguments())
            except asyncssh.HostKeyNotVerifiable:
                if not self._host_keys.try_another_kind():
                    raise

    async def _arguments(self) -> dict[str, Any]:
        known = self._host_keys.known
        # Of plain keys the client below decides; certificates are asyncssh's to check.
        trusted = ((), known.authorities, known.revoked, (), (), (), ())
        return {
            "host": self._remote.destination.host,
            "port": self._remote.port,
            "username": self._identity.username,
            "client_keys": await self._keys() or None,
            "agent_path": None,
            "known_hosts": trusted if self._host_keys.checked else None,
            "server_host_key_algs": self._host_keys.algorithms,
            "client_factory": lambda: self._client,
            "tunnel": self._sockets,
            "config": None,
            "encryption_algs": CIPHERS,
            "compression_algs": "none",
        }

    async def _keys(self) -> list[Any]:
        """Our keys as asyncssh takes them: those of files, then those of the agent."""
        ours = self._identity.keys
        found: list[Any] = [
            (one.key, one.certificate) if one.certificate else one.key for one in ours
        ]
        if path := self._identity.agent:
            try:
                self._agent = await asyncssh.connect_agent(path)
                found += await self._agent.get_keys()
            except (OSError, ValueError, asyncssh.Error) as error:
                raise agent_failed(self._remote, path, error) from error
            if not found and not self._identity.password:
                raise agent_empty(self._remote, path)
        return found

    def _explain(self, error: Exception, *, logged_in: bool) -> DeliveryError:
        remote, identity = self._remote, self._identity
        said = str(getattr(error, "reason", "") or error)
        if self._host_keys.refused:  # and the server had no other kind of key for us
            return self._host_keys.refusal(remote.said(said))
        match error:
            case asyncssh.HostKeyNotVerifiable():
                return self._host_keys.refusal(remote.said(said))
            case asyncssh.PermissionDenied():
                return sftp_refusals.login_refused(remote, identity, said, self._client.asked)
            case asyncssh.DisconnectError() if "authentication" in said.lower():
                return sftp_refusals.login_given_up(remote, identity, said)
            case asyncssh.KeyExchangeFailed():
                return sftp_refusals.nothing_in_common(remote, said)
            case asyncssh.ProtocolError() | asyncssh.ProtocolNotSupported() if not logged_in:
                return sftp_refusals.another_protocol(remote, said)
            case asyncssh.ChannelOpenError() if logged_in:
                return sftp_refusals.too_many_sessions(remote, said)
            case asyncssh.SFTPError() if logged_in:
                return sftp_refusals.no_sftp(remote, identity, said)
        return sftp_refusals.unreachable(remote, error)


class _Client(asyncssh.SSHClient):
    """Answers asyncssh's questions: is this the server, what is the password.

    The password is sent only once, whatever the server calls the way: a second wrong one could
    lock the account.

    Attributes:
        asked: a question of the server's that a password does not answer.
    """

    def __init__(self, password: str, host_keys: HostKeys) -> None:
        self._password = password
        self._host_keys = host_keys
        self.asked = ""

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        """Remember the connection."""
        self._connection = conn

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Whether a plain host key is the server's."""
        # asyncssh tells how keys were agreed upon nowhere, and knows it only at this moment.
        kex = getattr(getattr(self._connection, "_kex", None), "algorithm", "")
        self._connection.set_extra_info(key_exchange=kex)
        return self._host_keys.accepts(key)

    def password_auth_requested(self) -> str | None:
        """The password, for the first time; then nothing more."""
        password, self._password = self._password, ""
        return password or None

    def kbdint_auth_requested(self) -> str | None:
        """Whether to answer questions: as long as the password has not been sent."""
        return "" if self._password else None

    def kbdint_challenge_received(
        self, name: str, instructions: str, lang: str, prompts: Any
    ) -> list[str] | None:
        """The password to one hidden question; nothing to more, or to others."""
        if not prompts:
            return []
        if (answer := password_for(prompts, self._password)) is None:
            self.asked = str(prompts[-1][0])
            return None
        self._password = ""
        return [answer]


def password_for(prompts: Any, password: str) -> str | None:
    """``password``, if ``prompts`` is one question whose answer is not shown: that asks for it.

    Args:
        prompts: pairs of a question and whether the answer is to be shown.
        password: empty if it has been given already.
    """
    return password if password and len(prompts) == 1 and not prompts[0][1] else None
