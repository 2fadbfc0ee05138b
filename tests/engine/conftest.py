from __future__ import annotations

from collections.abc import Iterator

import pytest

from pigeon.senders.registry import register_sender, unregister_sender
from tests.engine.scripted import Scripted
from tests.flows.conftest import site

__all__ = ["scripted", "site"]


@pytest.fixture(autouse=True)
def scripted() -> Iterator[type[Scripted]]:
    Scripted.script = Scripted.opening = None
    Scripted.sent = []
    Scripted.opened = Scripted.closed = Scripted.together = Scripted.most = 0
    register_sender(Scripted)
    yield Scripted
    unregister_sender(Scripted)
