"""Who may use the API: Django's users, by session or token, with Django's permissions."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.permissions import BasePermission

from pigeon.permissions import SEE


class HasPermission(BasePermission):
    """The user is active and has the permission that the view names for the method."""

    def has_permission(self, request: Any, view: Any) -> bool:
        """Whether the request may go on."""
        needed: str = view.permissions.get(request.method, SEE)
        self.message = f"This needs the permission {needed}. Ask an administrator of the site."
        return bool(request.user and request.user.is_active and request.user.has_perm(needed))


def authenticators() -> list[BaseAuthentication]:
    """Tokens, if ``rest_framework.authtoken`` is installed, and sessions with CSRF tokens."""
    if not apps.is_installed("rest_framework.authtoken"):
        return [SessionAuthentication()]
    from rest_framework.authentication import TokenAuthentication

    return [TokenAuthentication(), SessionAuthentication()]
