"""The page of checks has every check, and no other."""

from __future__ import annotations

import re

from pigeon.checks.catalogue import CATALOGUE
from tests.capabilities import PROJECT

PAGE = (PROJECT / "docs/reference/checks.rst").read_text(encoding="utf-8")
HEADING = re.compile(r"^(pigeon\.[EW]\d{3}): (.+)\n~+$", re.M)


def test_the_page_explains_every_check_and_no_other() -> None:
    on_page = dict(HEADING.findall(PAGE))
    assert on_page == {each.id: each.title for each in CATALOGUE.values()}


def test_every_section_names_cause_and_cure() -> None:
    sections = HEADING.split(PAGE)[3::3]
    assert len(sections) == len(CATALOGUE)
    for section in sections:
        assert "**Cause.**" in section
        assert "**Cure.**" in section


def test_ids_are_unique_and_without_gaps() -> None:
    for letter in "EW":
        ids = [each for each in CATALOGUE if f".{letter}" in each]
        assert ids == [f"pigeon.{letter}{number:03}" for number in range(1, len(ids) + 1)]


def test_every_check_is_made_somewhere() -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in (PROJECT / "pigeon/checks").glob("*.py")
        if path.stem != "catalogue"
    )
    names = re.findall(
        r"^([A-Z_]+) = Check\(", (PROJECT / "pigeon/checks/catalogue.py").read_text(), re.M
    )
    assert len(names) == len(CATALOGUE)
    assert [name for name in names if code.count(name) < 2] == []
