"""Do the places exist to which rules send, and can their senders work with them?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.core.checks import CheckMessage

from pigeon import destinations
from pigeon.checks.catalogue import (
    BAD_OPTION,
    BAD_SENDERS,
    COLLISION,
    IN_THE_CLEAR,
    INSECURE,
    MALFORMED_URL,
    NO_DESTINATION,
    UNKNOWN_DESTINATION,
    UNKNOWN_RULE,
    UNKNOWN_SCHEME,
)
from pigeon.checks.suggest import did_you_mean, listed
from pigeon.conf import conf
from pigeon.configuration import DefaultConfiguration
from pigeon.destinations import Destination, exposure, shown
from pigeon.exceptions import ConfigurationError
from pigeon.registry import registry
from pigeon.senders.registry import check_destination, sender_class

#: Options that switch a proof of identity off, and what is no longer proved.
_SWITCHES = {
    "host_key_check": "the host key of the server",
    "verify_certificate": "the certificate of the server",
}


def check() -> Iterator[CheckMessage]:
    """Rules' entries, the destinations of the settings, then each destination as such."""
    found: dict[str, Destination] = {}
    yield from _unknown_rules()
    yield from _check_named(found)
    for rule in registry.rules():
        yield from _check_rule(rule, found)
    yield from _collisions()
    yield from _check_each(found)


def _unknown_rules() -> Iterator[CheckMessage]:
    known = {rule.name for rule in registry.rules()}
    for name in conf.PUSH_URLS:
        if name not in known:
            yield UNKNOWN_RULE.found(
                f"PIGEON_PUSH_URLS names the rule {name!r}, which does not exist.",
                f"{did_you_mean(name, known)}Registered rules: {listed(known)}.",
                "PIGEON_PUSH_URLS",
            )


def _check_named(found: dict[str, Destination]) -> Iterator[CheckMessage]:
    for name in conf.DESTINATIONS:
        try:
            found[name] = destinations.named(name)
        except ConfigurationError as error:
            yield MALFORMED_URL.found(
                f"The destination {shown(name)!r} cannot be used: {error}",
                f"Correct PIGEON_DESTINATIONS[{shown(name)!r}].",
                f"destination {shown(name)!r}",
            )


def _check_rule(
    rule: DefaultConfiguration, found: dict[str, Destination]
) -> Iterator[CheckMessage]:
    where = f"rule {rule.name!r}"
    try:
        entries = rule.get_push_urls()
    except Exception as error:  # noqa: BLE001 - a rule's own method
        reason = f"get_push_urls of rule {rule.name!r} raised {type(error).__name__}: {error}"
        yield MALFORMED_URL.found(reason, "Correct the method.", where)
        return
    if not isinstance(entries, list | tuple | set | frozenset):
        yield MALFORMED_URL.found(
            f"The push URLs of rule {rule.name!r} are a {type(entries).__name__}, not a list.",
            "Write a list, as in push_urls = ['sftp://news@sftp.partner.example/incoming'].",
            where,
        )
    elif not entries:
        yield NO_DESTINATION.found(
            f"Rule {rule.name!r} has no destination, so nothing is queued by it.",
            f"Name URLs or destinations in PIGEON_PUSH_URLS[{rule.name!r}], or in the rule's "
            "push_urls.",
            where,
        )
    else:
        yield from _check_entries(rule, entries, found)


def _check_entries(
    rule: DefaultConfiguration, entries: Iterable[object], found: dict[str, Destination]
) -> Iterator[CheckMessage]:
    for entry in entries:
        if isinstance(entry, str) and entry in conf.DESTINATIONS:
            continue
        try:
            destination = destinations.resolve(entry)
            found.setdefault(destination.name, destination)
        except (ConfigurationError, TypeError) as error:
            yield _unresolved(rule, entry, error)


def _unresolved(rule: DefaultConfiguration, entry: object, error: Exception) -> CheckMessage:
    is_url = not isinstance(entry, str) or ":" in entry
    close = "" if is_url else did_you_mean(str(entry), map(shown, conf.DESTINATIONS))
    return (MALFORMED_URL if is_url else UNKNOWN_DESTINATION).found(
        f"Rule {rule.name!r} cannot send to one of its destinations: {error}",
        f"{close}Correct the entry in PIGEON_PUSH_URLS[{rule.name!r}] or in the rule's "
        "push_urls; names are those of PIGEON_DESTINATIONS.",
        f"rule {rule.name!r}",
    )


def _collisions() -> Iterator[CheckMessage]:
    try:
        errors = registry.collisions()
    except Exception:  # noqa: BLE001 - a rule's get_push_urls, which is reported as such
        return
    for error in errors:
        cure = "Let the rules name the entries of PIGEON_DESTINATIONS instead of the URL."
        yield COLLISION.found(str(error), cure, "PIGEON_PUSH_URLS")


def _check_each(found: dict[str, Destination]) -> Iterator[CheckMessage]:
    try:
        sender_class("dummy")
    except ConfigurationError as error:
        yield BAD_SENDERS.found(str(error), "Correct PIGEON_SENDERS.", "PIGEON_SENDERS")
        return
    for destination in found.values():
        yield from _check_one(destination)


def _check_one(destination: Destination) -> Iterator[CheckMessage]:
    name = destination.name
    where = f"destination {name!r}"
    try:
        sender_class(destination.scheme)
    except ConfigurationError as error:
        text = f"Nobody can deliver to {name!r}: {error}"
        yield UNKNOWN_SCHEME.found(text, "Correct the scheme of the URL.", where)
        return
    for sentence in check_destination(destination):
        cure = f"Correct PIGEON_DESTINATIONS[{name!r}]."
        if name not in conf.DESTINATIONS:
            cure = "Correct the URL, or give it a name and options in PIGEON_DESTINATIONS."
        yield BAD_OPTION.found(f"Destination {name!r}: {sentence}", cure, where)
    yield from _check_security(destination, where)


def _check_security(destination: Destination, where: str) -> Iterator[CheckMessage]:
    name = destination.name
    if exposure.exposed(destination):
        better = exposure.IN_THE_CLEAR[destination.scheme]
        yield IN_THE_CLEAR.found(
            f"The login of destination {name!r} and all content travel by {destination.scheme}, "
            "which whoever sits on the way can read.",
            f"Ask the partner for {better} or sftp; silence this check if the line is your own.",
            where,
        )
    for option, proof in _SWITCHES.items():
        if destination.options.get(option) is False:
            yield INSECURE.found(
                f"{option} of destination {name!r} is False, so {proof} is not checked and "
                "whoever answers gets the password and the content.",
                f"Remove the option {option!r}.",
                where,
            )
