"""Who asks for an operation through this door."""

from __future__ import annotations

from rest_framework.request import Request

from pigeon.models.operation import Door
from pigeon.operations import By


def by(request: Request) -> By:
    """The user, for the record of operations."""
    return By(actor=request.user.get_username(), door=Door.API)
