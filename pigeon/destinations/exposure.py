"""Whether a destination's login can be read by whoever sits on the way."""

from __future__ import annotations

from ipaddress import ip_address

from pigeon.destinations.destination import Destination

#: Schemes without encryption → the one to use instead.
IN_THE_CLEAR = {"ftp": "ftp+tls", "http": "https"}
#: Options whose values are sent as they are.
_SENT = ("password", "token")


def exposed(destination: Destination) -> bool:
    """Whether a password or a token travels in the clear, farther than within this machine."""
    has_login = bool(destination.url_password) or any(map(destination.options.get, _SENT))
    return destination.scheme in IN_THE_CLEAR and has_login and not _is_loopback(destination.host)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
