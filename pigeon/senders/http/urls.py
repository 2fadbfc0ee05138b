"""The addresses of requests, and how they may be shown."""

from __future__ import annotations

from urllib.parse import quote, urlencode, urljoin, urlsplit

import httpx2

from pigeon.destinations import Destination
from pigeon.destinations.url import DEFAULT_PORTS, bracketed
from pigeon.senders.names import final_path

#: Characters of the URL's own path that stay as they were written (RFC 3986, section 3.3).
_PATH_SAFE = "/:@!$&'()*+,;="


def origin(destination: Destination) -> str:
    """``https://host:port``, the port only where it is not the scheme's own."""
    port = destination.port
    tail = "" if port in (None, DEFAULT_PORTS[destination.scheme]) else f":{port}"
    return f"{destination.scheme}://{bracketed(destination.host)}{tail}"


def where(destination: Destination) -> str:
    """The server as messages name it: ``host:port``."""
    port = destination.port or DEFAULT_PORTS[destination.scheme]
    return f"{bracketed(destination.host)}:{port}"


def target(destination: Destination, path: str = "") -> str:
    """What follows the origin in a request: path and query, percent-encoded.

    Args:
        path: relative path of a file below the URL's own; without it, the URL's own.

    Raises:
        PermanentError: ``path`` would leave the URL's folder.
    """
    query = destination.options.get("query")
    return _path(destination, path) + (f"?{urlencode(query)}" if query else "")


def shown(destination: Destination, path: str) -> str:
    """The address of a file, for records: no user, no query."""
    return origin(destination) + _path(destination, path)


def _path(destination: Destination, path: str) -> str:
    root = quote(destination.path or "/", safe=_PATH_SAFE)
    if not path:
        return root
    final_path("/", path)  # refuses what would leave the folder
    # All but letters, digits and -._~ is encoded: a '+' or ';' means something to some servers.
    return f"{root.rstrip('/')}/{quote(path, safe='/')}"


def moved_to(destination: Destination, location: str, *, with_path: bool) -> str:
    """Where a redirect points to, for a message: no user, no query.

    Args:
        with_path: show its path, too; the path of a POST may be a secret.
    """
    try:
        parts = urlsplit(urljoin(origin(destination), location))
        host, port = bracketed(parts.hostname or ""), f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that is none"
    path = parts.path if with_path else "/…"
    return f"{parts.scheme}://{host}{port}{path}"[:200]


def problems(destination: Destination) -> list[str]:
    """Sentences about what is wrong with the host."""
    try:
        httpx2.URL(f"{origin(destination)}/")
    except (httpx2.InvalidURL, UnicodeError):
        return [f"{destination.host!r} is no host name."]
    return []
