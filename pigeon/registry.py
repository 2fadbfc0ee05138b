"""The rules of the site: registered once each, found by name and by model."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.apps import apps
from django.core.signals import setting_changed
from django.db.models import Model
from django.utils.module_loading import autodiscover_modules, import_string

from pigeon import destinations
from pigeon.conf import PREFIX, conf
from pigeon.configuration import ALL_MODELS, BASES, DefaultConfiguration
from pigeon.destinations import Destination
from pigeon.exceptions import AlreadyRegistered, ConfigurationError, NotRegistered
from pigeon.signals import rules_changed

logger = logging.getLogger("pigeon.registry")

#: The module that each installed app may have.
CONFIG_MODULE = "pigeon_config"


@dataclass(frozen=True)
class Problem:
    """Something that was refused while the site started; shown by the system checks."""

    subject: str
    error: Exception


class Registry:
    """All rules by name; one instance, :data:`registry`, serves the process."""

    def __init__(self) -> None:
        self._rules: dict[str, DefaultConfiguration] = {}
        self._destinations: dict[str, dict[str, Destination]] = {}
        self._starting = False
        self.problems: list[Problem] = []

    def register(self, cls: type[DefaultConfiguration]) -> type[DefaultConfiguration]:
        """Take the rule class ``cls``; usable as a decorator.

        While the site starts, what is refused becomes a system-check error instead of an
        exception, so that all of it is reported together.

        Raises:
            AlreadyRegistered: another rule has that name.
            ConfigurationError: ``cls`` is not a subclass of ``DefaultConfiguration``.
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
            NotRegistered: there is no such rule.
        """
        name = rule if isinstance(rule, str) else rule.name
        if name not in self._rules:
            raise NotRegistered(self._unknown(name))
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

    def destinations_of(self, rule: DefaultConfiguration) -> dict[str, Destination]:
        """Name → destination, for every place that gets what ``rule`` selects.

        Raises:
            ConfigurationError: an entry of the rule's ``push_urls`` is malformed.
        """
        if rule.name not in self._destinations:
            found = [destinations.resolve(entry) for entry in rule.get_push_urls()]
            self._destinations[rule.name] = {each.name: each for each in found}
        return self._destinations[rule.name]

    def destinations(self) -> dict[str, Destination]:
        """Name → destination, for all that rules or ``PIGEON_DESTINATIONS`` name.

        Malformed ones are left out here; the system checks report them.
        """
        found: dict[str, Destination] = {}
        for name in conf.DESTINATIONS:
            with _skipping():
                found[name] = destinations.named(name)
        for rule in self.rules():
            with _skipping():
                found.update(self.destinations_of(rule))
        return found

    def models_of(self, rule: DefaultConfiguration) -> list[type[Model]]:
        """The model classes that ``rule`` listens to.

        A rule without ``models`` that overrides ``filter_by_instance_type`` listens to all.

        Raises:
            ConfigurationError: a label names no installed model.
        """
        if rule.models == ALL_MODELS or (not rule.models and _filters_types(rule)):
            return [model for model in apps.get_models() if model._meta.app_label != "pigeon"]
        return [_model(rule, entry) for entry in rule.models]

    def autodiscover(self) -> None:
        """Import every app's ``pigeon_config`` and the classes of ``PIGEON_CLASSES``, once.

        An exception inside a ``pigeon_config`` module is not caught: the site does not start.
        """
        self._starting = True
        try:
            autodiscover_modules(CONFIG_MODULE)
            for path in conf.CLASSES:
                self._import(path)
        finally:
            self._starting = False

    def forget_destinations(self) -> None:
        """Resolve destinations anew at their next use, because settings changed."""
        self._destinations.clear()

    @contextmanager
    def isolated(self) -> Iterator[Registry]:
        """Start without any rule, and come back to the present ones afterwards (for tests)."""
        saved, self._rules = self._rules, {}
        self._changed()
        try:
            yield self
        finally:
            self._rules = saved
            self._changed()

    def _add(self, cls: type[DefaultConfiguration]) -> None:
        if not isinstance(cls, type) or not issubclass(cls, DefaultConfiguration) or cls in BASES:
            raise ConfigurationError(
                f"{_path_of(cls)} is not a rule: subclass pigeon.DefaultConfiguration "
                "or pigeon.MassPusherConfiguration."
            )
        present = self._rules.get(cls.name)
        if present is not None:
            raise AlreadyRegistered(
                f"{_path_of(cls)} wants the name {cls.name!r}, which {_path_of(type(present))} "
                "has. Give one of them another class name or a 'name' of its own."
            )
        self._rules[cls.name] = cls()
        self._changed()

    def _import(self, path: str) -> None:
        try:
            cls = import_string(path)
        except ImportError as error:
            self._note(path, ConfigurationError(f"{path!r} cannot be imported: {error}"))
            return
        if not any(type(rule) is cls for rule in self._rules.values()):
            self.register(cls)

    def _note(self, subject: str, error: ConfigurationError) -> None:
        logger.error("Rule %s was not registered: %s", subject, error)
        self.problems.append(Problem(subject, error))

    def _changed(self) -> None:
        self._destinations.clear()
        if not self._starting:
            rules_changed.send(Registry)

    def _unknown(self, name: str) -> str:
        known = ", ".join(sorted(self._rules)) or "none"
        return f"No rule is called {name!r}. Registered rules: {known}."


def _filters_types(rule: DefaultConfiguration) -> bool:
    own = type(rule).filter_by_instance_type
    return own is not DefaultConfiguration.filter_by_instance_type


def _model(rule: DefaultConfiguration, entry: type[Model] | str) -> type[Model]:
    if not isinstance(entry, str):
        return entry
    try:
        return apps.get_model(entry)
    except (LookupError, ValueError) as error:
        raise ConfigurationError(
            f"Rule {rule.name!r} names the model {entry!r}, which is not installed ({error}). "
            "Write it as 'app_label.ModelName' and check INSTALLED_APPS."
        ) from error


def _path_of(cls: object) -> str:
    if isinstance(cls, type):
        return f"{cls.__module__}.{cls.__qualname__}"
    return repr(cls)


@contextmanager
def _skipping() -> Iterator[None]:
    try:
        yield
    except ConfigurationError as error:
        logger.debug("Destination left out: %s", error)


registry = Registry()
register = registry.register
unregister = registry.unregister


def _settings_changed(*, setting: str, **kwargs: object) -> None:
    if setting.startswith(PREFIX):
        registry.forget_destinations()


setting_changed.connect(_settings_changed)


def rules_by_model(rules: Iterable[DefaultConfiguration]) -> dict[type[Model], list[str]]:
    """Model class → names of the rules that listen to it; unknown models are left out."""
    found: dict[type[Model], list[str]] = {}
    for rule in rules:
        with _skipping():
            for model in registry.models_of(rule):
                found.setdefault(model, []).append(rule.name)
    return found
