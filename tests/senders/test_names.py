from __future__ import annotations

import pytest

from pigeon.exceptions import PermanentError
from pigeon.senders.names import final_path, temporary_path


def test_temporary_names_stand_beside_the_final_one() -> None:
    assert temporary_path("/in/story.xml", "t1") == "/in/.story.xml.t1.part"
    assert temporary_path("story.xml", "t1") == ".story.xml.t1.part"


@pytest.mark.parametrize("letter", ["a", "ü", "東", "🐦"])
def test_long_names_are_cut_and_stay_different(letter: str) -> None:
    name = letter * (250 // len(letter.encode()))
    first, second = (
        temporary_path(f"/in/{name}1", "t" * 32),
        temporary_path(f"/in/{name}2", "t" * 32),
    )
    assert first != second
    for path in (first, second):
        assert path.endswith(f".{'t' * 32}.part")
        assert len(path.removeprefix("/in/").encode()) <= 255


@pytest.mark.parametrize(
    ("root", "expected"), [("/in", "/in/a/b"), ("/", "/a/b"), ("", "a/b"), ("in", "in/a/b")]
)
def test_final_paths(root: str, expected: str) -> None:
    assert final_path(root, "a/b") == expected


@pytest.mark.parametrize("path", ["", "/a", "..", "a/../../b", "a\0"])
def test_no_way_out(path: str) -> None:
    with pytest.raises(PermanentError):
        final_path("/in", path)
