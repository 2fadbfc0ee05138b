"""The examination of a destination, step by step; several destinations side by side."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from pigeon.destinations import Destination, exposure
from pigeon.doctor import network
from pigeon.doctor.certificate import about_certificate
from pigeon.doctor.login import closed, count_connections, log_in, words_of
from pigeon.doctor.report import Report, about
from pigeon.senders.base import Sender
from pigeon.senders.capabilities import Capability
from pigeon.senders.registry import check_destination, make_sender

#: Times the destination's time-out that all of an examination may take.
PATIENCE = 10

logger = logging.getLogger(__name__)


def examine(destination: Destination) -> Report:
    """Try out all that a delivery to ``destination`` needs; nothing is left there.

    Never raises for what is the partner's: that is in the report.
    """
    return asyncio.run(Examination(destination).report())


def examine_all(
    candidates: Sequence[Destination | Report], tell: Callable[[Report], None]
) -> None:
    """Examine all at the same time.

    Args:
        candidates: destinations, and reports on those that cannot be examined.
        tell: gets each report as soon as it and all those before it are there.
    """
    asyncio.run(_examine_all(candidates, tell))


async def _examine_all(
    candidates: Sequence[Destination | Report], tell: Callable[[Report], None]
) -> None:
    try:
        # A group waits for all of them, also when Ctrl-C ends it: they have to clear up.
        async with asyncio.TaskGroup() as group:
            running = [
                each if isinstance(each, Report) else group.create_task(Examination(each).report())
                for each in candidates
            ]
            for one in running:
                tell(one if isinstance(one, Report) else await one)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


class Examination:
    """One examination of one destination.

    Args:
        destination: what is examined.
    """

    def __init__(self, destination: Destination) -> None:
        self._destination = destination
        self._steps: list[Capability] = []
        self._facts: dict[str, str] = {}

    async def report(self) -> Report:
        """Go through the steps as far as one leads to the next."""
        limit = PATIENCE * self._timeout
        try:
            async with asyncio.timeout(limit):
                await self._examine()
        except TimeoutError:
            seen = f"nothing more within {limit:g} s"
            ask = "Ask the partner why the server hangs."
            self._fail("come to an end", seen, ask)
        except Exception as error:
            name = self._destination.name
            text, extra = "%s cannot be examined", {"destination": name}
            logger.debug(text, name, exc_info=True, extra=extra)
            ask = "Correct the sender, or ask the partner about what was seen."
            self._fail("go on", words_of(error), ask)
        return about(self._destination, self._steps, self._facts)

    @property
    def _timeout(self) -> float:
        given = self._destination.options.get("timeout", 30)
        return float(given) if isinstance(given, (int, float)) and given > 0 else 30.0

    async def _examine(self) -> None:
        if not (self._check() and await self._find_the_way()):
            return
        sender = make_sender(self._destination)
        try:
            self._steps.append(await log_in(sender))
            if self._steps[-1].answer == "yes":
                await self._probe(sender)
        finally:
            await closed(sender)

    def _fail(self, name: str, seen: str, ask: str) -> None:
        self._steps.append(Capability(name, "no", seen, ask=ask, required=True))

    def _check(self) -> bool:
        problems = check_destination(self._destination)
        if problems:
            ask = f"Correct PIGEON_DESTINATIONS[{self._destination.name!r}], or the URL."
            self._fail("configuration", " ".join(problems), ask)
        else:
            self._steps.append(Capability("configuration", "yes", required=True))
        if exposure.exposed(self._destination):
            ask = f"Ask for {exposure.IN_THE_CLEAR[self._destination.scheme]} or sftp."
            seen = "whoever sits on the way can read it"
            self._steps.append(Capability("keep the login secret", "no", seen, ask=ask))
        return not problems

    async def _find_the_way(self) -> bool:
        """Whether there is a way to the server, or nobody can tell without its sender."""
        port = network.port_of(self._destination)
        if port is None:
            return True
        found, addresses = await network.resolve(self._destination.host, port)
        self._steps.append(found)
        if addresses:
            self._steps.append(await network.connect(addresses, port))
        return self._steps[-1].answer == "yes"

    async def _probe(self, sender: Sender) -> None:
        found = await sender.probe()
        self._facts.update(found.facts)
        self._steps += about_certificate(found.facts)
        self._steps += found.capabilities or [Capability("probe", "skipped", "has none")]
        if network.port_of(self._destination) and sender.connections > 1:
            self._steps.append(await count_connections(self._destination, sender.connections))
