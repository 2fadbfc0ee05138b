"""A site that pushes stories to ``beloved``, and people who ask its API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from pigeon.senders import dummy
from tests.api.asker import Asker
from tests.flows.site import Site, isolated

EVERYTHING = ("view_itemtopush", "change_itemtopush", "change_destinationstate")


@pytest.fixture(autouse=True)
def urls(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.api.urls"


@pytest.fixture
def ask(db: None) -> Callable[..., Asker]:
    """Somebody with some of Pigeon's permissions, who is logged in."""

    def make(*permissions: str, name: str = "ada") -> Asker:
        user = User.objects.create_user(name)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client = Client(enforce_csrf_checks=True)
        client.force_login(user)
        return Asker(client)

    return make


@pytest.fixture
def viewer(ask: Callable[..., Asker]) -> Asker:
    return ask("view_itemtopush", name="eve")


@pytest.fixture
def operator(ask: Callable[..., Asker]) -> Asker:
    return ask(*EVERYTHING)


@pytest.fixture
def site(db: None, settings: Any, tmp_path: Path) -> Iterator[Site]:
    """The rule ``partner`` pushes stories to ``beloved``, which is in memory."""
    settings.PIGEON_OUTPUT_DIRECTORY = tmp_path / "export"
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path / "templates"]}]
    dummy.outbox.clear()
    with isolated():
        found = Site(settings, tmp_path)
        found.destination("beloved", "dummy://user:s3cret-word@beloved/in")
        found.rule("partner", "beloved")
        yield found
    dummy.outbox.clear()
