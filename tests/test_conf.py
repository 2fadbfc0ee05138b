"""Settings: defaults, overriding, and what must be set."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from pigeon.conf import NAMES, PREFIX, REQUIRED, conf


def test_a_setting_is_read_at_each_access() -> None:
    assert conf.MAX_PUSH_ATTEMPTS == 18
    with override_settings(PIGEON_MAX_PUSH_ATTEMPTS=3):
        assert conf.MAX_PUSH_ATTEMPTS == 3
    assert conf.MAX_PUSH_ATTEMPTS == 18


@pytest.mark.parametrize("name", sorted(set(NAMES) - REQUIRED))
def test_every_optional_setting_has_a_default(name: str) -> None:
    assert getattr(conf, name) is not None


def test_the_documented_defaults() -> None:
    assert (conf.CHECK_OLD_AGE, conf.CHECK_TOO_OLD_AGE) == (600, 1800)


def test_what_must_be_set_is_told_with_an_example() -> None:
    assert {"OUTPUT_DIRECTORY"} == REQUIRED
    with override_settings():
        from django.conf import settings

        del settings.PIGEON_OUTPUT_DIRECTORY
        with pytest.raises(ImproperlyConfigured, match=r"PIGEON_OUTPUT_DIRECTORY = BASE_DIR"):
            conf.OUTPUT_DIRECTORY


def test_an_unknown_name_is_an_attribute_error() -> None:
    with override_settings(**{f"{PREFIX}NONSENSE": 1}), pytest.raises(AttributeError):
        conf.NONSENSE
