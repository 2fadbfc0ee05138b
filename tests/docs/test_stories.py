"""Whoever follows a page gets what it says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.docs.pages import NAMES, page
from tests.docs.story import Story, commands, matches

STORIES = [name for name in NAMES if any(each.action != "skip" for each in page(name).blocks)]


@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
def test_the_page_holds(told: Callable[[str], Story], name: str) -> None:
    told(name)


def test_commands_and_their_output_are_told_apart() -> None:
    text = "$ one \\\n    --more\n$ two\nsaid\n..."
    assert commands(text) == [("one --more", ""), ("two", "said\n...")]


@pytest.mark.parametrize(
    ("expected", "output", "same"),
    [
        ("a b", "a  b\n", True),
        ("a", "a b", False),
        ("...", "", True),
        ("a\n...\nz", "a\nb\nz", True),
        ("a\n...\nz", "a\nb\ny", False),
        ("item ...: new", "item 12: new", True),
    ],
)
def test_output_is_compared_with_what_the_page_shows(
    expected: str, output: str, same: bool
) -> None:
    assert matches(expected, output) is same
