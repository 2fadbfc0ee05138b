"""Where a rule's items go: from ``push_urls`` to destinations, each for itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pigeon import destinations
from pigeon.conf import conf
from pigeon.configuration import DefaultConfiguration
from pigeon.destinations import Destination
from pigeon.exceptions import ConfigurationError


@dataclass(frozen=True, slots=True)
class Routing:
    """What became of a rule's ``push_urls``.

    Attributes:
        destinations: name → destination, of the well-formed entries.
        problems: what is wrong with the others.
    """

    destinations: Mapping[str, Destination]
    problems: tuple[ConfigurationError, ...] = ()


def route(rule: DefaultConfiguration) -> Routing:
    """Resolve each of the rule's ``push_urls``; a malformed one does not hold up the others."""
    found: dict[str, Destination] = {}
    problems: list[ConfigurationError] = []
    try:
        entries = _entries(rule)
    except ConfigurationError as error:
        return Routing({}, (error,))
    for entry in entries:
        try:
            destination = destinations.resolve(entry)
        except ConfigurationError as error:
            problems.append(error)
        else:
            found.setdefault(destination.name, destination)
    return Routing(found, tuple(problems))


def collisions(rules: Iterable[DefaultConfiguration]) -> list[ConfigurationError]:
    """Bare URLs that differ only in what their common name does not show, one error a name.

    Such URLs would be one destination with two passwords.
    """
    first: dict[str, tuple[str, str]] = {}
    found: dict[str, ConfigurationError] = {}
    for rule in rules:
        for destination in _implicit(rule):
            mark = destination.fingerprint()
            other, known = first.setdefault(destination.name, (rule.name, mark))
            if known != mark:
                found[destination.name] = _collision(destination.name, other, rule.name)
    return list(found.values())


def _implicit(rule: DefaultConfiguration) -> list[Destination]:
    try:
        entries = [each for each in _entries(rule) if each not in conf.DESTINATIONS]
    except (ConfigurationError, TypeError):
        return []
    found = []
    for entry in entries:
        try:
            found.append(destinations.resolve(entry))
        except ConfigurationError:
            continue  # reported as what it is
    return found


def _entries(rule: DefaultConfiguration) -> list[str]:
    if rule.push_urls is None and not isinstance(conf.PUSH_URLS, Mapping):
        raise ConfigurationError(
            "PIGEON_PUSH_URLS must be a dictionary of rule names and lists of URLs."
        )
    urls: object = rule.get_push_urls()
    if isinstance(urls, list | tuple | set | frozenset):
        return list(urls)
    place = f"PIGEON_PUSH_URLS[{rule.name!r}]" if rule.push_urls is None else "push_urls"
    raise ConfigurationError(
        f"{place} of rule {rule.name!r} is a {type(urls).__name__}; it must be a list of URLs or "
        'of names of PIGEON_DESTINATIONS, such as ["sftp://news@sftp.partner.example/incoming"].'
    )


def _collision(name: str, one: str, other: str) -> ConfigurationError:
    rules = f"rule {one!r}" if one == other else f"rules {one!r} and {other!r}"
    return ConfigurationError(
        f"Two URLs of {rules} are both called {name!r}, but differ in password, query or "
        "fragment. Give each a name of its own in PIGEON_DESTINATIONS and use the names."
    )
