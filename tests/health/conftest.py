"""A site with two destinations, and its commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.management.conftest import run, site

__all__ = ["run", "site"]

SetOptions = Callable[..., None]


@pytest.fixture
def options(settings: Any) -> SetOptions:
    """Give a destination of the site ``OPTIONS``."""

    def set_options(name: str, **values: Any) -> None:
        url = settings.PIGEON_DESTINATIONS[name]["URL"]
        place = {name: {"URL": url, "OPTIONS": values}}
        settings.PIGEON_DESTINATIONS = settings.PIGEON_DESTINATIONS | place

    return set_options
