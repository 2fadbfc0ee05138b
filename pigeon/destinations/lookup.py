"""From an entry of ``push_urls`` to a :class:`Destination`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pigeon.conf import conf
from pigeon.destinations.destination import Destination
from pigeon.destinations.query import options_of
from pigeon.destinations.url import Parts, is_url, normalised, shown, split, without_secret
from pigeon.exceptions import ConfigurationError

#: Characters of a destination's name; the length of the queue's column.
MAX_NAME = 200


def resolve(entry: object) -> Destination:
    """The destination that ``entry`` of a rule's ``push_urls`` means.

    Args:
        entry: a name of ``PIGEON_DESTINATIONS`` or a URL.

    Raises:
        ConfigurationError: the name is unknown, or the URL is malformed.
    """
    if not isinstance(entry, str):
        raise ConfigurationError(
            f"push_urls holds a {type(entry).__name__}; it must hold URLs or names of "
            "PIGEON_DESTINATIONS, which are strings."
        )
    if entry in conf.DESTINATIONS:
        return named(entry)
    if not is_url(entry):
        raise ConfigurationError(
            f"{without_secret(entry)!r} is neither a URL nor a name of PIGEON_DESTINATIONS. "
            f"Known names: {', '.join(sorted(map(shown, conf.DESTINATIONS))) or 'none'}."
        )
    parts = split(entry)
    name = normalised(parts.scheme, parts.username, parts.host, parts.port, parts.path)
    return _destination(name, parts, {})


def named(name: str) -> Destination:
    """The destination called ``name`` in ``PIGEON_DESTINATIONS``.

    Raises:
        ConfigurationError: there is none, its entry is malformed, or the name may hold a
            password: names are stored and shown.
    """
    if shown(name) != str(name):
        raise ConfigurationError(
            f"PIGEON_DESTINATIONS has a URL with a secret as the name {shown(name)!r}; choose a "
            "plain name and put the URL under 'URL'."
        )
    try:
        entry = conf.DESTINATIONS[name]
        url, options = entry["URL"], entry.get("OPTIONS", {})
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"PIGEON_DESTINATIONS[{name!r}] must be a dictionary with a 'URL', and 'OPTIONS' "
            "if there are any."
        ) from error
    if not isinstance(options, Mapping) or not all(isinstance(key, str) for key in options):
        raise ConfigurationError(
            f"PIGEON_DESTINATIONS[{name!r}]['OPTIONS'] must be a dictionary with names as keys."
        )
    return _destination(name, split(url), options)


def _destination(name: str, parts: Parts, options: Mapping[str, Any]) -> Destination:
    """The options of the settings come before those of the URL's query."""
    if len(name) > MAX_NAME:
        raise ConfigurationError(
            f"The destination {name[:60]!r}… has a name of {len(name)} characters; the queue "
            f"keeps {MAX_NAME}. Give it a shorter name in PIGEON_DESTINATIONS."
        )
    return Destination(
        name=name,
        scheme=parts.scheme,
        host=parts.host,
        port=parts.port,
        username=parts.username,
        path=parts.path,
        options={**options_of(parts.scheme, parts.query), **options},
        url_password=parts.password,
    )
