"""Assertions about one object: was it queued, was it pushed; if not, what happened instead.

They read the queue, so they hold for every kind of destination, and see what failed too.
"""

from __future__ import annotations

from django.db.models import Model

from pigeon.testing.sought import RuleName, Sought


def assertPushed(
    obj: Model | None,
    rule: RuleName | None = None,
    destination: str | None = None,
    times: int | None = None,
) -> None:
    """``obj`` was pushed.

    Args:
        obj: a saved object; ``None`` for a mass push.
        rule: by this rule, its name or class; ``None``: by any.
        destination: to this one, a name of ``PIGEON_DESTINATIONS`` or a URL; ``None``: to any.
        times: exactly so often, each destination counted; ``None``: at least once.

    Raises:
        AssertionError: it was not; the text lists what was queued and pushed instead.
        NotRegistered: there is no such rule.
        ConfigurationError: there is no such destination.
        ValueError: ``obj`` is not saved.
    """
    sought = Sought(obj, rule, destination)
    found = sought.items().pushed().count()
    if times is None and not found:
        raise AssertionError(sought.complaint("was not pushed"))
    if times is not None and found != times:
        raise AssertionError(sought.complaint(f"was pushed {_often(found)}, not {_often(times)}"))


def assertNotPushed(
    obj: Model | None, rule: RuleName | None = None, destination: str | None = None
) -> None:
    """``obj`` was not pushed; arguments and errors are those of :func:`assertPushed`."""
    sought = Sought(obj, rule, destination)
    if sought.items().pushed().exists():
        raise AssertionError(sought.complaint("was pushed"))


def assertQueued(
    obj: Model | None, rule: RuleName | None = None, destination: str | None = None
) -> None:
    """``obj`` waits to be pushed; arguments and errors are those of :func:`assertPushed`."""
    sought = Sought(obj, rule, destination)
    if not sought.items().unfinished().exists():
        raise AssertionError(sought.complaint("is not queued"))


def assertNotQueued(
    obj: Model | None, rule: RuleName | None = None, destination: str | None = None
) -> None:
    """``obj`` does not wait to be pushed; arguments and errors as in :func:`assertPushed`."""
    sought = Sought(obj, rule, destination)
    if sought.items().unfinished().exists():
        raise AssertionError(sought.complaint("is queued"))


def _often(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
