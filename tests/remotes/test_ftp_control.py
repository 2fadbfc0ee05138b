"""The control connection on a loop that is not asyncio's own."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, cast

from pigeon.remotes.ftp_control import Control


class Foreign:
    """A transport like uvloop's: it does what asyncio's do, and is none of them."""

    def __init__(self) -> None:
        self.written = b""
        self.socket = socket.socket()

    def get_extra_info(self, name: str) -> Any:
        return {"socket": self.socket, "peername": ("127.0.0.1", 21)}[name]

    def write(self, data: bytes) -> None:
        self.written += data


def test_a_transport_of_another_make() -> None:
    """A site that calls ``apush`` may run it on any loop."""

    async def run() -> None:
        foreign, control = Foreign(), Control(lambda: None)
        control.connection_made(cast("asyncio.BaseTransport", foreign))
        control.data_received(b"220 hello\r\n")
        assert (await control.greeting.answer).code == 220
        command = control.queue("NOOP")
        await asyncio.sleep(0)
        assert foreign.written == b"NOOP\r\n"
        control.data_received(b"200 fine\r\n")
        assert (await command.answer).good
        foreign.socket.close()

    asyncio.run(asyncio.wait_for(run(), 10))
