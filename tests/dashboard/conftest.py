from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client


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
