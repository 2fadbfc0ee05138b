"""The URLs of destinations: splitting them, naming them, showing them without secrets."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, quote, urlsplit

from pigeon.exceptions import ConfigurationError

#: Ports that a URL need not say.
DEFAULT_PORTS = {"sftp": 22, "ftp": 21, "ftp+tls": 21, "ftps": 990, "http": 80, "https": 443}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)
#: From the user's name, or what may be one, to the last ``@``.
_PASSWORD = re.compile(r"^((?:(?:[a-z][a-z0-9+.-]*:)?//)?+[^:]*):.*@", re.I | re.S)
#: Schemes whose URLs have no ``//``.
_OPAQUE = ("mailto",)


def is_url(text: str) -> bool:
    """Whether ``text`` begins like a URL."""
    return bool(_SCHEME.match(text))


def split(url: object) -> SplitResult:
    """Split ``url`` like RFC 3986, but with the last ``@`` before the path ending the user.

    A password with ``/``, ``?``, ``#`` or ``%`` must be percent-encoded (``@`` and ``:`` work
    bare), or stand in ``OPTIONS``.

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
        parts = urlsplit(url)
        reason = "port 0 does not exist" if parts.port == 0 else _why_ambiguous(url, parts)
    except ValueError as error:
        reason = _why_malformed(error)
    if reason:
        raise ConfigurationError(
            f"The URL {without_secret(url)!r} is malformed: {reason}. Expected "
            "scheme://user@host:port/path; a password with special characters goes into "
            "OPTIONS['password'] or is percent-encoded."
        )
    return parts


def _why_malformed(error: ValueError) -> str:
    """The reason without the error's own text, which may hold the password."""
    return "the port is not a number from 1 to 65535" if "ort" in str(error) else "bad host"


def _why_ambiguous(url: str, parts: SplitResult) -> str:
    if not parts.scheme:
        return "it has no scheme"
    if parts.scheme in _OPAQUE:
        return ""
    if not url[len(parts.scheme) :].startswith("://"):
        return "'//' is missing after the scheme"
    rest = f"{parts.path}?{parts.query}#{parts.fragment}"
    if parts.port is not None and "@" not in parts.netloc and "@" in rest:
        return "it is not clear where the host begins; write an '@' of the path as %40"
    return ""


def normalised(scheme: str, username: str, host: str, port: int | None, path: str) -> str:
    """The URL of these decoded parts, without the scheme's own port."""
    if scheme in _OPAQUE:
        return f"{scheme}:{quote(path, safe='/@,')}"
    user = f"{quote(username, safe='')}@" if username else ""
    tail = "" if port in (None, DEFAULT_PORTS.get(scheme)) else f":{port}"
    return f"{scheme}://{user}{bracketed(host.lower())}{tail}{quote(path)}"


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
