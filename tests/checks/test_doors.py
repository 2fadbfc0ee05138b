"""The JSON API: said when it is wanted and lacks something."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from pigeon.checks import check_all
from tests.checks.conftest import Found


@pytest.fixture
def without_spectacular(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "drf_spectacular", None)


def test_a_package_that_is_missing(without_spectacular: None, found: Found) -> None:
    message = found("W009")
    assert "drf-spectacular is not installed" in message.msg
    assert "pip install 'django-pigeon[api]'" in str(message.hint)


def test_nobody_wants_it(without_spectacular: None, settings: Any) -> None:
    settings.INSTALLED_APPS = [
        name for name in settings.INSTALLED_APPS if not name.startswith("rest_framework")
    ]
    assert check_all(None) == []


def test_no_addresses_of_pigeon(without_spectacular: None, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.api.urls"
    assert check_all(None) == []


def test_all_is_there() -> None:
    assert check_all(None) == []
