"""Registering rules: by decorator, by discovery, by setting; problems while the site starts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from django.apps import apps

import pigeon
from pigeon.exceptions import AlreadyRegistered, ConfigurationError, NotRegistered
from pigeon.registry import Registry, registry
from pigeon.signals import rules_changed
from tests.apps.newsroom.models import Photo, Story


class Partner(pigeon.DefaultConfiguration):
    models = [Story]
    push_urls = ["dummy://partner"]


@pytest.fixture
def _no_rules() -> Iterator[None]:
    with registry.isolated():
        yield


def test_a_rule_is_found_by_its_lower_cased_name() -> None:
    own = Registry()
    assert own.register(Partner) is Partner
    assert isinstance(own.get("partner"), Partner)
    assert own.rules() == [own.get("partner")]
    own.unregister(Partner)
    assert own.rules() == []
    with pytest.raises(NotRegistered, match=r"'partner'.*none"):
        own.get("partner")


def test_unregister_takes_class_or_name() -> None:
    own = Registry()
    own.register(Partner)
    own.unregister("partner")
    with pytest.raises(NotRegistered):
        own.unregister("partner")
    with pytest.raises(NotRegistered):
        own.unregister(Partner)


def test_another_class_of_the_same_name_is_not_unregistered() -> None:
    own = Registry()
    own.register(Partner)
    with pytest.raises(NotRegistered):
        own.unregister(type("Partner", (pigeon.DefaultConfiguration,), {}))
    assert own.get("partner")


def test_a_second_rule_of_the_same_name_is_refused() -> None:
    own = Registry()
    own.register(Partner)
    with pytest.raises(AlreadyRegistered, match=r"test_rules\.Partner has"):
        own.register(type("PARTNER", (Partner,), {}))
    with pytest.raises(AlreadyRegistered):
        own.register(Partner)


@pytest.mark.parametrize(
    "wrong",
    [
        Story,
        "Partner",
        None,
        Partner(),
        pigeon.DefaultConfiguration,
        pigeon.MassPusherConfiguration,
    ],
)
def test_what_is_no_rule_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"is not a rule: subclass pigeon\."):
        Registry().register(wrong)


@pytest.mark.parametrize("name", ["", "a/b", "..", "a\0b", " a", "x" * 101, 7, None])
def test_a_name_that_cannot_be_a_folder_is_refused(name: Any) -> None:
    with pytest.raises(ConfigurationError, match="another 'name'"):
        Registry().register(type("Rule", (Partner,), {"name": name}))


def test_a_class_that_cannot_be_made_is_refused() -> None:
    def init(self: object, needed: object) -> None: ...

    with pytest.raises(ConfigurationError, match=r"cannot be made.*TypeError"):
        Registry().register(type("Rule", (Partner,), {"__init__": init}))


@pytest.mark.parametrize(
    ("models", "said"),
    [
        (["news.Nothing"], "not installed"),
        (["nonsense"], "not installed"),
        ([7], "not a model class"),
        ([str], "not a model class"),
        (Story, r"must be a list such as \[Story\]"),
        ("newsroom.Story", "must be a list"),
        (None, "must be a list"),
        (["pigeon.ItemToPush"], "belongs to Pigeon itself"),
    ],
)
def test_models_that_cannot_be_are_refused_once_the_site_runs(models: Any, said: str) -> None:
    own = Registry()
    with pytest.raises(ConfigurationError, match=said):
        own.register(type("Rule", (Partner,), {"models": models}))
    assert own.rules() == []


def test_abstract_models_are_refused() -> None:
    from tests.apps.tracked.models import Base

    with pytest.raises(ConfigurationError, match="concrete children"):
        Registry().register(type("Rule", (Partner,), {"models": [Base]}))


def test_tracked_fields_that_no_model_has() -> None:
    rule = type("Rule", (Partner,), {"models": [Story, Photo]})()
    assert registry.unknown_fields(rule) == []
    rule.tracked_fields = ["title", "caption", "photos", "titel"]
    assert registry.unknown_fields(rule) == ["titel"]


def test_whoever_listens_hears_of_changes() -> None:
    heard = []

    def listen(**kwargs: Any) -> None:
        heard.append(1)

    rules_changed.connect(listen)
    own = Registry()
    own.register(Partner)
    own.unregister(Partner)
    rules_changed.disconnect(listen)
    assert len(heard) == 2


@pytest.mark.usefixtures("_no_rules")
def test_isolated_rules_are_gone_afterwards() -> None:
    pigeon.register(Partner)
    with registry.isolated() as empty:
        assert empty.rules() == []
        pigeon.register(type("Other", (Partner,), {}))
    assert [rule.name for rule in registry.rules()] == ["partner"]


# While the site starts


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The ``pigeon_config`` of an installed app, which has yet to be imported."""
    made = ModuleType("tests.apps.newsroom.pigeon_config")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


