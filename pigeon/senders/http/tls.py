"""TLS for ``https://``: whom to trust, and who we are."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path

from pigeon.destinations import Destination
from pigeon.exceptions import DestinationMisconfigured

#: Values of ``minimum_tls``; the first is the default.
VERSIONS: Mapping[str, ssl.TLSVersion] = {
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
_OPTIONS = ("ca_file", "verify_certificate", "client_certificate", "client_key", "minimum_tls")
_FILES = ("ca_file", "client_certificate", "client_key")


def problems(destination: Destination) -> list[str]:
    """Sentences about what is wrong with the options; the files are only looked at."""
    options = destination.options
    if destination.scheme == "http":
        return [
            f"Option {name!r} needs https://; http:// has no TLS."
            for name in _OPTIONS
            if name in options
        ]
    found = [
        f"Option {name!r} names {str(options[name])!r}, which is no file."
        for name in _FILES
        if name in options and not Path(options[name]).expanduser().is_file()
    ]
    if "client_key" in options and "client_certificate" not in options:
        found.append("Option 'client_key' needs 'client_certificate', too.")
    return found


def context(destination: Destination) -> ssl.SSLContext:
    """The TLS context that the options ask for; reads files.

    Raises:
        DestinationMisconfigured: a file is none that TLS can use.
    """
    options = destination.options
    made = ssl.create_default_context()
    made.minimum_version = VERSIONS[options.get("minimum_tls", "1.2")]
    if not options.get("verify_certificate", True):
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    option = "ca_file"
    try:
        if option in options:
            made.load_verify_locations(Path(options[option]).expanduser())
        option = "client_certificate"
        if option in options:
            key = options.get("client_key", options[option])
            made.load_cert_chain(
                Path(options[option]).expanduser(), Path(key).expanduser(), password=_no_password
            )
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise DestinationMisconfigured(
            f"OPTIONS[{option!r}] of destination {destination.name!r} cannot be used ({error}). "
            "It must be a readable PEM file; a client certificate needs its private key, not "
            "encrypted, in the same file or in OPTIONS['client_key']."
        ) from None
    return made


def _no_password() -> str:
    """Without it, OpenSSL would ask for a password on the terminal, and wait."""
    raise ValueError("the private key is encrypted")
