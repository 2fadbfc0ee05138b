"""Registering rules: by decorator, by discovery, by setting."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.apps import apps
from django.db.models import Model
from django.utils.module_loading import autodiscover_modules, import_string

from pigeon import destinations
from pigeon.conf import conf
from pigeon.configuration import BASES, DefaultConfiguration
from pigeon.destinations import Destination, shown
from pigeon.exceptions import (
    AlreadyRegistered,
    ConfigurationError,
    GetDirectoryError,
    NotRegistered,
)
from pigeon.paths import check_name
from pigeon.registry import listened, routing
from pigeon.registry.routing import Routing
from pigeon.signals import rules_changed

logger = logging.getLogger("pigeon.registry")

#: The module that each installed app may have.
CONFIG_MODULE = "pigeon_config"
#: Characters of a rule's name; the length of the queue's column.
MAX_NAME = 100


@dataclass(frozen=True)
class Problem:
    """Something that was refused while the site started; shown by the system checks."""

    subject: str
    error: Exception


class Registry:
    """All rules by name; one instance, :data:`pigeon.registry.registry`, serves the process."""

    def __init__(self) -> None:
        self._rules: dict[str, DefaultConfiguration] = {}
        self._routings: dict[DefaultConfiguration, Routing] = {}
        self._starting = False
        self.problems: list[Problem] = []

    def register(self, cls: type[DefaultConfiguration]) -> type[DefaultConfiguration]:
        """Take the rule class ``cls``; usable as a decorator.

        While the site starts, what is refused becomes a system-check error instead of an
        exception, so that all of it is reported together.

        Raises:
            AlreadyRegistered: another rule has that name.
            ConfigurationError: ``cls`` is not a subclass of ``DefaultConfiguration``, cannot
                be a rule, or, once the site has started, names an unknown model.
        """
        try:
            self._add(cls)
        except ConfigurationError as error:
            if not self._starting:
                raise
            self._note(_path_of(cls), error)
        return cls

    def unregister(self, rule: type[DefaultConfiguration] | str) -> None:
        """Forget a rule, by class or by name.

        Raises:
            NotRegistered: there is no such rule, or another class has its name.
        """
        name = rule if isinstance(rule, str) else rule.name
        present = self._rules.get(name)
        if present is None or (isinstance(rule, type) and type(present) is not rule):
            raise NotRegistered(self._unknown(name if isinstance(rule, str) else _path_of(rule)))
        del self._rules[name]
        self._changed()

    def get(self, name: str) -> DefaultConfiguration:
        """The rule called ``name``.

        Raises:
            NotRegistered: there is none.
        """
        try:
            return self._rules[name]
        except KeyError:
            raise NotRegistered(self._unknown(name)) from None

    def rules(self) -> list[DefaultConfiguration]:
        """All rules, in the order in which they were registered."""
        return list(self._rules.values())

    def routing_of(self, rule: DefaultConfiguration) -> Routing:
        """Where the rule's items go, and what is wrong with its ``push_urls``."""
        if rule not in self._routings:
            self._routings[rule] = routing.route(rule)
        return self._routings[rule]

    def destinations_of(self, rule: DefaultConfiguration) -> dict[str, Destination]:
        """Name → destination, for every place that gets what ``rule`` selects.

        Raises:
            ConfigurationError: an entry of the rule's ``push_urls`` is malformed.
        """
        found = self.routing_of(rule)
        if found.problems:
            raise found.problems[0]
        return dict(found.destinations)

    def destinations(self) -> dict[str, Destination]:
        """Name → destination, for all that rules or ``PIGEON_DESTINATIONS`` name.

        Malformed ones are left out here; the system checks report them.
        """
        found: dict[str, Destination] = {}
        for rule in self.rules():
            try:
                found.update(self.routing_of(rule).destinations)
            except Exception:
                text, extra = "The push_urls of rule %s cannot be had.", {"rule": rule.name}
                logger.exception(text, rule.name, extra=extra)
        return found | _configured()

    def redact(self, text: str) -> str:
        """``text`` without the secrets of ``PIGEON_DESTINATIONS``, for what a hook said.

        No rule is asked for its destinations: it may be the one whose hook has just failed.
        """
        for destination in _configured().values():
            text = destination.redact(text)
        return text

    def collisions(self) -> list[ConfigurationError]:
        """Bare URLs of rules that have the same name but not the same password or query."""
        return routing.collisions(self.rules())

    def models_of(self, rule: DefaultConfiguration) -> list[type[Model]]:
        """The model classes that ``rule`` listens to.

        Raises:
            ConfigurationError: an entry of ``models`` is not a model that can be pushed.
        """
        return listened.models_of(rule)

    def unknown_fields(self, rule: DefaultConfiguration) -> list[str]:
        """Names in the rule's ``tracked_fields`` that none of its models has.

        Raises:
            ConfigurationError: see :meth:`models_of`.
        """
        return listened.unknown_fields(rule)

    def autodiscover(self) -> None:
        """Import every app's ``pigeon_config`` and the classes of ``PIGEON_CLASSES``, once.

        An exception inside a ``pigeon_config`` module is not caught: the site does not start.
        """
        self._starting = True
        try:
            autodiscover_modules(CONFIG_MODULE)
            for path in [conf.CLASSES] if isinstance(conf.CLASSES, str) else conf.CLASSES:
                self._import(path)
        finally:
            self._starting = False

    def forget_destinations(self) -> None:
        """Resolve destinations anew at their next use, because settings changed."""
        self._routings.clear()

    @contextmanager
    def isolated(self) -> Iterator[Registry]:
        """Start without any rule, and come back to the present ones afterwards (for tests)."""
        saved = self._rules, self.problems
        self._rules, self.problems = {}, []
        self._changed()
        try:
            yield self
        finally:
            self._rules, self.problems = saved
            self._changed()

    def _add(self, cls: type[DefaultConfiguration]) -> None:
        if not isinstance(cls, type) or not issubclass(cls, DefaultConfiguration) or cls in BASES:
            raise ConfigurationError(
                f"{_path_of(cls)} is not a rule: subclass pigeon.DefaultConfiguration "
                "or pigeon.MassPusherConfiguration."
            )
        _check_rule_name(cls)
        present = self._rules.get(cls.name)
        if present is not None:
            raise AlreadyRegistered(
                f"{_path_of(cls)} wants the name {cls.name!r}, which {_path_of(type(present))} "
                "has. Give one of them another class name or a 'name' of its own."
            )
        rule = _made(cls)
        if apps.models_ready and not self._starting:
            listened.models_of(rule)
        self._rules[cls.name] = rule
        self._changed()

    def _import(self, path: str) -> None:
        try:
            cls = import_string(str(path))
        except ImportError as error:
            reason = f"PIGEON_CLASSES names {path!r}, which cannot be imported: {error}"
            self._note(str(path), ConfigurationError(reason))
            return
        if not any(type(rule) is cls for rule in self._rules.values()):
            self.register(cls)

    def _note(self, subject: str, error: ConfigurationError) -> None:
        logger.error("Rule %s was not registered: %s", subject, error, extra={"rule": subject})
        self.problems.append(Problem(subject, error))

    def _changed(self) -> None:
        self._routings.clear()
        if not self._starting:
            rules_changed.send(Registry)

    def _unknown(self, name: str) -> str:
        known = ", ".join(sorted(self._rules)) or "none"
        return f"No rule is called {name!r}. Registered rules: {known}."


