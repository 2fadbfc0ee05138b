"""What it means that no answer came."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator, Sequence
from enum import Enum, auto

import httpx2

from pigeon.destinations import Destination
from pigeon.exceptions import (
    AmbiguousError,
    AuthenticationError,
    DeliveryError,
    DestinationMisconfigured,
    TransientError,
    Unreachable,
)
from pigeon.senders.http.text import one_line
from pigeon.senders.http.urls import where


class Stage(Enum):
    """How far a request had come."""

    CONNECTING = auto()
    #: Not all of it has been handed over: the server cannot have the whole body.
    ASKING = auto()
    #: All of it may have arrived.
    ASKED = auto()
    #: The answer's head had come, not all of its body.
    READING = auto()


def explain(
    destination: Destination, error: Exception, stage: Stage, *, proven: bool = True
) -> DeliveryError:
    """The error to raise for what the library or the system raised.

    Args:
        proven: the server has answered in HTTP before.
    """
    host, words = where(destination), _words(destination, error)
    causes = list(_causes(error))
    if found := tls_trouble(host, causes):
        return found
    if stage is Stage.CONNECTING:
        return _no_connection(destination, host, causes, words)
    if _is_garbage(error) and not proven:
        return DestinationMisconfigured(
            f"{host} does not speak HTTP ({words}). Check scheme and port of the URL."
        )
    if stage is Stage.ASKED:
        return AmbiguousError(
            f"{host} was sent everything, but its answer was lost ({words}): it may have taken it "
            "or not. The next attempt says that it is the same."
        )
    return TransientError(f"The connection to {host} broke off: {words}.")


def _no_connection(
    destination: Destination, host: str, causes: list[BaseException], words: str
) -> Unreachable:
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return Unreachable(
            f"The host name {destination.host} cannot be resolved: {words}. Check the URL and "
            "this machine's DNS."
        )
    return Unreachable(
        f"{host} cannot be reached: {words}. Check host and port of the URL, and firewalls on "
        "both sides."
    )


def tls_trouble(host: str, causes: Sequence[BaseException]) -> DeliveryError | None:
    """What the TLS errors among ``causes`` mean; ``None`` if there are none, or nobody knows."""
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return AuthenticationError(
                f"{host} shows a certificate that is not trusted: {cause.verify_message}. If the "
                "partner has an authority of its own, put its certificate into "
                "OPTIONS['ca_file']; if name or date are wrong, ask the partner to renew it."
            )
    for cause in causes:
        if isinstance(cause, ssl.SSLError) and cause.reason:
            return _tls_refused(host, cause.reason)
    return None


def _tls_refused(host: str, reason: str) -> DeliveryError | None:
    words = reason.replace("_", " ").lower()
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        return DestinationMisconfigured(
            f"{host} does not speak TLS ({words}). Check the port, or ask the partner whether the "
            "URL begins with http://."
        )
    if "CERTIFICATE" in reason or "UNKNOWN_CA" in reason:
        return AuthenticationError(
            f"{host} does not accept our certificate ({words}). Set OPTIONS['client_certificate'] "
            "and OPTIONS['client_key'] to those that the partner knows."
        )
    if "PROTOCOL" in reason or "HANDSHAKE_FAILURE" in reason or "CIPHER" in reason:
        return DestinationMisconfigured(
            f"{host} and Pigeon agree on no version of TLS ({words}). Ask the partner for TLS 1.2 "
            "or 1.3, or lower OPTIONS['minimum_tls']."
        )
    return None


def _is_garbage(error: Exception) -> bool:
    """Something came, and it was no HTTP."""
    return isinstance(error, httpx2.RemoteProtocolError) and "disconnected" not in str(error)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__context__, one.__cause__]
        waiting += one.exceptions if isinstance(one, BaseExceptionGroup) else ()


def _words(destination: Destination, error: Exception) -> str:
    if isinstance(error, (TimeoutError, httpx2.TimeoutException)):
        return "nothing moved within OPTIONS['timeout']"
    system = [
        cause
        for cause in _causes(error)
        if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLWantReadError)
    ]
    if not system:
        return one_line(destination, error) or "it was closed"
    last = system[-1]
    if last.errno and not isinstance(last, (ssl.SSLError, socket.gaierror)):
        return os.strerror(last.errno)
    return one_line(destination, last)
