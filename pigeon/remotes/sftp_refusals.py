"""What an operator reads when a connection to an SFTP server does not come about.

The sentences are the same whichever SSH library found out.
"""

from __future__ import annotations

import socket

from pigeon.exceptions import (
    AuthenticationError,
    DestinationMisconfigured,
    Unreachable,
)
from pigeon.remotes.base import Remote
from pigeon.remotes.sftp_hostkeys import known_hosts_path
from pigeon.remotes.sftp_identity import Identity


def login_refused(
    remote: Remote, identity: Identity, said: object, asked: str = ""
) -> AuthenticationError:
    """The server does not take who we are.

    Args:
        asked: a question of the server's that a password does not answer, if there was one.
    """
    where, user = remote.where, identity.username
    if asked:
        return AuthenticationError(
            f"{where} refused the login of user '{user}': it asked '{remote.said(asked)}', which "
            "is more than a password. Nobody is there to answer: ask the partner for a login by "
            "key alone, and name the key in OPTIONS['key_file']."
        )
    return AuthenticationError(
        f"{where} refused the login of user '{user}': wrong user, password or key (it said: "
        f"{remote.said(said)}). Pigeon offered {identity.offered}. Check the user name, "
        "OPTIONS['password'] or OPTIONS['key_file'], and ask the partner whether the account is "
        "active and has our public key."
    )


def login_given_up(remote: Remote, identity: Identity, said: object) -> AuthenticationError:
    """The server closed the connection during the login, most often after too many keys."""
    return AuthenticationError(
        f"{remote.where} gave up on the login of user '{identity.username}': "
        f"{remote.said(said)}. Pigeon offered {identity.offered}. Name the one right key in "
        "OPTIONS['key_file'], or set OPTIONS['password']."
    )


def nothing_in_common(remote: Remote, said: object) -> DestinationMisconfigured:
    """No common algorithm."""
    return DestinationMisconfigured(
        f"{remote.where} and Pigeon have no SSH algorithm in common: {remote.said(said)}. If "
        f"{known_hosts_path(remote.destination)} knows the server by a key of another type, add "
        "its present key; else ask the partner to update the server."
    )


def no_sftp(remote: Remote, identity: Identity, said: object) -> DestinationMisconfigured:
    """A login without files."""
    return DestinationMisconfigured(
        f"{remote.where} let user '{identity.username}' in but offers no SFTP: "
        f"{remote.said(said)}. Ask the partner to enable the SFTP subsystem for this account."
    )


def too_many_sessions(remote: Remote, said: object) -> Unreachable:
    """The server opens no (further) session for us at this moment."""
    return Unreachable(
        f"{remote.where} opens no further session for us: {remote.said(said)}. Wait, set "
        "OPTIONS['connections'] lower, or ask the partner how many sessions we may have."
    )


def another_protocol(remote: Remote, said: object) -> Unreachable:
    """Whoever answered does not speak SSH."""
    return Unreachable(
        f"What answers at {remote.where} does not speak SSH: {remote.said(said)}. Is the port "
        "right (SFTP is usually at 22), and is it SFTP, not FTP or FTPS, that the partner offers?"
    )


def unreachable(remote: Remote, error: BaseException) -> Unreachable:
    """No connection, or none that lasted until we were in."""
    where, said = remote.where, remote.said(getattr(error, "reason", error))
    if isinstance(error, TimeoutError):
        return Unreachable(
            f"{where} did not answer within {remote.timeout:g} seconds while Pigeon connected and "
            "logged in. Is the server up, does it speak SSH at this port, and does a firewall "
            "let us through?"
        )
    if isinstance(error, socket.gaierror):
        return Unreachable(
            f"The host name '{remote.destination.host}' cannot be resolved: {said}. "
            "Check the URL and the name servers."
        )
    if isinstance(error, ConnectionError) or not isinstance(error, OSError):
        return Unreachable(
            f"{where} cannot be reached, or hung up before we were logged in: {said}. Is the "
            "server up, is the port right, does a firewall let us through, and does the server "
            "take so many connections of ours at once?"
        )
    return Unreachable(
        f"{where} cannot be reached: {said}. Is the server up, is the port right, and does "
        "a firewall let us through?"
    )