def _configured() -> dict[str, Destination]:
    """Those of ``PIGEON_DESTINATIONS`` that are well-formed, by name."""
    found: dict[str, Destination] = {}
    for name in conf.DESTINATIONS:
        try:
            found[name] = destinations.named(name)
        except ConfigurationError as error:
            extra = {"destination": shown(name)}
            logger.debug("Destination left out: %s", error, extra=extra)
    return found


def _check_rule_name(cls: type[DefaultConfiguration]) -> None:
    """The name is a folder of parcels, a folder of templates, and a column of the queue."""
    try:
        reason = f"is longer than {MAX_NAME} characters" if len(cls.name) > MAX_NAME else ""
        check_name(cls.name)
    except (TypeError, GetDirectoryError) as error:
        reason = f"cannot be a folder's name ({error})"
    if reason:
        raise ConfigurationError(
            f"The name {cls.name!r} of {_path_of(cls)} {reason}. Give the class another 'name'."
        )


def _made(cls: type[DefaultConfiguration]) -> DefaultConfiguration:
    try:
        return cls()
    except Exception as error:
        raise ConfigurationError(
            f"{_path_of(cls)} cannot be made without arguments: {type(error).__name__}: {error}"
        ) from error


def _path_of(cls: object) -> str:
    if isinstance(cls, type):
        return f"{cls.__module__}.{cls.__qualname__}"
    return repr(cls)
