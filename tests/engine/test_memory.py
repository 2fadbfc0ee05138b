from __future__ import annotations

import gc

import pytest

from pigeon.engine.memory import THRESHOLDS, fewer_searches


def test_garbage_is_searched_less_often_and_then_as_before() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    with fewer_searches():
        assert gc.get_threshold() == THRESHOLDS
        assert gc.get_freeze_count() > frozen
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


def test_an_error_ends_it_too() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="why"), fewer_searches():
        raise ValueError("why")
    assert gc.get_threshold() == before
