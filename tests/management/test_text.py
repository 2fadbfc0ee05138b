"""Text for people."""

from __future__ import annotations

import pytest

from pigeon.management.text import one_line, shown, size, table


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 KB"),
        (12_500, "12.5 KB"),
        (999_949, "999.9 KB"),
        (999_950, "1.0 MB"),
        (5 * 10**15, "5000.0 TB"),
    ],
)
def test_sizes(number: int, text: str) -> None:
    assert size(number) == text


def test_what_commands_a_terminal_is_replaced() -> None:
    assert shown("a\x1b[31m\u202eb\nc\td\r") == "a�[31m�b\nc\td�"
    assert shown("Ünï ☕ 日本") == "Ünï ☕ 日本"
    assert one_line("a\n  b\x07") == "a b�"


def test_a_table_is_aligned() -> None:
    rows = [("beloved", 5), ("b", 123)]
    text = table(("destination", "pushed"), rows, on_terminal=False)
    assert text == "destination  pushed\nbeloved           5\nb               123"


def test_a_table_on_a_terminal_takes_no_markup() -> None:
    text = table(("name",), [("[red]title[/red]",)], on_terminal=True)
    assert "[red]title[/red]" in text
