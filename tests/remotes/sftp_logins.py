"""Logging in at an SFTP server, for tests of who may."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from pigeon.exceptions import DeliveryError
from tests.contracts.places import opened
from tests.senders.parcels import destination
from tests.servers.server import Server

CLIENTS = ["asyncssh", "paramiko"]
Options = Mapping[str, Any]


def log_in(url: str, options: Options) -> Mapping[str, str]:
    """Open a sender and close it; what the server told about itself."""

    async def run() -> Mapping[str, str]:
        async with opened(destination(url, **options)) as sender:
            return sender._remote.facts()  # type: ignore[attr-defined]

    return asyncio.run(run())


def refused(kind: type[DeliveryError], url: str, options: Options) -> str:
    """The message of the error of class ``kind`` (and no other) that a login ends with."""
    with pytest.raises(kind) as caught:
        log_in(url, options)
    assert type(caught.value) is kind
    return str(caught.value)


def url_at(server: Server, host: str = "127.0.0.1") -> str:
    shown = f"[{host}]" if ":" in host else host
    return server.url().replace(server.host, shown)
