"""The reference names what there is, all of it and nothing else."""

from __future__ import annotations

import ast
import contextlib
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
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
from pigeon.senders import options
from pigeon.senders.base import COMMON_OPTIONS, SyncSender
from pigeon.senders.manner import CHOICES, OPTIONS
from pigeon.senders.names import TEMPORARY
from pigeon.senders.registry import BUILT_IN, make_sender, sender_class
from pigeon.senders.remote import RemoteSender
from pigeon.supervisors import BaseSupervisor
from tests.docs.pages import NAMES, page

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


SENDERS = "docs/reference/senders/"
SHARED = "Options of senders of files"
SENDER_PAGES = [name for name in NAMES if re.match(rf"{SENDERS}(?!index)", name)]
#: What the tables call the types of options.
TYPE_WORDS: dict[object, str] = {
    str: "string", int: "whole number", float: "number", bool: "flag", Path: "string",
    Callable: "callable", dict: "mapping", list: "list", tuple: "list",
}  # fmt: skip


def schemes_of(name: str) -> list[str]:
    """The schemes that the title of a sender's page names: its literals."""
    title = next(iter(page(name).tree.findall(nodes.title)))
    return [literal.astext() for literal in title.findall(nodes.literal)]


def own_options(scheme: str) -> dict[str, Any]:
    """The options of a scheme's sender that not every sender of files has."""
    found = sender_class(scheme)
    shared = options_in(SHARED) if issubclass(found, RemoteSender) else set()
    assert shared <= set(found.options)
    return {name: types for name, types in found.options.items() if name not in shared}


def words_of(types: Any) -> set[str]:
    """What a table calls ``types``; whole numbers are numbers, too."""
    words = {TYPE_WORDS[one] for one in (types if isinstance(types, tuple) else (types,))}
    return words - ({"whole number"} if "number" in words else set())


def words_in(cell: str) -> set[str]:
    """The types that a table's cell names."""
    return set(cell.replace("true or false", "flag").replace("path", "string").split(" or "))


def test_every_scheme_has_a_page_and_every_page_is_in_the_index() -> None:
    assert sorted(each for name in SENDER_PAGES for each in schemes_of(name)) == sorted(BUILT_IN)
    assert page(f"{SENDERS}index.rst").linked_pages >= set(SENDER_PAGES)


@pytest.mark.parametrize("name", SENDER_PAGES)
def test_options_of_a_sender(name: str) -> None:
    """Names, types, and defaults that are literals, in whatever table of its "Options"."""
    table = {row[0]: row[1:3] for row in rows(section(name, "Options"))}
    known: dict[str, Any] = {}
    for scheme in schemes_of(name):
        known |= own_options(scheme)
    assert set(table) == set(known)
    for option, (types, _) in table.items():
        assert words_in(types) == words_of(known[option]), option
    for option, default in literal_defaults(name).items():
        assert options._fits(default, known[option]), option


def literal_defaults(name: str) -> dict[str, Any]:
    """Option → default, for those that the table writes as Python does."""
    found = {}
    for row in rows(section(name, "Options")):
        with contextlib.suppress(ValueError, SyntaxError):
            found[row[0]] = ast.literal_eval(row[2])
    return found


def test_shared_options_and_their_defaults() -> None:
    defaults = {row[0]: row[2] for row in rows(section(DESTINATIONS, SHARED))}
    common = {
        row[0]: row[2] for row in rows(section(DESTINATIONS, "Options of every destination"))
    }
    assert float(common["timeout"]) == DEFAULT_TIMEOUT
    for name, choices in CHOICES.items():
        assert defaults[name] == f'"{choices[0]}"'
    for row in rows(section(DESTINATIONS, SHARED)):
        assert all(f'"{choice}"' in row[3] for choice in CHOICES.get(row[0], ()))
        assert words_in(row[1]) == words_of(OPTIONS[row[0]])
    assert set(defaults) == set(OPTIONS)
    assert defaults["temporary"].replace(" ", "") == f'"{TEMPORARY}"'


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
    assert public(ItemQuerySet) - shown - internal <= {"held", "still_for", "lock", "lease_ended"}


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

    ours = re.compile(r"pigeon_|(sftp|ftp|http)_")
    fixtures = {name for name in vars(pytest_plugin) if ours.match(name)}
    assert described - set(testing.__all__) == fixtures


def test_settings_that_pages_name_exist() -> None:
    known = {f"PIGEON_{name}" for name in _names(conf)}
    for name in NAMES:
        text = page(name).tree.astext()
        named = set(re.findall(r"(?<![A-Z_])PIGEON_[A-Z_]+[A-Z]", text))
        assert named - known - {"PIGEON_TEST_SCRATCH"} == set(), name


def _names(settings: Any) -> set[str]:
    return set(type(settings).__annotations__)
