"""Looking at what a server has under an address."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import aclosing

from pigeon.exceptions import DestinationMisconfigured, TransientError
from pigeon.parcel import OutputFile
from pigeon.senders.http.answers import Answer, said
from pigeon.senders.http.exchange import Exchange
from pigeon.senders.http.signature import digest_said
from pigeon.senders.http.urls import where

#: Reading back may take the time-out, and a second for so many bytes: a trickle ends some day.
SLOWEST = 10_000
#: RFC 9530, section 4: a server that knows the digest may save us reading the file back.
_WANTED = {"Want-Repr-Digest": "sha-256=1"}


class Looks:
    """Compares files with what the server says of them."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._host = where(exchange.destination)

    async def has(self, target: str, file: OutputFile) -> bool:
        """Whether exactly ``file`` is there; a server that does not let us look has not."""
        answer = await self._head(target)
        if not answer.is_good or answer.size not in (None, file.size):
            return False
        return await self._digest(target, answer, file.size) == file.sha256

    async def verify(self, target: str, file: OutputFile, manner: str) -> None:
        """Compare what was put.

        Args:
            manner: the option ``verify``: ``"size"``, ``"sha256"``, or ``"none"`` at all.

        Raises:
            TransientError: something else is there.
            DestinationMisconfigured: the server does not let us look.
        """
        if manner == "none":
            return
        answer = await self._head(target)
        if not answer.is_good:
            raise self._cannot_look(file, said(self._exchange.destination, answer))
        if manner == "size":
            self._compare_sizes(file, answer.size)
            return
        digest = await self._digest(target, answer, file.size)
        if not digest:
            raise self._cannot_look(file, "it does not give it back to GET")
        if digest != file.sha256:
            raise TransientError(
                f"{file.path} arrived damaged at {self._host}: its SHA-256 there is another. It "
                "will be sent again."
            )

    def _compare_sizes(self, file: OutputFile, size: int | None) -> None:
        if size is None:
            raise self._cannot_look(file, "it answers HEAD without Content-Length")
        if size != file.size:
            raise TransientError(
                f"{file.path} arrived at {self._host} with {size} bytes instead of {file.size}. "
                "It will be sent again."
            )

    def _cannot_look(self, file: OutputFile, why: str) -> DestinationMisconfigured:
        return DestinationMisconfigured(
            f"{self._host} took {file.path}, but Pigeon cannot verify it: {why}. Ask the partner "
            "to allow HEAD and GET there, or set OPTIONS['verify'] to 'none', as is right where "
            "the partner takes files away at once."
        )

    async def _head(self, target: str) -> Answer:
        return await self._exchange.ask("HEAD", target, _WANTED)

    async def _digest(self, target: str, head: Answer, size: int) -> str:
        """SHA-256 of what is there, as the server says it or read back; empty if it cannot be."""
        if told := digest_said(head.headers.get("repr-digest", "")):
            return told
        try:
            async with asyncio.timeout(self._exchange.manner.timeout + size / SLOWEST):
                return await self._read_back(target, size)
        except TimeoutError:
            raise TransientError(f"{self._host} gave a file back too slowly.") from None

    async def _read_back(self, target: str, size: int) -> str:
        found, read = hashlib.sha256(), 0
        async with self._exchange.read(target) as response:
            if response.status_code != 200:
                return ""
            async with aclosing(self._exchange.line.content(response)) as blocks:
                async for block in blocks:
                    found.update(block)
                    read += len(block)
                    if read > size:
                        break  # it is another file, and may have no end
        return found.hexdigest()
