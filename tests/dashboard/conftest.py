from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from pigeon.health.view import latest
from pigeon.registry import registry
from pigeon.senders import dummy
from tests.dashboard import newsdesk


@pytest.fixture(autouse=True)
def _no_verdict_of_another_test() -> None:
    latest.forget()


@pytest.fixture
def login(db: None) -> Callable[..., Client]:
    """A browser in which a member of the staff with some of Pigeon's permissions is logged in."""

    def log_in(*permissions: str, staff: bool = True, name: str = "ada") -> Client:
        user = User.objects.create_user(name, is_staff=staff)
        codenames = [permission.removeprefix("pigeon.") for permission in permissions]
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        client = Client(enforce_csrf_checks=True)
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def viewer(login: Callable[..., Client]) -> Client:
    """Who may see, and do nothing."""
    return login("view_itemtopush")


@pytest.fixture
def operator(login: Callable[..., Client]) -> Client:
    """Who may do everything."""
    return login(*newsdesk.ALL)


@pytest.fixture
def desk(db: None, settings: Any, tmp_path: Path) -> Iterator[None]:
    """The rule ``partner``, whose only destination is ``beloved``."""
    settings.PIGEON_OUTPUT_DIRECTORY = tmp_path / "export"
    settings.PIGEON_DESTINATIONS = {"beloved": {"URL": "dummy://beloved"}}
    settings.PIGEON_PUSH_URLS = {"partner": ["beloved"]}
    dummy.outbox.clear()
    with registry.isolated():
        registry.register(newsdesk.Partner)
        yield
    dummy.outbox.clear()
