"""Logging in to an SFTP server with paramiko, whose blocking calls run in a thread."""

from __future__ import annotations

import asyncio
import io
import logging
import socket
import threading
from collections.abc import Iterator
from typing import Any

import paramiko
from paramiko.auth_handler import AuthOnlyHandler

from pigeon.exceptions import DeliveryError
from pigeon.remotes import sftp_refusals
from pigeon.remotes.base import Remote
from pigeon.remotes.sftp_hostkeys import HostKeys
from pigeon.remotes.sftp_identity import (
    OurKey,
    agent_empty,
    agent_failed,
    key_unusable,
    read_identity,
)
from pigeon.remotes.sftp_login import password_for
from pigeon.remotes.threads import in_own_thread

# What matters of it is raised as an error of ours: nothing of it on a terminal unasked.
logging.getLogger("paramiko").addHandler(logging.NullHandler())
#: Algorithm of a key, as asyncssh names it → paramiko's class.
_CLASSES: dict[str, type[paramiko.PKey]] = {
    "ssh-ed25519": paramiko.Ed25519Key,
    "ssh-rsa": paramiko.RSAKey,
    "ecdsa-sha2-nistp256": paramiko.ECDSAKey,
    "ecdsa-sha2-nistp384": paramiko.ECDSAKey,
    "ecdsa-sha2-nistp521": paramiko.ECDSAKey,
}


