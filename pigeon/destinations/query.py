"""Options in the query of a URL: text there, values of the right type for senders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from pigeon.exceptions import ConfigurationError

#: Scheme → the options that its sender understands, with the type or types of each.
OptionTypes = Callable[[str], Mapping[str, Any]]

_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
#: The last one is asked; senders are in a room above this one, so that they have to come here.
_asked: list[OptionTypes] = []


def learn_types(types: OptionTypes) -> None:
    """Ask ``types`` for what the options of a scheme are, from now on."""
    _asked[:] = [types]


def options_of(scheme: str, query: str) -> dict[str, Any]:
    """The options that ``query`` of a URL gives, each as its sender wants it.

    What cannot be turned into that type stays text, which the system checks report.

    Raises:
        ConfigurationError: an option stands there twice, or is not UTF-8.
    """
    if not query:
        return {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict")
    except ValueError:
        raise ConfigurationError(
            f"The query of a {scheme} URL is percent-encoded, but not as UTF-8."
        ) from None
    found: dict[str, Any] = {}
    types = _asked[-1](scheme) if _asked else {}
    for name, text in pairs:
        if name in found:
            raise ConfigurationError(
                f"The query of a {scheme} URL has the option {name!r} twice; keep one of them."
            )
        found[name] = _typed(text, types.get(name, str))
    return found


def _typed(text: str, types: Any) -> Any:
    several = types if isinstance(types, tuple) else (types,)
    if str in several:
        return text
    if bool in several and text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    for number in (int, float):
        if number in several:
            try:
                return number(text)
            except ValueError:
                continue
    if list in several:
        return [part for part in text.split(",") if part]
    return text
