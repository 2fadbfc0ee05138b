"""What a destination says of TLS: whom to trust, and who we are."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pigeon.destinations import Destination
from pigeon.exceptions import DestinationMisconfigured

#: Options of destinations with TLS, and their types.
OPTIONS: Mapping[str, Any] = {
    "ca_file": (str, Path),
    "verify_certificate": bool,
    "minimum_tls": str,
    "client_certificate": (str, Path),
    "client_key": (str, Path),
    "client_key_passphrase": (str, Callable),
}
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def check(destination: Destination) -> list[str]:
    """Sentences about what is wrong with the options of TLS; nothing is read."""
    options, found = destination.options, []
    if options.get("minimum_tls", "1.2") not in VERSIONS:
        found.append("Option 'minimum_tls' is '1.2' or '1.3'.")
    if options.get("client_key") and not options.get("client_certificate"):
        found.append("Option 'client_key' needs 'client_certificate'.")
    return found


def make_context(destination: Destination) -> ssl.SSLContext:
    """What ``destination``'s options ask of TLS. Reads files; asks a vault for a passphrase.

    Raises:
        DestinationMisconfigured: a file cannot be read, or is not what it should be.
    """
    options = destination.options
    # Not create_default_context: from Python 3.13 on it refuses many a partner's own CA.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = VERSIONS[options.get("minimum_tls", "1.2")]
    if options.get("verify_certificate", True) is False:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    elif ca_file := options.get("ca_file"):
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise _unreadable("ca_file", destination, error) from None
    else:
        context.load_default_certs()
    if options.get("client_certificate"):
        _load_client(context, destination)
    return context


def _load_client(context: ssl.SSLContext, destination: Destination) -> None:
    passphrase = destination.get_secret("client_key_passphrase")
    try:
        context.load_cert_chain(
            destination.options["client_certificate"],
            destination.options.get("client_key"),
            # Without it OpenSSL would ask at the terminal.
            password=lambda: passphrase,
        )
    except (OSError, ValueError) as error:
        raise _unreadable("client_certificate", destination, error) from None


def _unreadable(
    option: str, destination: Destination, error: Exception
) -> DestinationMisconfigured:
    return DestinationMisconfigured(
        f"OPTIONS[{option!r}] of destination {destination.name!r} cannot be used: "
        f"{destination.redact(str(error))}. It names a PEM file that Pigeon's user can read"
        + (
            "; the key is in it or in 'client_key', and an encrypted one needs the right "
            "'client_key_passphrase'."
            if option == "client_certificate"
            else ", with the certificates of the authorities to trust."
        )
    )


def facts(connection: ssl.SSLObject | ssl.SSLSocket) -> dict[str, str]:
    """For the doctor: ``protocol``, ``cipher``, and ``certificate`` if it was verified."""
    cipher = connection.cipher()
    found = {"protocol": connection.version() or "", "cipher": cipher[0] if cipher else ""}
    found["certificate"] = "not verified"
    if certificate := connection.getpeercert():
        # A tuple of names, each a tuple of (type, value): typeshed says less.
        subject: Any = certificate["subject"]
        names = ", ".join(f"{key}={value}" for name in subject for key, value in name)
        found["certificate"] = f"{names or 'no name'}, until {certificate['notAfter']}"
    return found
