"""A partner's endpoint: from a URL and options in the settings to a :class:`Destination`.

Secrets live in :class:`Destination` objects in memory and nowhere else: its ``repr`` hides
them, and :meth:`Destination.redact` takes them out of any text before it is stored or shown.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlsplit

from django.conf import settings as django_settings

from pigeon.conf import conf
from pigeon.exceptions import ConfigurationError

REDACTED = "[redacted]"
#: Names of options whose values are secret, wherever they stand.
SECRET_OPTION = re.compile(r"pass(word|phrase)?|secret|token|credential|api_?key|signature", re.I)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)


@dataclass(frozen=True)
class Destination:
    """Where a rule's parcels go.

    Attributes:
        name: the key of ``PIGEON_DESTINATIONS``, or the normalised URL of a bare URL.
        scheme: lower-case URL scheme, which picks the sender.
        host: host name or address, without the brackets of IPv6; empty for local schemes.
        port: port number if the URL has one.
        username: decoded user name, or empty.
        path: decoded path of the URL, ``"/"``-separated; what it means is the sender's.
        options: the destination's ``OPTIONS``, and the URL's query for implicit destinations.
    """

    name: str
    scheme: str
    host: str
    port: int | None
    username: str
    path: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    url_password: str = field(default="", repr=False)

    def get_password(self) -> str:
        """The password: ``OPTIONS["password"]`` (a string or a callable), else the URL's."""
        value = self.options.get("password", self.url_password)
        return str(value() if callable(value) else value)

    @property
    def endpoint(self) -> str:
        """What connection limits count by: scheme, user, host and port, or the name."""
        if not self.host:
            return f"{self.scheme}:{self.name}"
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}://{self.username}@{_bracketed(self.host)}{port}"

    @cached_property
    def url(self) -> str:
        """The URL without password, query and fragment; safe to show."""
        return _normalised(self.scheme, self.username, self.host, self.port, self.path)

    def secrets(self) -> tuple[str, ...]:
        """Every secret of this destination, also percent-encoded, longest first."""
        found = {self.url_password, unquote(self.url_password)}
        for key, value in self.options.items():
            if SECRET_OPTION.search(key):
                found.update(_secret_texts(value))
        found |= {quote(secret, safe="") for secret in found} | {quote(s) for s in found}
        return tuple(sorted(filter(None, found), key=len, reverse=True))

    def redact(self, text: str) -> str:
        """``text`` without this destination's secrets."""
        for secret in self.secrets():
            text = text.replace(secret, REDACTED)
        return text

    def fingerprint(self) -> str:
        """A keyed hash of URL and options: changes when the configuration does.

        Callables count by their name only, so that a rotating password does not change it.
        """
        facts = [self.url, self.url_password, sorted(self.options.items())]
        text = json.dumps(facts, default=_callable_name, sort_keys=True)
        key = django_settings.SECRET_KEY.encode()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def resolve(entry: str) -> Destination:
    """The destination that ``entry`` of a rule's ``push_urls`` means.

    Args:
        entry: a name of ``PIGEON_DESTINATIONS`` or a URL.

    Raises:
        ConfigurationError: the name is unknown, or the URL is malformed.
    """
    if entry in conf.DESTINATIONS:
        return named(entry)
    if not isinstance(entry, str) or not _SCHEME.match(entry):
        raise ConfigurationError(
            f"{_without_secret(entry)!r} is neither a URL nor a name of PIGEON_DESTINATIONS. "
            f"Known names: {', '.join(sorted(conf.DESTINATIONS)) or 'none'}."
        )
    parts = _split(entry)
    url = _normalised(
        parts.scheme, unquote(parts.username or ""), parts.hostname or "", parts.port, _path(parts)
    )
    return _destination(url, parts, {})


def named(name: str) -> Destination:
    """The destination called ``name`` in ``PIGEON_DESTINATIONS``.

    Raises:
        ConfigurationError: there is none, or its entry is malformed.
    """
    try:
        entry = conf.DESTINATIONS[name]
        url, options = entry["URL"], entry.get("OPTIONS", {})
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"PIGEON_DESTINATIONS[{name!r}] must be a dictionary with a 'URL', and 'OPTIONS' "
            "if there are any."
        ) from error
    if not isinstance(options, Mapping):
        raise ConfigurationError(f"PIGEON_DESTINATIONS[{name!r}]['OPTIONS'] must be a dictionary.")
    return _destination(name, _split(url), dict(options))


def _destination(name: str, parts: SplitResult, options: Mapping[str, Any]) -> Destination:
    return Destination(
        name=name,
        scheme=parts.scheme,
        host=parts.hostname or "",
        port=parts.port,
        username=unquote(parts.username or ""),
        path=_path(parts),
        options=options,
        url_password=unquote(parts.password or ""),
    )


def _split(url: str) -> SplitResult:
    """Split ``url`` like RFC 3986, but with the last ``@`` before the path ending the user.

    Passwords with ``@``, ``:`` or ``/`` should be percent-encoded; ``@`` and ``:`` work bare.
    """
    if not isinstance(url, str):
        raise ConfigurationError(f"A URL must be a string, not {type(url).__name__}.")
    if re.search(r"[\x00-\x20\x7f]", url):
        raise ConfigurationError(
            f"The URL {_without_secret(url)!r} holds a space or a control character; "
            "write it percent-encoded (a space is %20)."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(
            f"The URL {_without_secret(url)!r} is malformed: {_reason(error)}. Expected "
            "scheme://user@host:port/path; a password with special characters goes into "
            "OPTIONS['password'] or is percent-encoded."
        ) from None
    if not parts.scheme:
        raise ConfigurationError(f"The URL {_without_secret(url)!r} has no scheme.")
    if port == 0:
        raise ConfigurationError(f"The URL {_without_secret(url)!r} has port 0.")
    return parts


def _reason(error: ValueError) -> str:
    text = str(error)
    return "the port is not a number from 1 to 65535" if "ort" in text else "bad host"


def _path(parts: SplitResult) -> str:
    return unquote(parts.path)


def _normalised(scheme: str, username: str, host: str, port: int | None, path: str) -> str:
    user = f"{quote(username, safe='')}@" if username else ""
    tail = "" if port is None else f":{port}"
    return f"{scheme}://{user}{_bracketed(host.lower())}{tail}{quote(path)}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _without_secret(url: object) -> str:
    """``url`` for an error message: what may be a password is taken out, however malformed."""
    text = re.sub(r"(//[^/@:]*):.*@", rf"\1:{REDACTED}@", str(url))
    return re.sub(r"[?#].*", "", text, flags=re.S)


def _secret_texts(value: object) -> set[str]:
    if isinstance(value, Mapping):
        return {text for inner in value.values() for text in _secret_texts(inner)}
    if isinstance(value, (list, tuple)):
        return {text for inner in value for text in _secret_texts(inner)}
    if callable(value):
        value = value()
    return {str(value)} if value else set()


def _callable_name(value: Callable[..., object] | object) -> str:
    if callable(value):
        return f"{value.__module__}.{getattr(value, '__qualname__', type(value).__name__)}"
    return repr(value)
