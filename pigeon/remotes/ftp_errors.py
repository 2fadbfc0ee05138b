"""What an FTP server's replies mean for an operator (RFC 959, section 4.2; RFC 2389, 3659)."""

from __future__ import annotations

import re
import ssl

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
_WANTS_TLS = re.compile(r"\b(tls|ssl)\b|encrypt", re.I)
#: RFC 2228: the protection of the connection is not what the server demands.
_PROTECTION = frozenset({521, 522, 533, 534, 535, 536, 537})


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
    if reply.code in _PROTECTION or reply.code == 425:
        return _explain_no_data(remote, reply, doing)
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


def _explain_no_data(remote: Remote, reply: Reply, doing: str) -> DeliveryError:
    """The data connection is not what the server wants, or did not come about."""
    where, said = remote.where, remote.said(reply)
    if reply.code in _PROTECTION:
        return DestinationMisconfigured(
            f"{where} does not accept how the data connection is protected, when Pigeon tries to "
            f"{doing}: {said}. It may demand TLS (ftp+tls://), another version of TLS, or a "
            "client certificate: ask the partner."
        )
    return TransientError(
        f"{where} could not {doing} now: {said}. The data connection did not come about: if "
        "it lasts, a firewall on the partner's side may close its passive ports, or its TLS "
        "may want something."
    )


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
    if remote.destination.scheme == "ftp" and _WANTS_TLS.search(said):
        return DestinationMisconfigured(
            f"{where} refused a plain FTP login: {said}. It demands TLS: use ftp+tls:// in the "
            "URL instead of ftp://."
        )
    if reply.code in (530, 430, 331):
        return AuthenticationError(
            f"{where} refused the login of user '{user}': wrong user name or password (it "
            f"said: {said}). Check the URL and OPTIONS['password'], and ask the partner whether "
            "the account is active."
        )
    if reply.code in _PROTECTION or reply.code == 503:
        return DestinationMisconfigured(
            f"{where} refused the login for how it was made: {said}. Ask the partner whether "
            "ftp://, ftp+tls:// or ftps:// is right, and whether a client certificate is needed."
        )
    return Unreachable(f"{where} did not let user '{user}' in: {said}.")


def explain_tls(remote: Remote, error: ssl.SSLError) -> DeliveryError:
    """The error to raise when TLS could not begin, or ended with ``error``."""
    where, said = remote.where, remote.said(error.reason or error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return AuthenticationError(
            f"The certificate of {where} was not accepted: {remote.said(error.verify_message)}. "
            "No login was sent. If the partner has an authority of its own, name its file in "
            "OPTIONS['ca_file']; if the name is wrong, use the one in the certificate in the URL."
        )
    if said in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"):
        return DestinationMisconfigured(
            f"{where} does not speak TLS where {remote.destination.scheme}:// begins it. Check "
            "the port; a server that starts in plain and switches to TLS needs ftp+tls://."
        )
    if "PROTOCOL" in said or "VERSION" in said:
        return DestinationMisconfigured(
            f"{where} and Pigeon have no version of TLS in common ({said}). Ask the partner for "
            "TLS 1.2 or newer, and look at OPTIONS['minimum_tls']."
        )
    if "CERTIFICATE" in said or "HANDSHAKE_FAILURE" in said or "UNKNOWN_CA" in said:
        return AuthenticationError(
            f"{where} broke off TLS ({said}). It may demand a client certificate that it knows: "
            "ask the partner, and look at OPTIONS['client_certificate'] and 'client_key'."
        )
    return Unreachable(f"TLS with {where} failed: {said}. Ask the partner if it lasts.")


def explain_data(remote: Remote, error: OSError, port: int, doing: str) -> DeliveryError:
    """The error to raise when no data connection to ``port`` came about."""
    if isinstance(error, ssl.SSLError):
        return explain_tls(remote, error)
    said = remote.said(error) if str(error) else "no answer in time"
    return TransientError(
        f"{remote.where} offered port {port} for data to {doing}, but it cannot be "
        f"reached: {said}. The partner's firewall must allow its passive ports."
    )
