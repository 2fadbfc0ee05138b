"""Attached models, and an ear at their saves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models import Model
from django.db.models.signals import post_save

from pigeon import tracking
from tests.apps.tracked.models import Page


class Ear:
    """What ``modified_attrs`` was while the handlers of each save ran."""

    def __init__(self) -> None:
        self.heard: list[frozenset[str]] = []

    def __call__(self, *, instance: Model, **kwargs: Any) -> None:
        self.heard.append(tracking.modified_fields(instance))

    @property
    def last(self) -> frozenset[str]:
        return self.heard[-1]


@pytest.fixture
def ear() -> Iterator[Ear]:
    heard = Ear()
    post_save.connect(heard)
    yield heard
    post_save.disconnect(heard)


@pytest.fixture
def _attached() -> Iterator[None]:
    tracking.attach(Page)
    yield
    tracking.detach(Page)


@pytest.fixture
def page(_attached: None, alias: str) -> Page:
    """A page as loaded from the database."""
    Page.objects.using(alias).create(title="old", metadata={"tags": ["a"], "flag": 1})
    return Page.objects.using(alias).get()
