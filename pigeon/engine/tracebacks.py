"""Tracebacks that may be logged."""

from __future__ import annotations

import traceback

from pigeon.destinations import Destination


def traceback_of(error: BaseException, destination: Destination) -> str:
    """The traceback of ``error`` as Python prints it, without the destination's secrets.

    Logging's own ``exc_info`` would print messages as they are, and a library's message may
    hold a URL with its password.
    """
    return destination.redact("".join(traceback.format_exception(error)))
