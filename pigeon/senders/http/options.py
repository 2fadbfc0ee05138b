"""What a destination may say about HTTP, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pigeon.destinations import Destination
from pigeon.remotes import tls
from pigeon.remotes.base import DEFAULT_TIMEOUT
from pigeon.senders.http import urls

#: Options of a destination → the type of each value.
OPTIONS: Mapping[str, Any] = {
    "method": str,
    "fieldname": str,
    "fields": dict,
    "headers": dict,
    "query": dict,
    "token": (str, Callable),
    "hmac_secret": (str, Callable),
    "hmac_header": str,
    "hmac_timestamp_header": str,
    "verify": str,
    **tls.OPTIONS,
}
#: Option → the values it may have; the first is the default.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "method": ("PUT", "POST"),
    "verify": ("none", "size", "sha256"),
}
#: RFC 9110, section 5.6.2.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
#: What goes into a header as it is: printable ASCII, no space at either end.
_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?\Z")
#: Headers that Pigeon alone writes: the framing of a request, and what it says about the body.
_OURS = frozenset(
    {
        "connection", "content-digest", "content-length", "expect", "host", "idempotency-key",
        "keep-alive", "range", "te", "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Manner:
    """How a destination wants to be talked to; see the reference of options.

    Attributes:
        timeout: seconds for connecting, for each answer, and for anything to move in between.
    """

    method: str = "PUT"
    fieldname: str = "file"
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    hmac_header: str = "X-Pigeon-Signature"
    hmac_timestamp_header: str = "X-Pigeon-Timestamp"
    verify: str = "none"
    timeout: float = DEFAULT_TIMEOUT

    @classmethod
    def of(cls, destination: Destination) -> Manner:
        """What ``destination``'s options say; they have been checked."""
        known = {name: destination.options[name] for name in _OF_MANNER & {*destination.options}}
        return cls(**known)


_OF_MANNER = frozenset(Manner.__slots__)


def fits_header(value: str) -> bool:
    """Whether ``value`` can stand in a header as it is, so that nothing can be smuggled in."""
    return bool(_HEADER_VALUE.match(value))


def problems(destination: Destination) -> list[str]:
    """Sentences about what is wrong with URL or options; their types are right already."""
    if not destination.host:
        return ["The URL has no host; expected https://host/path."]
    found = [*_choices(destination), *_names(destination), *_login(destination)]
    return found + urls.problems(destination) + _tls(destination)


def _tls(destination: Destination) -> list[str]:
    if destination.scheme == "https":
        return tls.check(destination)
    return [
        f"Option {name!r} needs https://; http:// has no TLS."
        for name in tls.OPTIONS
        if name in destination.options
    ]


def _choices(destination: Destination) -> Iterator[str]:
    for name, choices in CHOICES.items():
        value = destination.options.get(name, choices[0])
        if value not in choices:
            yield f"Option {name!r} is one of {', '.join(map(repr, choices))}, not {value!r}."
    if destination.options.get("method") == "POST":
        if destination.options.get("verify", "none") != "none":
            yield (
                "Option 'verify' needs 'method': 'PUT': what was sent by POST has no address at "
                "which Pigeon could look."
            )
    elif {"fields", "fieldname"} & {*destination.options}:
        yield "Options 'fields' and 'fieldname' need 'method': 'POST': PUT sends no form."


def _names(destination: Destination) -> Iterator[str]:
    options = destination.options
    for name in ("fields", "query"):
        if not _is_text(options.get(name, {})):
            yield f"Option {name!r} must hold strings as names and as values."
    headers = options.get("headers", {})
    if not _is_text(headers):
        yield "Option 'headers' must hold strings as names and as values."
        return
    for name, value in headers.items():
        yield from _header(name, value)
    for option in ("hmac_header", "hmac_timestamp_header"):
        if not _HEADER_NAME.match(options.get(option, "X")):
            yield f"Option {option!r} must be the name of a header, such as 'X-Signature'."


def _header(name: str, value: str) -> Iterator[str]:
    if not _HEADER_NAME.match(name):
        yield f"Option 'headers': {name!r} is no name of a header."
    elif name.lower() in _OURS:
        yield f"Option 'headers': Pigeon writes {name} itself; leave it out."
    elif not fits_header(value):
        yield (
            f"Option 'headers': the value of {name} must be printable ASCII on one line, without "
            "spaces at its ends."
        )


def _login(destination: Destination) -> Iterator[str]:
    """HTTP knows one ``Authorization``: it must be clear which."""
    options = destination.options
    given = [name for name in ("token", "password") if options.get(name)]
    if destination.url_password and "password" not in given:
        given.append("password")
    if any(str(name).lower() == "authorization" for name in options.get("headers", {})):
        given.append("headers['Authorization']")
    if len(given) > 1:
        yield f"Give one of {', '.join(given)}: a request has one Authorization header."
    if "password" in given and not destination.username:
        yield "There is a password but no user; write the user into the URL: https://user@host/."
    if ":" in destination.username:
        yield "The user name holds a ':', which basic authentication cannot carry (RFC 7617)."


def _is_text(mapping: Mapping[Any, Any]) -> bool:
    return all(isinstance(text, str) for pair in mapping.items() for text in pair)
