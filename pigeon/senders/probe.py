"""Trying out what a file-like server can do, and leaving nothing there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress

from pigeon.exceptions import DeliveryError
from pigeon.remotes.base import (
    ChmodUnsupported,
    Remote,
    RemoteFileNotFound,
    RenameTargetExists,
    RenameUnsupported,
)
from pigeon.senders.capabilities import Capabilities, Capability
from pigeon.senders.manner import Manner
from pigeon.senders.probe_steps import STEPS, Step
from pigeon.senders.probe_trial import Refused, Trial, Untold
from pigeon.senders.probe_verdicts import verdicts

#: Seconds for removing what was put there, when all else is done or was interrupted.
CLEAR_TIMEOUT = 30.0
#: Seconds after which a server has surely ended what a broken connection had begun.
SETTLE = 0.5
#: What a remote raises when the partner's side cannot do something.
_NO = (
    DeliveryError,
    RemoteFileNotFound,
    RenameTargetExists,
    RenameUnsupported,
    ChmodUnsupported,
    Refused,
)

logger = logging.getLogger(__name__)


async def probe(remote: Remote, manner: Manner) -> Capabilities:
    """Try every step of :data:`pigeon.senders.probe_steps.STEPS` over ``remote``, which is open.

    All that was put there is removed again, also when the connection breaks or the task is
    cancelled; what cannot be removed is named in the last capability, and logged.

    Args:
        remote: an open connection.
        manner: how the destination wants files put.
    """
    trial, found = Trial(remote, manner), dict[str, Capability]()
    try:
        for step in STEPS:
            found[step.name] = await _tried(step, trial, found)
    finally:
        left = await _cleared(trial)
        if left:
            logger.warning("The probe had to leave this at %s: %s", remote.where, left)
    answers = {name: one.answer for name, one in found.items()}
    every = (*found.values(), *verdicts(answers, manner), _leaving(left))
    return Capabilities(every, remote.facts())


async def _tried(step: Step, trial: Trial, found: Mapping[str, Capability]) -> Capability:
    """What came of ``step``; it is skipped when it cannot be tried any more."""
    lacking = [name for name in step.needs if found[name].answer != "yes"]
    if trial.remote.broken or lacking:
        because = "the connection broke" if trial.remote.broken else f"needs: {lacking[0]}"
        return Capability(step.name, "skipped", because, required=step.required)
    try:
        async with asyncio.timeout(3 * trial.remote.timeout):
            seen = await step.act(trial)
    except Untold as error:
        return Capability(step.name, "unknown", _in_one_line(trial, error))
    except TimeoutError:
        return _refused(step, f"no end within {3 * trial.remote.timeout:g} s", trial)
    except _NO as error:
        return _refused(step, _in_one_line(trial, error), trial)
    return Capability(step.name, "yes", seen, step.yes, required=step.required)


def _in_one_line(trial: Trial, error: Exception) -> str:
    """A server's words are cut; what Pigeon itself says has been, and is whole."""
    if isinstance(error, DeliveryError):
        return " ".join(trial.remote.destination.redact(str(error)).split())
    return trial.remote.said(error)


def _refused(step: Step, detail: str, trial: Trial) -> Capability:
    broke = trial.remote.broken
    ask = "Ask the partner why the server ends the connection there." if broke else step.ask
    required = step.required or broke
    return Capability(step.name, "no", detail, step.no, ask, required)


async def _cleared(trial: Trial) -> list[str]:
    """Remove what stands there, over a new connection if need be; what is left."""
    await _clear(trial, trial.remote)
    if trial.left and trial.remote.broken:
        fresh = type(trial.remote)(trial.remote.destination)
        await asyncio.sleep(SETTLE)
        try:
            with suppress(DeliveryError):
                await fresh.open()
                await _clear(trial, fresh)
        finally:
            await fresh.close()
    return trial.left


async def _clear(trial: Trial, remote: Remote) -> None:
    if not remote.broken:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLEAR_TIMEOUT):
                await trial.clear(remote)


def _leaving(left: list[str]) -> Capability:
    if not left:
        return Capability("leave nothing behind", "yes")
    return Capability(
        "leave nothing behind",
        "no",
        f"left there: {', '.join(left)}",
        ask="Remove it by hand, or ask the partner to: the login may not, or did not answer.",
    )
