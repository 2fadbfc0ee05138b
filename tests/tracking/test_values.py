"""Remembered values stay as they are, and are compared as the database would."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import models
from django.db.models import F

from pigeon.tracking.values import UNKNOWN, freeze, same

ANY = models.IntegerField()


def test_values_that_cannot_change_are_not_copied() -> None:
    text = "x" * 1000
    assert freeze(text) is text


def test_containers_are_copied_all_through() -> None:
    value = {"a": [{"b": 1}]}
    frozen = freeze(value)
    value["a"][0]["b"] = 2
    assert frozen == {"a": [{"b": 1}]}


@pytest.mark.parametrize(
    "value", [F("n") + 1, ContentFile(b"", name="new"), threading.Lock(), UNKNOWN]
)
def test_what_cannot_be_known_is_unknown(value: Any) -> None:
    assert freeze(value) is UNKNOWN
    assert not same(ANY, UNKNOWN, UNKNOWN)


class Grumpy:
    def __eq__(self, other: object) -> bool:
        raise TypeError

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (1, 1, True),
        (1, "1", True),
        (1, 2, False),
        (1, "x", False),
        (None, 0, False),
        (Grumpy(), Grumpy(), False),
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"a": True}, False),
        ([1, 2], [1], False),
        ({"a": 1}, {"b": 1}, False),
        ({"a": None}, None, False),
    ],
)
def test_sameness(one: Any, other: Any, expected: bool) -> None:
    assert same(ANY, one, other) is expected


def test_a_number_and_its_text_are_the_same_to_a_decimal_field() -> None:
    assert same(models.DecimalField(max_digits=5, decimal_places=2), Decimal("1.50"), "1.5")
