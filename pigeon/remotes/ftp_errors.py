"""What an FTP server's replies mean for an operator (RFC 959, section 4.2; RFC 2389, 3659)."""

from __future__ import annotations

import re

from pigeon.exceptions import (
    AuthenticationError,
    DeliveryError,
    DestinationMisconfigured,
    PermanentError,
    TransientError,
    Unreachable,
)
from pigeon.remotes.base import Remote
from pigeon.remotes.ftp_replies import Reply

#: Command not known, not implemented, or not for this parameter.
UNSUPPORTED = frozenset({500, 502, 504})
#: One answer for "not there", "its folder is not there" and "not allowed".
MISSING_OR_FORBIDDEN = frozenset({550, 553})
_FULL = frozenset({452, 552})
_CROWDED = re.compile(r"too many|maximum|limit", re.I)


def explain(remote: Remote, reply: Reply, doing: str) -> DeliveryError:
    """The error to raise for a bad ``reply`` to the attempt to do ``doing``.

    Args:
        remote: names the server.
        reply: what it said.
        doing: the step, as in "write /incoming/a.xml".
    """
    where, said = remote.where, remote.said(reply)
    if reply.code in _FULL:
        return TransientError(
            f"{where} could not {doing}: {said}. Its disk or our quota is full; tell the partner."
        )
    if reply.code == 451:
        return TransientError(
            f"{where} could not {doing}: {said}. Often its disk or our quota is full; ask the "
            "partner if it lasts."
        )
    if reply.code in MISSING_OR_FORBIDDEN:
        return DestinationMisconfigured(
            f"{where} does not let Pigeon {doing}: {said}. Ask the partner for the right to "
            "write there, or correct the folder in the URL."
        )
    if reply.code in (530, 532):
        return AuthenticationError(
            f"{where} no longer accepts our login when Pigeon tries to {doing}: {said}."
        )
    if reply.code in UNSUPPORTED:
        return DestinationMisconfigured(
            f"{where} lacks a command that Pigeon needs to {doing}: {said}. Ask the partner for "
            "another server or protocol."
        )
    if reply.code >= 500:
        return PermanentError(f"{where} refused to {doing}: {said}.")
    return TransientError(f"{where} could not {doing} now: {said}.")


def explain_login(remote: Remote, reply: Reply, user: str) -> DeliveryError:
    """The error to raise when the greeting or the login got ``reply``."""
    where, said = remote.where, remote.said(reply)
    if reply.code == 421 or _CROWDED.search(said):
        return Unreachable(
            f"{where} takes no further connection now: {said}. If it lasts, lower "
            "OPTIONS['connections'] or ask the partner how many are allowed."
        )
    if reply.code == 332:
        return DestinationMisconfigured(
            f"{where} asks for an account besides user and password ({said}), which Pigeon "
            "cannot give. Ask the partner for a login without it."
        )
    if reply.code in (530, 430, 331):
        return AuthenticationError(
            f"{where} refused the login of user '{user}': wrong user name or password (it "
            f"said: {said}). Check the URL and OPTIONS['password'], and ask the partner whether "
            "the account is active."
        )
    if reply.code in (503, 522, 534):
        return DestinationMisconfigured(
            f"{where} refused a plain FTP login: {said}. It may demand TLS."
        )
    return Unreachable(f"{where} did not let user '{user}' in: {said}.")
