"""What people may do on the dashboard: Django's model permissions, for staff only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from django.contrib.auth.models import AnonymousUser, PermissionsMixin

from pigeon.permissions import OPEN, PAUSE, SEE, STEER

#: Whoever a request is from; a site's own user model has Django's permissions, too.
User: TypeAlias = PermissionsMixin | AnonymousUser


@dataclass(frozen=True)
class May:
    """What the user of a request may do; templates show buttons by it.

    Attributes:
        see: see the pages.
        steer: send items again, cancel them.
        pause: pause and resume destinations.
        open: see and download what is in parcels, and previews.
    """

    see: bool = False
    steer: bool = False
    pause: bool = False
    open: bool = False


def may(user: User) -> May:
    """What ``user`` may do."""
    see, steer, pause, opens = (
        not missing(user, permission) for permission in (SEE, STEER, PAUSE, OPEN)
    )
    return May(see, steer, pause, opens)


def missing(user: User, *permissions: str) -> str:
    """What ``user`` lacks to do what ``permissions`` are for, in words; empty: nothing."""
    if not getattr(user, "is_active", False) or not getattr(user, "is_staff", False):
        return "to be a member of the staff"
    lacking = [name for name in permissions if not user.has_perm(name)]
    return f"the permission {' and '.join(lacking)}" if lacking else ""
