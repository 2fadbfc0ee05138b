"""The reference names what there is, all of it and nothing else."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from docutils import nodes

from pigeon import exceptions, testing
from pigeon.conf import conf
from pigeon.configuration import DefaultConfiguration, MassPusherConfiguration
from pigeon.destinations import Destination
from pigeon.exceptions import DeliveryError, ItemError, PigeonError
from pigeon.models import Outcome, Status
from pigeon.models.item import ItemQuerySet
from pigeon.remotes.base import DEFAULT_TIMEOUT
from pigeon.senders.base import COMMON_OPTIONS, SyncSender
from pigeon.senders.registry import BUILT_IN, make_sender, sender_class
from pigeon.senders.remote import CHOICES
from pigeon.supervisors import BaseSupervisor
from tests.docs.pages import page

CONFIGURATION = "docs/reference/configuration.rst"
DESTINATIONS = "docs/reference/destinations.rst"


def section(name: str, title: str) -> nodes.section:
    """The section called ``title`` on the page ``name``."""
    for found in page(name).tree.findall(nodes.section):
        if found.children[0].astext() == title:
            return found
    raise LookupError(title)


def rows(found: nodes.Node) -> Iterator[list[str]]:
    """The rows of all tables in ``found``, without their heads."""
    for body in found.findall(nodes.tbody):
        for row in body.findall(nodes.row):
            yield [" ".join(entry.astext().split()) for entry in row.findall(nodes.entry)]


def terms(found: nodes.Node) -> set[str]:
    """The names that definition lists in ``found`` define, without arguments."""
    words = [
        literal.astext()
        for term in found.findall(nodes.term)
        for literal in term.findall(nodes.literal)
    ]
    return {word.partition("(")[0].removeprefix("pigeon.").removeprefix("@") for word in words}


def public(cls: type) -> set[str]:
    return {name for name in vars(cls) if not name.startswith("_")}


def test_every_row_of_a_rule() -> None:
    parts = ("Attributes", "Hooks for selecting", "Hooks for rendering")
    described = set().union(*(terms(section(CONFIGURATION, part)) for part in parts))
    assert described == public(DefaultConfiguration)


def test_what_mass_pushes_add() -> None:
    own = public(MassPusherConfiguration) - public(DefaultConfiguration)
    assert terms(section(CONFIGURATION, "MassPusherConfiguration")) == own


def test_what_supervisors_answer() -> None:
    text = section(CONFIGURATION, "Supervisors").astext()
    assert [name for name in public(BaseSupervisor) if name not in text] == []


@pytest.mark.parametrize("name", ["extension", "on_invalid"])
def test_defaults_of_a_rule(name: str) -> None:
    text = section(CONFIGURATION, "Attributes").astext()
    default = str(getattr(DefaultConfiguration, name))
    assert re.search(rf'^{name}\n+Default "{default}"', text, re.M)


@pytest.mark.parametrize("title", ["Output makers", "Packers"])
def test_public_names(title: str) -> None:
    import pigeon

    last = "OutputMaker" if title == "Output makers" else "Packer"
    named = {name for name in pigeon.__all__ if name.endswith(last)}
    assert terms(section(CONFIGURATION, title)) == named


def options_in(title: str) -> set[str]:
    return {row[0] for row in rows(section(DESTINATIONS, title))}


def test_common_options() -> None:
    assert options_in("Options of every destination") == set(COMMON_OPTIONS)


def test_options_of_senders() -> None:
    own = {scheme: set(sender_class(scheme).options) for scheme in BUILT_IN}
    files = options_in("Options of file, sftp and ftp")
    assert own == {
        "dummy": set(),
        "file": files,
        "ftp": files,
        "sftp": files | options_in("Options of sftp"),
    }


def test_defaults_of_options() -> None:
    tables = (*rows(section(DESTINATIONS, "Options of every destination")),
              *rows(section(DESTINATIONS, "Options of file, sftp and ftp")))  # fmt: skip
    defaults = {row[0]: row[2] for row in tables}
    assert float(defaults["timeout"]) == DEFAULT_TIMEOUT
    for name, choices in CHOICES.items():
        assert defaults[name] == f'"{choices[0]}"'
    for row in rows(section(DESTINATIONS, "Options of file, sftp and ftp")):
        assert all(f'"{choice}"' in row[3] for choice in CHOICES[row[0]])


def test_connections_of_senders() -> None:
    table = {row[0]: (row[1], row[2]) for row in rows(section(DESTINATIONS, _LIMITS))}
    made = {scheme: make_sender(_destination(scheme)) for scheme in BUILT_IN}
    assert table == {
        scheme: (str(sender.connections), str(sender.in_flight)) for scheme, sender in made.items()
    }
    assert not hasattr(SyncSender, "in_flight")


_LIMITS = "Connections and deliveries in flight"


def _destination(scheme: str) -> Destination:
    return Destination("x", scheme, "host", None, "", "/")


def test_schemes() -> None:
    assert {row[0] for row in rows(section(DESTINATIONS, "URLs"))} == set(BUILT_IN)


def test_statuses() -> None:
    [*table] = rows(page("docs/reference/statuses.rst").tree)
    assert [(int(row[0]), row[1]) for row in table] == [(each.value, each.name) for each in Status]


def test_verbs_of_the_queryset() -> None:
    text = page("docs/reference/statuses.rst").tree.astext()
    for each in Status:
        assert f"{each.name.lower()}()" in text
    shown = set(re.findall(r"\b(\w+)\(", text)) & public(ItemQuerySet)
    internal = {name for name in public(ItemQuerySet) if name.startswith("set_")}
    assert public(ItemQuerySet) - shown - internal <= {"held", "lock", "lease_ended"}


def test_fields_of_models() -> None:
    name = "docs/reference/models.rst"
    for model in apps.get_app_config("pigeon").get_models():
        described = [row[0] for row in rows(section(name, model.__name__))]
        assert described == [field.name for field in model._meta.concrete_fields], model


def test_outcomes() -> None:
    text = section("docs/reference/models.rst", "PushAttempt").astext()
    assert [each for each in Outcome.values if each not in text] == []


def test_exceptions() -> None:
    found = page("docs/reference/exceptions.rst").tree
    known = {
        name: cls
        for name, cls in vars(exceptions).items()
        if inspect.isclass(cls) and issubclass(cls, PigeonError) and cls is not PigeonError
    }
    named = {literal.astext() for literal in found.findall(nodes.literal)}
    assert set(known) - named == {"DeliveryError"}
    ends = {row[0]: int(row[1]) for row in rows(section(found["source"], "What ends an item"))}
    assert ends == {name: cls.status for name, cls in known.items() if issubclass(cls, ItemError)}
    kinds = {row[0]: row[1] for row in rows(section(found["source"], "What a sender raises"))}
    assert kinds == {
        name: cls.kind
        for name, cls in known.items()
        if issubclass(cls, DeliveryError) and cls is not DeliveryError
    }


def test_testing() -> None:
    described = terms(page("docs/reference/testing.rst").tree)
    assert set(testing.__all__) <= described
    from pigeon import pytest_plugin

    fixtures = {name for name in vars(pytest_plugin) if re.match(r"pigeon_|(sftp|ftp)_", name)}
    assert described - set(testing.__all__) == fixtures


def test_settings_that_pages_name_exist() -> None:
    from tests.docs.pages import NAMES

    known = {f"PIGEON_{name}" for name in _names(conf)}
    for name in NAMES:
        text = page(name).tree.astext()
        named = set(re.findall(r"(?<![A-Z_])PIGEON_[A-Z_]+[A-Z]", text))
        assert named - known - {"PIGEON_TEST_SCRATCH"} == set(), name


def _names(settings: Any) -> set[str]:
    return set(type(settings).__annotations__)
