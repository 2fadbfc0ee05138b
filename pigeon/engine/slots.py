"""Connection slots of an endpoint, and remote paths in use: held in the database.

Holds count over processes and hosts, and over two destinations on one server.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from pigeon.conf import conf
from pigeon.destinations import Destination
from pigeon.models.hold import Hold, hold_name
from pigeon.queue import clock, state_alias


def take_slots(destination: Destination, token: str, limit: int, wanted: int) -> set[str]:
    """Take up to ``wanted`` of the endpoint's ``limit`` connection slots.

    Returns:
        The names of all slots that ``token`` holds there now.
    """
    names = [hold_name("slot", destination.endpoint, str(number)) for number in range(limit)]
    holds, now = Hold.objects.using(state_alias()), clock(state_alias())
    present = dict(holds.filter(name__in=names, until__gt=now).values_list("name", "token"))
    mine = {name for name, holder in present.items() if holder == token}
    free = [name for name in names if name not in present][: max(0, wanted - len(mine))]
    if free:
        mine |= holds.acquire(free, token, now=now, until=_until(now))
    return mine


def take_paths(destination: Destination, token: str, paths: Collection[str]) -> set[str]:
    """Take those of ``paths`` at ``destination`` that nobody writes now; the ones it got."""
    names = _path_names(destination, paths)
    holds, now = Hold.objects.using(state_alias()), clock(state_alias())
    taken = holds.acquire(names.keys(), token, now=now, until=_until(now))
    return {path for name, path in names.items() if name in taken}


def free_paths(destination: Destination, token: str, paths: Collection[str]) -> None:
    """Give ``paths`` back."""
    Hold.objects.using(state_alias()).release(token, _path_names(destination, paths).keys())


def renew_holds(token: str) -> None:
    """Let all that ``token`` holds end later."""
    alias = state_alias()
    Hold.objects.using(alias).renew(token, _until(clock(alias)))


def free_all(token: str) -> None:
    """Give back all that ``token`` holds, and what nobody holds any more."""
    holds = Hold.objects.using(state_alias())
    holds.release(token)
    now = clock(state_alias())
    if holds.filter(until__lte=now).exists():
        holds.forget_ended(now)


def _path_names(destination: Destination, paths: Collection[str]) -> Mapping[str, str]:
    return {hold_name("path", destination.name, path): path for path in paths}


def _until(now: datetime) -> datetime:
    return now + timedelta(seconds=conf.LEASE_DURATION)
