from __future__ import annotations

import uuid

import pytest

from pigeon.exceptions import GetDirectoryError
from pigeon.paths import check_name, check_path, safe_relative_path
from pigeon.senders.names import temporary_path


@pytest.mark.parametrize(
    ("directory", "filename", "path"),
    [
        ("", "news_story_1.xml", "news_story_1.xml"),
        ("medias", "1.jpg", "medias/1.jpg"),
        ("medias/", "1.jpg", "medias/1.jpg"),
        ("a/b", "c", "a/b/c"),
        ("", "Überschrift #1 · été 北京.xml", "Überschrift #1 · été 北京.xml"),
        ("", "e\u0301te\u0301.xml", "e\u0301te\u0301.xml"),
        ("", "a..b", "a..b"),
        ("", ".hidden", ".hidden"),
        ("", "x" * 255, "x" * 255),
    ],
)
def test_ordinary_paths_are_kept_as_they_are(directory: str, filename: str, path: str) -> None:
    assert safe_relative_path(directory, filename) == path


@pytest.mark.parametrize(
    ("directory", "filename", "words"),
    [
        ("", "..", "dots"),
        ("", ".", "dots"),
        ("", "...", "dots"),
        ("..", "a", "dots"),
        ("a/../..", "a", "dots"),
        ("./a", "a", "dots"),
        ("/etc", "passwd", "absolute"),
        ("/", "passwd", "absolute"),
        ("", "a/b", "contains '/'"),
        ("", "../a", "contains '/'"),
        ("", "a\\b", "backslash"),
        ("", "", "empty"),
        ("a//b", "c", "empty"),
        ("", "a\0b", "control character (U+0000)"),
        ("", "a\nb", "control character (U+000A)"),
        ("", "a\x7fb", "control character (U+007F)"),
        ("", "a\x85b", "control character (U+0085)"),
        ("", "a\u202egpj.exe", "invisible format character"),
        ("", "a\u200fb", "(U+200F)"),
        ("", "a\ufeffb", "(U+FEFF)"),
        ("", "a\u2028b", "line separator"),
        ("", "a\udc80b", "half of a surrogate pair"),
        ("", "x" * 300, "longer than 255 bytes"),
        ("", "é" * 128, "longer than 255 bytes"),
        ("/".join(["x" * 200] * 5), "x", "longer than 1000 bytes"),
        ("", " a", "white space"),
        ("", "a\u00a0", "white space"),
        ("", f".a.xml.{'0f' * 16}.part", "temporary names"),
        ("", ".building-abc", "temporary names"),
    ],
)
def test_unsafe_paths_are_refused_with_a_sentence(
    directory: str, filename: str, words: str
) -> None:
    with pytest.raises(GetDirectoryError) as caught:
        safe_relative_path(directory, filename)
    message = str(caught.value)
    assert words in message
    assert message.isprintable()
    message.encode()


@pytest.mark.parametrize("value", [None, 5, b"a"])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(GetDirectoryError, match="not text; return a str"):
        safe_relative_path("", value)  # type: ignore[arg-type]
    with pytest.raises(GetDirectoryError, match="not text; return a str"):
        safe_relative_path(value, "a")  # type: ignore[arg-type]


def test_long_names_are_shown_shortened() -> None:
    with pytest.raises(GetDirectoryError) as caught:
        check_name("x" * 5000)
    assert len(str(caught.value)) < 250


def test_whole_paths_can_be_checked() -> None:
    assert check_path("a/b.xml") == "a/b.xml"
    with pytest.raises(GetDirectoryError):
        check_path("a/")


@pytest.mark.parametrize("name", ["a.xml", "x" * 255])
def test_names_of_files_on_their_way_are_reserved(name: str) -> None:
    with pytest.raises(GetDirectoryError, match="temporary names"):
        check_name(temporary_path(name, uuid.uuid4().hex))
