"""The value that senders work with, and what must never be seen of it."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote

from django.conf import settings as django_settings

from pigeon.destinations.redaction import redact
from pigeon.destinations.url import DEFAULT_PORTS, bracketed, normalised
from pigeon.exceptions import DestinationMisconfigured

#: Names of options whose values are secret, wherever they stand.
SECRET_OPTION = re.compile(
    r"pass(word|phrase)?|secret|token|credential|api[_-]?key|signature|authorization|cookie", re.I
)
#: What stands between the parts of a header's value, such as "Bearer abc" or "a=b; c=d".
_BETWEEN = re.compile(r"[\s;,=]+")
#: Parts of a secret with fewer characters are words like "Bearer", and stay.
_PART = 8
#: Parts of a web hook's path with fewer characters are words like "services", and stay.
_PART_OF_PATH = 12


@dataclass(frozen=True, repr=False)
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
    options: Mapping[str, Any] = field(default_factory=dict)
    url_password: str = ""
    #: What callables have given out as passwords, to be redacted like any other.
    _given: set[str] = field(default_factory=set, compare=False)

    def __repr__(self) -> str:
        return f"<Destination {self.name!r} at {self.url}>"

    def get_password(self) -> str:
        """The password: ``OPTIONS["password"]`` (a string or a callable), else the URL's.

        Raises:
            DestinationMisconfigured: the callable raised.
        """
        return self.get_secret("password", self.url_password)

    def get_secret(self, option: str, default: str = "") -> str:
        """The secret that ``OPTIONS[option]`` holds, or that its callable gives now.

        What a callable gives is redacted from then on.

        Raises:
            DestinationMisconfigured: the callable raised.
        """
        value = self.options.get(option, default)
        if not callable(value):
            return str(value or "")
        try:
            secret = str(value() or "")
        except Exception as error:  # noqa: BLE001 - whatever a vault raises
            # Without the cause: what it says may hold what it looked for.
            raise DestinationMisconfigured(
                f"OPTIONS[{option!r}] of destination {self.name!r} is a callable that raised "
                f"{type(error).__name__}; call {_callable_name(value)} in a shell to see why."
            ) from None
        self._given.add(secret)
        return secret

    def hide(self, *secrets: str) -> None:
        """Redact ``secrets`` from now on, too: those that only the sender knows where to find."""
        self._given.update(secrets)

    @property
    def endpoint(self) -> str:
        """What connection limits count by: scheme, user, host and port, or the name."""
        if not self.host:
            return f"{self.scheme}:{self.name}"
        port = self.port or DEFAULT_PORTS.get(self.scheme)
        tail = "" if port is None else f":{port}"
        return f"{self.scheme}://{self.username}@{bracketed(self.host)}{tail}"

    @cached_property
    def url(self) -> str:
        """The URL without password, query and fragment; safe to show.

        Of a web hook only the server is shown: its path may be all that proves who we are.
        """
        found = self._full_url
        return f"{found.removesuffix(quote(self.path))}/…" if self._hides_path else found

    @cached_property
    def _full_url(self) -> str:
        return normalised(self.scheme, self.username, self.host, self.port, self.path)

    @cached_property
    def _hides_path(self) -> bool:
        """Whether it is a web hook; one without a name has its path for a name."""
        posts = self.scheme in ("http", "https") and self.options.get("method") == "POST"
        return posts and bool(self.path.strip("/")) and self.name != self._full_url

    def secrets(self) -> tuple[str, ...]:
        """Every secret of this destination, longest first.

        A callable's is known once it has been called.
        """
        found = self._configured_secrets | self._given
        return tuple(sorted(found - {""}, key=len, reverse=True)) if found else ()

    @cached_property
    def _configured_secrets(self) -> frozenset[str]:
        found = {self.url_password, unquote(self.url_password)} | _named_secret(self.options)
        if self._hides_path:
            parts = self.path.split("/")
            found |= {self.path, *(part for part in parts if len(part) >= _PART_OF_PATH)}
        return frozenset(found - {""})

    def redact(self, text: str) -> str:
        """``text`` without this destination's secrets, however they are written there."""
        return redact(text, self.secrets())

    def fingerprint(self) -> str:
        """A keyed hash of URL and options: changes when the configuration does.

        Callables count by their name only, so that a rotating password does not change it; it
        is the same in every process.
        """
        facts = [self._full_url, self.url_password, dict(self.options)]
        text = json.dumps(facts, default=_described, sort_keys=True)
        key = django_settings.SECRET_KEY.encode()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _named_secret(options: Mapping[Any, Any]) -> set[str]:
    """The values of all names that say so, also in options that are mappings, such as headers."""
    found: set[str] = set()
    for key, value in options.items():
        if SECRET_OPTION.search(str(key)):
            found |= _secret_texts(value)
        elif isinstance(value, Mapping):
            inner = _named_secret(value)
            parts = {part for text in inner for part in _BETWEEN.split(text)}
            found |= inner | {part for part in parts if len(part) >= _PART}
    return found


def _secret_texts(value: object) -> set[str]:
    if isinstance(value, Mapping):
        return {text for inner in value.values() for text in _secret_texts(inner)}
    if isinstance(value, (list, tuple, set)):
        return {text for inner in value for text in _secret_texts(inner)}
    if callable(value) or not value:
        return set()
    return {value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)}


def _described(value: object) -> str:
    if callable(value):
        return _callable_name(value)
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))


def _callable_name(value: object) -> str:
    owner = value if hasattr(value, "__qualname__") else type(value)
    return f"{owner.__module__}.{getattr(owner, '__qualname__', '')}"
