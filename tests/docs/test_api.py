"""The page on the API names every address, parameter and field, and no other."""

from __future__ import annotations

from typing import Any

import pytest
from docutils import nodes

from pigeon.api.problems import Problem
from pigeon.api.schema import document
from pigeon.api.urls import described
from pigeon.api.views.attempts import AttemptParameters
from pigeon.api.views.items import ItemParameters
from pigeon.api.views.logs import EntryAnswer, LogParameters
from pigeon.api.views.steering import SelectionBody
from tests.docs.test_reference import rows, section

PAGE = "docs/reference/api.rst"


def tables(title: str) -> list[list[list[str]]]:
    """The rows of each table of a section."""
    return [list(rows(table)) for table in section(PAGE, title).findall(nodes.table)]


def names(table: list[list[str]]) -> set[str]:
    return {row[0] for row in table}


def test_addresses() -> None:
    found = document(described)["paths"]
    real = {(path[1:], verb.upper()) for path, verbs in found.items() for verb in verbs}
    assert {(path, verb) for path, verb, _ in tables("Addresses")[0]} == real | {("schema", "GET")}


@pytest.mark.parametrize(
    ("title", "number", "declared"),
    [
        ("Items", 0, ItemParameters),
        ("Send many again", 0, SelectionBody),
        ("Attempts", 0, AttemptParameters),
        ("The log of files", 0, EntryAnswer),
        ("The log of files", 1, LogParameters),
    ],
)
def test_parameters_and_fields(title: str, number: int, declared: Any) -> None:
    assert names(tables(title)[number]) == set(declared().fields)


@pytest.mark.parametrize(
    ("title", "number", "declared"),
    [
        ("Items", 0, ItemParameters),
        ("Attempts", 0, AttemptParameters),
        ("The log of files", 1, LogParameters),
    ],
)
def test_orders(title: str, number: int, declared: Any) -> None:
    told = dict(tables(title)[number])["ordering"]
    assert all(choice in told for choice in declared().fields["ordering"].choices)
    assert f"{declared().fields['ordering'].default} (the default)" in told


def test_statuses() -> None:
    operations = document(described)["paths"].values()
    answered = {
        status for verbs in operations for each in verbs.values() for status in each["responses"]
    }
    assert names(tables("What is refused")[0]) == answered - {"200"} | {"405"}
    assert {"detail", "parameters"} == set(Problem().fields)
