"""Connection slots of an endpoint, and remote paths in use: held in the database.

Holds count over processes and hosts, and over two destinations on one server.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from pigeon.conf import conf
from pigeon.destinations import Destination
from pigeon.models import hold
from pigeon.models.hold import hold_name
from pigeon.queue import clock, state_alias


def take_slots(destination: Destination, token: str, limit: int, wanted: int) -> set[str]:
    """Take up to ``wanted`` of the endpoint's ``limit`` connection slots.

    Returns:
        The names of all slots that ``token`` holds there now.
    """
    names = [hold_name("slot", destination.endpoint, str(number)) for number in range(limit)]
    using = state_alias()
    now = clock(using)
    present = hold.holders(names, using, now=now)
    mine = {name for name, holder in present.items() if holder == token}
    free = [name for name in names if name not in present][: max(0, wanted - len(mine))]
    if free:
        mine |= hold.acquire(free, token, using, now=now, until=_until(now))
    return mine


def take_paths(destination: Destination, token: str, paths: Collection[str]) -> set[str]:
    """Take those of ``paths`` at ``destination`` that nobody writes now; the ones it got."""
    names, using = _path_names(destination, paths), state_alias()
    now = clock(using)
    taken = hold.acquire(names.keys(), token, using, now=now, until=_until(now))
    return {path for name, path in names.items() if name in taken}


def free_paths(destination: Destination, token: str, paths: Collection[str]) -> None:
    """Give ``paths`` back."""
    hold.release(token, _path_names(destination, paths).keys(), state_alias())


def renew_holds(token: str) -> None:
    """Let all that ``token`` holds end later."""
    using = state_alias()
    hold.renew(token, using, until=_until(clock(using)))


def free_all(token: str) -> None:
    """Give back all that ``token`` holds, and what nobody holds any more."""
    using = state_alias()
    hold.release_all(token, using)
    hold.forget_ended(using, now=clock(using))


def _path_names(destination: Destination, paths: Collection[str]) -> Mapping[str, str]:
    return {hold_name("path", destination.name, path): path for path in paths}


def _until(now: datetime) -> datetime:
    return now + timedelta(seconds=conf.LEASE_DURATION)
