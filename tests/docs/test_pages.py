"""Every page can be read: it parses, its links lead somewhere, and something leads to it."""

from __future__ import annotations

import pytest

from tests.capabilities import PROJECT
from tests.docs.pages import NAMES, page

every_page = pytest.mark.parametrize("name", NAMES)


@every_page
def test_it_parses_without_a_warning(name: str) -> None:
    assert page(name).complaints == ""


@every_page
def test_its_links_lead_to_files(name: str) -> None:
    missing = [link for link in page(name).linked_pages if not (PROJECT / link).is_file()]
    assert missing == []


@every_page
def test_its_links_lead_to_sections(name: str) -> None:
    wanted = [(path, fragment) for path, fragment in page(name).links if fragment]
    assert [each for each in wanted if each[1] not in page(each[0]).tree.ids] == []


@every_page
def test_every_block_says_what_to_do_with_it(name: str) -> None:
    assert [each.place for each in page(name).blocks if not each.action] == []


def test_every_page_is_reachable_from_the_readme() -> None:
    reached, waiting = set(), {"README.rst"}
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting |= {link for link in page(name).linked_pages if link in NAMES} - reached
    assert set(NAMES) - reached == set()


def test_all_of_the_documentation_is_restructured_text() -> None:
    kinds = {path.suffix for path in (PROJECT / "docs").rglob("*.*") if path.suffix != ".pyc"}
    pictures, monitoring = {".png"}, {".json", ".yml"}
    assert kinds - pictures - monitoring <= {".rst", ".py"}
