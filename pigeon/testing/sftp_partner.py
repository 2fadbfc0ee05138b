"""The SFTP server of :mod:`pigeon.testing`."""

from __future__ import annotations

import asyncio
import hmac
from pathlib import Path
from typing import Any

import asyncssh

from pigeon.testing.partners import HOST, Partner


class SFTPPartner(Partner):
    """An SFTP server, with a host key of its own.

    Beside :attr:`directory` lie two files: the host key, so that a partner started again over
    the same folder is the same server; and a ``known_hosts`` file that names it.
    """

    scheme = "sftp"
    #: What answers the requests; a subclass may misbehave on purpose.
    server_class: type[asyncssh.SFTPServer] = asyncssh.SFTPServer

    @property
    def options(self) -> dict[str, Any]:
        """The ``OPTIONS`` with which Pigeon can log in."""
        return {"password": self.password, "known_hosts": str(self.known_hosts)}

    @property
    def known_hosts(self) -> Path:
        """The file in which the server's key stands."""
        return self.directory.with_name(f"{self.directory.name}.known_hosts")

    def _serve(self) -> None:
        asyncio.run(self._listen())

    async def _listen(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self._connections: set[asyncssh.SSHServerConnection] = set()
        key = self._host_key()
        server = await asyncssh.listen(
            HOST,
            self.port,
            server_host_keys=[key],
            server_factory=lambda: _Doorkeeper(self.username, self.password, self._connections),
            sftp_factory=self._sftp_server,
            allow_scp=False,
        )
        self.port = server.get_port()
        line = f"[{HOST}]:{self.port} {key.export_public_key().decode()}"
        self.known_hosts.write_text(line)
        self._started.set()
        await self._end.wait()
        await self._close(server)

    async def _close(self, server: asyncssh.SSHAcceptor) -> None:
        server.close()
        for connection in tuple(self._connections):
            connection.abort()
            await connection.wait_closed()
        await server.wait_closed()

    def _sftp_server(self, channel: Any) -> asyncssh.SFTPServer:
        return self.server_class(channel, chroot=str(self.directory).encode())

    def _host_key(self) -> asyncssh.SSHKey:
        path = self.directory.with_name(f"{self.directory.name}.host_key")
        if path.exists():
            return asyncssh.read_private_key(str(path))
        key = asyncssh.generate_private_key("ssh-ed25519")
        path.touch(mode=0o600)
        path.write_bytes(key.export_private_key())
        return key

    def _ask_to_stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)


class _Doorkeeper(asyncssh.SSHServer):
    """Lets one user in, by password."""

    def __init__(
        self, username: str, password: str, connections: set[asyncssh.SSHServerConnection]
    ) -> None:
        self._username, self._password = username, password
        self._connections = connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Remember the connection, to close it at the end."""
        self._connection = conn
        self._connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        """Everybody has to log in."""
        return True

    def password_auth_supported(self) -> bool:
        """By password only."""
        return True

    def validate_password(self, username: str, password: str) -> bool:
        """Whether this is the one user."""
        return username == self._username and hmac.compare_digest(
            password.encode(), self._password.encode()
        )
