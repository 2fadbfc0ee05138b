"""No rules but those that a test makes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pigeon.registry import registry
from tests.apps.newsroom.models import Story
from tests.select.rules import forget


@pytest.fixture(autouse=True)
def _no_other_rules() -> Iterator[None]:
    with registry.isolated():
        yield


@pytest.fixture
def story(alias: str) -> Story:
    """A story that was loaded from the database before any rule wanted it."""
    pk = Story.objects.using(alias).create(title="Harbour", body="text").pk
    forget(alias)
    return Story.objects.using(alias).get(pk=pk)