def start(own: Registry, monkeypatch: pytest.MonkeyPatch, *registered: Any) -> None:
    """Discover, with an app whose ``pigeon_config`` registers these."""

    def import_them(name: str) -> None:
        assert name == "pigeon_config"
        for each in registered:
            own.register(each)

    monkeypatch.setattr("pigeon.registry.rules.autodiscover_modules", import_them)
    own.autodiscover()


def test_discovery_imports_the_module_of_every_app(module: ModuleType) -> None:
    """A module that is there is imported; that the others lack one is no error."""
    assert apps.is_installed("tests.apps.newsroom")
    own = Registry()
    own.autodiscover()
    assert own.problems == []


def test_problems_while_the_site_starts_are_collected(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PIGEON_CLASSES = ["nowhere.Rule", "tests.apps.newsroom.models.Story", 7]
    own = Registry()
    twin = type("Partner", (Partner,), {})
    start(own, monkeypatch, Partner, twin, "nonsense")
    assert [rule.name for rule in own.rules()] == ["partner"]
    assert [problem.subject for problem in own.problems] == [
        "tests.registry.test_rules.Partner",
        "'nonsense'",
        "nowhere.Rule",
        "tests.apps.newsroom.models.Story",
        "7",
    ]
    assert isinstance(own.problems[0].error, AlreadyRegistered)
    with pytest.raises(AlreadyRegistered):
        own.register(twin)


def test_the_models_of_a_rule_are_looked_for_when_all_apps_are_there(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Registry()
    start(own, monkeypatch, type("Rule", (Partner,), {"models": ["news.Nothing"]}))
    assert own.problems == []
    with pytest.raises(ConfigurationError, match="not installed"):
        own.models_of(own.get("rule"))


def test_classes_of_the_setting(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"{__name__}.Partner"
    settings.PIGEON_CLASSES = [path, path]
    own = Registry()
    start(own, monkeypatch)
    assert [type(rule) for rule in own.rules()] == [Partner]
    assert own.problems == []


def test_a_class_that_a_pigeon_config_has_registered_already(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PIGEON_CLASSES = [f"{__name__}.Partner"]
    own = Registry()
    start(own, monkeypatch, Partner)
    assert [type(rule) for rule in own.rules()] == [Partner]
    assert own.problems == []


def test_a_setting_that_is_no_list(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PIGEON_CLASSES = f"{__name__}.Partner"
    own = Registry()
    start(own, monkeypatch)
    assert [rule.name for rule in own.rules()] == ["partner"]


def test_the_site_does_not_start_with_a_broken_module(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise SyntaxError

    monkeypatch.setattr("pigeon.registry.rules.autodiscover_modules", fail)
    own = Registry()
    with pytest.raises(SyntaxError):
        own.autodiscover()
    with pytest.raises(ConfigurationError):
        own.register("nonsense")  # type: ignore[arg-type]
