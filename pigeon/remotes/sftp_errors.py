"""What an SFTP server's refusals mean for an operator."""

from __future__ import annotations

import asyncssh

from pigeon.exceptions import (
    DeliveryError,
    DestinationMisconfigured,
    PermanentError,
    TransientError,
)
from pigeon.remotes.base import Remote

#: The path, or its folder, is not there.
MISSING = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)
#: There is no such command.
UNSUPPORTED = (asyncssh.SFTPOpUnsupported,)
_FULL = (asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded)
#: The right to do it is missing.
FORBIDDEN = (
    asyncssh.SFTPPermissionDenied,
    asyncssh.SFTPWriteProtect,
    asyncssh.SFTPCannotDelete,
)
#: A server that does not say what it knows; how sizes are asked for, that is no failure.
UNTOLD = (*UNSUPPORTED, *FORBIDDEN)
_BAD_NAME = (
    asyncssh.SFTPInvalidFilename,
    asyncssh.SFTPInvalidParameter,
    asyncssh.SFTPBadMessage,
)
_ENDED = (asyncssh.SFTPNoConnection, asyncssh.SFTPConnectionLost)


def connection_ended(error: Exception) -> bool:
    """Whether ``error`` means that the connection is gone, not that a request was refused."""
    return isinstance(error, _ENDED) or not isinstance(error, asyncssh.SFTPError)


def explain(remote: Remote, error: Exception, doing: str) -> DeliveryError:
    """The error to raise for ``error``, which ended the attempt to do ``doing``.

    Args:
        remote: names the server.
        error: what asyncssh raised.
        doing: the step, as in "create /incoming/a.xml".
    """
    where, said = remote.where, remote.said(getattr(error, "reason", "") or error)
    if connection_ended(error):
        return TransientError(
            f"The connection to {where} dropped while Pigeon tried to {doing}: {said}."
        )
    if isinstance(error, FORBIDDEN):
        return DestinationMisconfigured(
            f"{where} does not allow Pigeon to {doing}: {said}. Ask the partner for the right "
            "to write there, or correct the folder in the URL."
        )
    if isinstance(error, _FULL):
        return TransientError(
            f"{where} could not {doing}: {said}. Its disk or our quota is full; tell the partner."
        )
    if isinstance(error, (*_BAD_NAME, *UNSUPPORTED)):
        return PermanentError(
            f"{where} refused to {doing}: {said}. The name may be too long or hold characters "
            "that this server does not take."
        )
    if isinstance(error, MISSING):
        return DestinationMisconfigured(
            f"{where} could not {doing}: {said}. Check the folder in the URL."
        )
    return TransientError(
        f"{where} failed to {doing} and said only: {said}. Often its disk or our quota is full; "
        "ask the partner if it lasts."
    )
