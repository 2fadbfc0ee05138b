"""Where a rule's items go, and bare URLs that only look like one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import pigeon
from pigeon.exceptions import ConfigurationError
from pigeon.registry import registry


@pytest.fixture(autouse=True)
def _no_other_rules() -> Iterator[None]:
    with registry.isolated():
        yield


def make(name: str = "rule", **attributes: Any) -> pigeon.DefaultConfiguration:
    pigeon.register(type("Rule", (pigeon.DefaultConfiguration,), {"name": name, **attributes}))
    return registry.get(name)


def test_a_rule_says_where_or_the_settings_do(settings: Any) -> None:
    settings.PIGEON_DESTINATIONS = {"beloved": {"URL": "dummy://beloved"}}
    settings.PIGEON_PUSH_URLS = {"rule": ["beloved"], "own": ["dummy://unused"]}
    rule, own, none = make(), make("own", push_urls=("dummy://own",)), make("none")
    assert list(registry.destinations_of(rule)) == ["beloved"]
    assert list(registry.destinations_of(own)) == ["dummy://own"]
    assert registry.destinations_of(none) == {}


def test_what_was_resolved_is_kept_until_settings_change(settings: Any) -> None:
    settings.PIGEON_PUSH_URLS = {"rule": ["dummy://a"]}
    rule = make()
    first = registry.destinations_of(rule)["dummy://a"]
    assert registry.destinations_of(rule)["dummy://a"] is first
    settings.PIGEON_PUSH_URLS = {"rule": ["dummy://b"]}
    assert list(registry.destinations_of(rule)) == ["dummy://b"]


@pytest.mark.parametrize("urls", ["dummy://a", None, 7, {"dummy://a": 1}])
def test_push_urls_must_be_a_list(settings: Any, urls: Any) -> None:
    settings.PIGEON_PUSH_URLS = {"rule": urls}
    with pytest.raises(ConfigurationError, match=r"PIGEON_PUSH_URLS\['rule'\].*must be a list"):
        registry.destinations_of(make())


def test_push_urls_of_the_settings_must_be_a_dictionary(settings: Any) -> None:
    settings.PIGEON_PUSH_URLS = ["dummy://a"]
    with pytest.raises(ConfigurationError, match="must be a dictionary"):
        registry.destinations_of(make())


def test_a_malformed_url_does_not_hold_up_the_others() -> None:
    rule = make(push_urls=["nowhere", "dummy://a", "sftp://h:x"])
    routing = registry.routing_of(rule)
    assert list(routing.destinations) == ["dummy://a"]
    assert len(routing.problems) == 2
    assert list(registry.destinations()) == ["dummy://a"]
    with pytest.raises(ConfigurationError, match="nowhere"):
        registry.destinations_of(rule)


def test_all_destinations_that_anybody_names(settings: Any) -> None:
    settings.PIGEON_DESTINATIONS = {
        "used": {"URL": "dummy://used"},
        "unused": {"URL": "dummy://unused"},
        "malformed": {"URL": 7},
    }
    make("a", push_urls=["used", "dummy://bare"])

    def fail(self: object) -> list[str]:
        raise ValueError

    make("b", get_push_urls=fail)
    assert set(registry.destinations()) == {"used", "unused", "dummy://bare"}


def collisions(*urls: str) -> list[str]:
    for number, url in enumerate(urls):
        make(f"rule{number}", push_urls=[url])
    return [str(error) for error in registry.collisions()]


@pytest.mark.parametrize(
    "urls",
    [
        ("sftp://news:geheim@h/in", "sftp://news:geheim2@h/in"),
        ("sftp://news:geheim@h/in", "sftp://news@H:22/in"),
        ("https://h/x?token=geheim", "https://h/x?token=geheim2"),
        ("https://h/x", "https://h/x?token=geheim"),
        ("dummy://a", "sftp://news:geheim@h", "sftp://news:geheim2@h", "sftp://news:geheim3@h"),
    ],
)
def test_bare_urls_that_differ_in_what_is_not_shown(urls: tuple[str, ...]) -> None:
    (said,) = collisions(*urls)
    assert "a name of its own in PIGEON_DESTINATIONS" in said
    assert "geheim" not in said


@pytest.mark.parametrize(
    "urls",
    [
        ("sftp://news:a@h/in", "sftp://news:a@H:22/in"),
        ("sftp://news:a@h/in", "sftp://desk:b@h/in"),
        ("sftp://news:a@h/in", "sftp://news:b@h/out"),
        ("nowhere", "sftp://h:x"),
    ],
)
def test_bare_urls_that_are_the_same_or_plainly_two(urls: tuple[str, ...]) -> None:
    assert collisions(*urls) == []


def test_one_rule_may_collide_with_itself() -> None:
    make(push_urls=["sftp://news:a@h", "sftp://news:b@h"])
    (error,) = registry.collisions()
    assert "of rule 'rule'" in str(error)


def test_names_collide_with_nothing(settings: Any) -> None:
    settings.PIGEON_DESTINATIONS = {
        "one": {"URL": "sftp://news:a@h"},
        "two": {"URL": "sftp://news:b@h"},
    }
    assert collisions("one", "two") == []
