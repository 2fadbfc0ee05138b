"""The URLs of destinations: splitting them, naming them, showing them without secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, unquote, urlsplit

from pigeon.exceptions import ConfigurationError

#: Ports that a URL need not say. What has one is a server of the network.
DEFAULT_PORTS = {"sftp": 22, "ftp": 21, "ftp+tls": 21, "ftps": 990, "http": 80, "https": 443}
#: Schemes whose host is no host but a name of this site, with its capitals.
_NAMES = ("storage",)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)
#: From the user's name, or what may be one, to the last ``@``.
_PASSWORD = re.compile(r"^((?:(?:[a-z][a-z0-9+.-]*:)?//)?+[^:]*):.*@", re.I | re.S)
#: Schemes whose URLs have no ``//``.
_OPAQUE = ("mailto",)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_BRACKETED = re.compile(r"\[[^\[\]]+\](:\d*)?")
_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
#: A host of the network that is no IPv6 address; a dot at the end is right.
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")


@dataclass(frozen=True, slots=True)
class Parts:
    """A URL in pieces, each decoded but the query."""

    scheme: str
    username: str
    password: str = field(repr=False)
    host: str
    port: int | None
    path: str
    query: str = field(repr=False)


class _Malformed(Exception):
    """The reason, without what may be secret."""


def is_url(text: str) -> bool:
    """Whether ``text`` begins like a URL."""
    return bool(_SCHEME.match(text))


def split(url: object) -> Parts:
    """Split ``url`` like RFC 3986, but with the last ``@`` before the path ending the user.

    A password with ``/``, ``?``, ``#`` or ``%`` must be percent-encoded (``@`` and ``:`` work
    bare), or stand in ``OPTIONS``. The zone of an IPv6 address is written as RFC 6874 says, as
    in ``[fe80::1%25eth0]``, or with a bare ``%``.

    Raises:
        ConfigurationError: it is no URL, or one that may mean two things.
    """
    if not isinstance(url, str):
        raise ConfigurationError(f"A URL must be a string, not {type(url).__name__}.")
    if re.search(r"[\x00-\x20\x7f-\x9f\ud800-\udfff]", url):
        raise ConfigurationError(
            f"The URL {without_secret(url)!r} holds a space or a control character; "
            "write it percent-encoded (a space is %20)."
        )
    try:
        return _parts(url)
    except _Malformed as error:
        reason = str(error)
    raise ConfigurationError(
        f"The URL {without_secret(url)!r} is malformed: {reason}. Expected "
        "scheme://user@host:port/path; a password with special characters goes into "
        "OPTIONS['password'] or is percent-encoded."
    )


def _parts(url: str) -> Parts:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _Malformed(_why_malformed(error)) from None
    if port == 0:
        raise _Malformed("port 0 does not exist")
    _refuse_ambiguous(url, parts)
    return Parts(
        scheme=parts.scheme,
        username=_decoded("user name", parts.username or ""),
        password=_decoded("password", parts.password or ""),
        host=_host(parts),
        port=port,
        path=_decoded("path", parts.path),
        query=parts.query,
    )


def _why_malformed(error: ValueError) -> str:
    """The reason without the error's own text, which may hold the password."""
    return "the port is not a number from 1 to 65535" if "ort" in str(error) else "bad host"


def _refuse_ambiguous(url: str, parts: SplitResult) -> None:
    if not parts.scheme:
        raise _Malformed("it has no scheme")
    if parts.scheme in _OPAQUE:
        return
    if not url[len(parts.scheme) :].startswith("://"):
        raise _Malformed("'//' is missing after the scheme")
    rest = f"{parts.path}?{parts.query}#{parts.fragment}"
    if parts.port is not None and "@" not in parts.netloc and "@" in rest:
        raise _Malformed("it is not clear where the host begins; write an '@' of the path as %40")
    if parts.fragment and parts.scheme not in ("http", "https"):
        raise _Malformed("what follows '#' would be lost; write a '#' of the path as %23")


def _host(parts: SplitResult) -> str:
    raw = parts.netloc.rpartition("@")[2]
    if parts.scheme in _NAMES:
        return _decoded("name", raw)
    host = parts.hostname or ""
    if "[" in raw:
        if not _BRACKETED.fullmatch(raw):
            raise _Malformed("bad host")
        return host.replace("%25", "%", 1)
    if parts.scheme not in DEFAULT_PORTS or not host:
        return host
    if not host.isascii():
        raise _Malformed("the host has letters beyond ASCII; write it as xn--…, as registrars do")
    if not _HOST.fullmatch(host):
        raise _Malformed("bad host")
    return host


def _decoded(what: str, text: str) -> str:
    """``text`` without its percent-encoding."""
    try:
        found = unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise _Malformed(f"the {what} is percent-encoded, but not as UTF-8") from None
    if _UNSEEN.search(found):
        raise _Malformed(f"the {what} holds an encoded control character")
    return found


def normalised(scheme: str, username: str, host: str, port: int | None, path: str) -> str:
    """The URL of these decoded parts, without the scheme's own port."""
    if scheme in _OPAQUE:
        return f"{scheme}:{quote(path, safe='/@,')}"
    user = f"{quote(username, safe='')}@" if username else ""
    tail = "" if port in (None, DEFAULT_PORTS.get(scheme)) else f":{port}"
    where = quote(host, safe="") if scheme in _NAMES else bracketed(host).replace("%", "%25")
    return f"{scheme}://{user}{where}{tail}{quote(path)}"


def bracketed(host: str) -> str:
    """``host`` as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def without_secret(url: object) -> str:
    """``url`` for an error message: what may be a password is taken out, however malformed."""
    text = re.sub(_PASSWORD, r"\1:[redacted]@", str(url))
    return re.sub(r"[?#].*", "", text, flags=re.S)


def shown(name: object) -> str:
    """``name`` of a destination for a message; a URL that somebody made the name may be secret."""
    text = str(name)
    return without_secret(text) if "://" in text or _PASSWORD.match(text) else text
