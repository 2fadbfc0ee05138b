"""A site with a few items, and people who may see or steer them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from pigeon.models import ItemToPush
from tests.management.conftest import site

__all__ = ["site"]

LogIn = Callable[..., Client]


@pytest.fixture
def login(db: None) -> LogIn:
    """A browser in which a member of the staff with some of Pigeon's permissions is logged in."""

    def log_in(*codenames: str, staff: bool = True, name: str = "ada") -> Client:
        user = User.objects.create_user(name, is_staff=staff)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        client = Client()
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def viewer(login: LogIn, site: Path) -> Client:
    return login("view_itemtopush", name="eve")


@pytest.fixture
def operator(login: LogIn, site: Path) -> Client:
    return login("view_itemtopush", "change_itemtopush", "change_destinationstate")


def item(**values: Any) -> ItemToPush:
    defaults = {
        "rule_name": "partner",
        "destination": "beloved",
        "model_label": "newsroom.story",
        "object_id": str(ItemToPush.objects.count() + 1),
        "title": "A story",
    }
    return ItemToPush.objects.create(**(defaults | values))
