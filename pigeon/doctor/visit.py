"""Only logging in, at many destinations: for monitoring, where an examination would be much."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pigeon.destinations import Destination
from pigeon.doctor.login import closed, log_in, words_of
from pigeon.doctor.report import Report, about
from pigeon.exceptions import PigeonError
from pigeon.senders.capabilities import Capability
from pigeon.senders.registry import check_destination, make_sender

#: Logins at the same time.
AT_ONCE = 32


def visit_all(destinations: Sequence[Destination]) -> list[Report]:
    """Log in at each of ``destinations`` and leave; a report on each, in their order.

    Never raises for what is the partner's: that is in the report.
    """
    return asyncio.run(_visit_all(destinations))


async def _visit_all(destinations: Sequence[Destination]) -> list[Report]:
    room = asyncio.Semaphore(AT_ONCE)

    async def visit(destination: Destination) -> Report:
        async with room:
            return about(destination, [await _visit(destination)], {})

    return await asyncio.gather(*map(visit, destinations))


async def _visit(destination: Destination) -> Capability:
    if problems := check_destination(destination):
        return Capability("configuration", "no", " ".join(problems), required=True)
    try:
        sender = make_sender(destination)
    except (PigeonError, ValueError) as error:  # a sender may refuse what the checks let pass
        return Capability("configuration", "no", words_of(error), required=True)
    try:
        return await log_in(sender)
    finally:
        await closed(sender)