class ParamikoLogin:
    """One attempt to log in, with what is needed to explain its failure.

    Args:
        remote: whose destination is meant.

    Attributes:
        identity: who we are, once :meth:`connect` has read it.
        host_keys: whom we expect.
    """

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self.host_keys = HostKeys(remote)
        self._socket: socket.socket | None = None
        self._transport: paramiko.Transport | None = None
        self._is_over = False
        self._asked = ""

    async def connect(self) -> paramiko.Transport:
        """A connection on which we are logged in.

        Raises:
            Unreachable: no connection, no answer in time, or one that makes no sense.
            AuthenticationError: either side does not accept the other.
            DestinationMisconfigured: a file that an option names is unusable.
        """
        self.identity = await read_identity(self._remote)
        await asyncio.to_thread(self.host_keys.load)
        try:
            async with asyncio.timeout(self._remote.timeout):
                return await in_own_thread(self._log_in)
        except BaseException as error:
            self._is_over = True
            self._hang_up()
            if isinstance(error, TimeoutError):
                raise sftp_refusals.unreachable(self._remote, error) from error
            raise

    def _hang_up(self) -> None:
        """End what there is of a connection, which also ends a thread that waits on it."""
        if self._transport is not None:
            hang_up(self._transport)
        elif self._socket is not None:
            self._socket.close()

    def _log_in(self) -> paramiko.Transport:
        try:
            transport = self._meet()
        except DeliveryError:
            raise
        except Exception as error:
            raise self._not_met(error) from error
        try:
            self._authenticate(transport)
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise self._not_let_in(transport, error) from error
        return transport

    def _meet(self) -> paramiko.Transport:
        """A connection to a server that is the right one."""
        while True:
            transport = self._connect()
            key = transport.get_remote_server_key()
            if self.host_keys.accepts_line(f"{key.get_name()} {key.get_base64()}"):
                return transport
            hang_up(transport)
            if self._is_over or not self.host_keys.try_another_kind():
                raise self.host_keys.refusal()

    def _connect(self) -> paramiko.Transport:
        remote = self._remote
        address = (remote.destination.host, remote.port)
        self._socket = socket.create_connection(address, remote.timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transport = transport = _Transport(self._socket)
        transport.daemon = True
        for name in ("banner_timeout", "handshake_timeout", "auth_timeout", "channel_timeout"):
            setattr(transport, name, remote.timeout)
        options = transport.get_security_options()
        wanted = [name for name in self.host_keys.algorithms if name in options.key_types]
        options.key_types = wanted or options.key_types
        if self._is_over:
            raise TimeoutError
        transport.start_client(timeout=remote.timeout)
        return transport

    def _authenticate(self, transport: paramiko.Transport) -> None:
        """Try our keys, then the password, once; as far as the server takes each."""
        user = self.identity.username
        refused: paramiko.AuthenticationException | None = None
        for key in self._keys():
            try:
                if not transport.auth_publickey(user, key):
                    return
                break  # the key was right, and the server wants more
            except paramiko.AuthenticationException as error:
                refused = error
                if not transport.is_active():
                    raise
                if isinstance(error, paramiko.BadAuthenticationType):
                    break  # it takes no keys at all
        if self.identity.password:
            self._give_password(transport, user)
        if not transport.is_authenticated():
            raise refused or paramiko.AuthenticationException("more is asked for")

    def _give_password(self, transport: paramiko.Transport, user: str) -> None:
        """As an answer, where the server asks questions; else as a password."""
        try:
            transport.auth_interactive(user, self._answer)
        except paramiko.BadAuthenticationType:
            transport.auth_password(user, self.identity.password, fallback=False)

    def _answer(self, title: str, instructions: str, prompts: list[tuple[str, bool]]) -> list[str]:
        if not prompts:
            return []
        answer = password_for(prompts, self.identity.password)
        if answer is None:
            self._asked = prompts[-1][0]
            raise paramiko.AuthenticationException("a question that a password does not answer")
        return [answer]

    def _keys(self) -> Iterator[paramiko.PKey]:
        for one in self.identity.keys:
            if one.certificate:
                key = self._converted(one)
                key.load_certificate(one.certificate.export_certificate().decode())
                yield key
            yield self._converted(one)
        if self.identity.agent:
            yield from self._agent_keys(self.identity.agent)

    def _converted(self, one: OurKey) -> paramiko.PKey:
        kind = one.key.get_algorithm()
        if kind not in _CLASSES:
            raise key_unusable(self._remote, one.path, f"paramiko takes no keys of type {kind}")
        # Without a comment at its end, paramiko takes a key that needs no padding for empty.
        one.key.set_comment("pigeon")
        text = one.key.export_private_key("openssh").decode()
        return _CLASSES[kind].from_private_key(io.StringIO(text))

    def _agent_keys(self, path: str) -> Iterator[paramiko.PKey]:
        try:
            with socket.socket(socket.AF_UNIX) as probe:  # paramiko takes no answer for no keys
                probe.settimeout(self._remote.timeout)
                probe.connect(path)
            agent = paramiko.Agent()
        except (OSError, paramiko.SSHException) as error:
            raise agent_failed(self._remote, path, error) from error
        try:
            keys = agent.get_keys()
            if not keys and not self.identity.keys and not self.identity.password:
                raise agent_empty(self._remote, path)
            yield from keys
        finally:
            agent.close()

    def _not_met(self, error: Exception) -> DeliveryError:
        remote, said = self._remote, str(error)
        if self.host_keys.refused:  # and the server had no other kind of key for us
            return self.host_keys.refusal()
        # paramiko wraps what ended the wait for the first line.
        cause = error if isinstance(error, (EOFError, OSError)) else error.__context__
        if isinstance(cause, (EOFError, OSError)):
            gone = cause if isinstance(cause, OSError) else ConnectionError("it hung up")
            return sftp_refusals.unreachable(remote, gone)
        if isinstance(error, paramiko.SSHException) and "Incompatible ssh" in said:
            return sftp_refusals.nothing_in_common(remote, said)
        return sftp_refusals.another_protocol(remote, said)

    def _not_let_in(self, transport: paramiko.Transport, error: Exception) -> DeliveryError:
        if not transport.is_active() and not self._asked:
            return sftp_refusals.login_given_up(self._remote, self.identity, error)
        return sftp_refusals.login_refused(self._remote, self.identity, error, self._asked)


class _Transport(paramiko.ServiceRequestingTransport):  # type: ignore[misc]
    """paramiko's, which asks only once to be let in: servers take a second time for an attack.

    Where the server hangs up instead of saying that we may, paramiko waits for ever.
    """

    @property
    def _service_userauth_accepted(self) -> bool:
        if not self.active:
            raise paramiko.SSHException("it hung up before the login")
        return self._may_log_in

    @_service_userauth_accepted.setter
    def _service_userauth_accepted(self, value: bool) -> None:
        self._may_log_in = value

    def get_auth_handler(self) -> AuthOnlyHandler:
        """Who asks to be let in, and hears the answer."""
        return _AuthHandler(self)


class _AuthHandler(AuthOnlyHandler):  # type: ignore[misc]
    """paramiko's, which would miss an answer that comes before it listens.

    It makes the event that an answer sets only after it has asked: on a busy machine the answer
    may be there first, and the login hangs. Here one event is there all the time.
    """

    def __init__(self, transport: paramiko.Transport) -> None:
        self._answered = threading.Event()
        super().__init__(transport)

    @property
    def auth_event(self) -> threading.Event:
        """Set by the answer."""
        return self._answered

    @auth_event.setter
    def auth_event(self, event: threading.Event | None) -> None:
        """What paramiko makes is not needed."""

    def send_auth_request(self, *arguments: Any, **named: Any) -> Any:
        """Ask, and wait for the answer."""
        self._answered.clear()
        return super().send_auth_request(*arguments, **named)


def hang_up(transport: paramiko.Transport) -> None:
    """End a connection at once, and with it all that waits for it; never waits itself."""

    def close() -> None:
        transport.close()
        transport.sock.close()

    threading.Thread(target=close, name="pigeon-hang-up", daemon=True).start()
