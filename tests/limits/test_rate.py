"""What the option ``rate`` means."""

from __future__ import annotations

import pytest

from pigeon.exceptions import ConfigurationError
from pigeon.limits import Rate


@pytest.mark.parametrize(
    ("text", "size", "seconds"),
    [
        ("10/s", 10**9, 0.1),
        ("600/min", 0, 0.1),
        ("1 item/h", 0, 3600),
        ("0.5 items/s", 0, 2),
        ("2 MB/s", 1_000_000, 0.5),
        ("2MB/s", 0, 0),
        ("1 KiB/s", 2048, 2),
        ("10/s, 2 MB/s", 1000, 0.1),
        ("10/s, 2 MB/s", 4_000_000, 2),
    ],
)
def test_what_an_item_uses_up(text: str, size: int, seconds: float) -> None:
    assert Rate.parse(text).cost(size) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "'' is no number of items or bytes a time"),
        ("10", "'10' is no "),
        ("0/s", "'0/s' is no "),
        ("-1/s", "'-1/s' is no "),
        ("10/day", "'10/day' is no "),
        ("2 mb/s", "'2 mb/s' is no "),
        ("10/s, 5 items/min", "it limits items twice"),
        ("1 MB/s, 5 kB/s", "it limits bytes twice"),
    ],
)
def test_what_is_malformed_is_said(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match="Option 'rate' is") as error:
        Rate.parse(text)
    assert words in str(error.value) and "'600/min'" in str(error.value)
