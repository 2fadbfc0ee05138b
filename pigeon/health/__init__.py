"""Is the queue well? For monitoring systems (``pigeon_check``) and load balancers.

::

    found = pigeon.health.check()
    found.level, found.sentences
"""

from __future__ import annotations

from collections.abc import Iterable

from pigeon.health.deep import logins
from pigeon.health.facts import Facts, look
from pigeon.health.mail import told
from pigeon.health.verdict import Finding, Health, Level, unknown, verdict

__all__ = ["Facts", "Finding", "Health", "Level", "check", "logins", "look", "told", "unknown"]


def check(more: Iterable[Finding] = ()) -> Health:
    """The verdict on what :func:`look` finds now, and on ``more`` that was found elsewhere.

    Raises:
        django.db.Error: a database cannot be read.
    """
    return verdict(look(), more)
