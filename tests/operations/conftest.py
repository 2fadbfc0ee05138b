from __future__ import annotations

from typing import Any

import pytest

from tests.operations.making import DESTINATIONS


@pytest.fixture(autouse=True)
def _destinations(settings: Any) -> None:
    settings.PIGEON_DESTINATIONS = DESTINATIONS
