"""Trying out what an HTTP server lets us do, and leaving nothing there."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from pigeon.exceptions import DeliveryError
from pigeon.remotes.source import Source
from pigeon.senders.capabilities import Capabilities, Capability
from pigeon.senders.http import urls
from pigeon.senders.http.answers import said
from pigeon.senders.http.body import FileBody
from pigeon.senders.http.exchange import Exchange
from pigeon.senders.http.looks import Looks

logger = logging.getLogger(__name__)

#: What the file of a probe holds.
CONTENT = b"Pigeon tries out what this server can do, and removes this file.\n" * 64
REACH = Capability("reach the server", "yes", required=True)
_REACH = "Check host and port of the URL, certificates, and firewalls on both sides."
_LOGIN = "Check the user and OPTIONS['password'], OPTIONS['token'] or OPTIONS['hmac_secret']."


async def probe(exchange: Exchange) -> Capabilities:
    """Try what a delivery needs over ``exchange``.

    With PUT, a file is put, looked at, read back and deleted. With POST only the way there is
    tried: what a server takes as a form stays there.
    """
    trial = _Trial(exchange)
    reached = await trial.reach()
    found = [reached]
    if reached.answer == "yes" and exchange.manner.method == "PUT":
        found += await trial.files()
    elif reached.answer == "yes":
        why = "a form that is taken cannot be taken back; deliver something to see"
        found.append(Capability("take a form", "unknown", why))
    return Capabilities(tuple(found), trial.facts)


class _Trial:
    """One probe: a file of our own, under a name that nobody else uses."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._name = f"pigeon-doctor-{secrets.token_hex(8)}.txt"
        self._target = urls.target(exchange.destination, self._name)
        self._source = Source.of(self._name, CONTENT)
        self._looks = Looks(exchange)
        self._verify = exchange.manner.verify
        self.facts: dict[str, str] = {}

    async def reach(self) -> Capability:
        """Ask what is allowed at the URL; every answer but a refusal of the login is good."""
        began = time.perf_counter()
        try:
            answer = await self._exchange.ask("OPTIONS", urls.target(self._exchange.destination))
        except DeliveryError as error:
            return replace(REACH, answer="no", detail=self._line(error), ask=_REACH)
        took = f"{(time.perf_counter() - began) * 1000:.0f} ms"
        redact = self._exchange.destination.redact
        heads = {
            name: answer.headers[name] for name in ("server", "allow") if name in answer.headers
        }
        self.facts = {name: self._line(redact(words)) for name, words in heads.items()}
        self.facts |= self._exchange.line.facts
        if answer.status == 401:
            words = said(self._exchange.destination, answer)
            return replace(REACH, answer="no", detail=words, ask=_LOGIN)
        return replace(REACH, detail=f"answered {answer.status} to OPTIONS in {took}")

    async def files(self) -> list[Capability]:
        """Put a file, look at it, delete it."""
        put = await self._tried("write a file", self._put, required=True)
        if put.answer != "yes":
            await self._gone()
            return [put]
        ask = "Ask for HEAD and GET on our own files, or keep 'verify': 'none'."
        try:
            size = await self._tried(
                "tell a file's size", self._size, ask, required=self._verify == "size"
            )
            read = await self._tried(
                "read a file back", self._read, ask, required=self._verify == "sha256"
            )
            over = await self._tried("write over a file", self._put, required=True)
        finally:
            gone = await self._gone()
        return [put, size, read, over, gone]

    async def _put(self) -> str:
        body = FileBody(self._source, _allowed)
        await self._exchange.give("PUT", self._target, body, secrets.token_hex(16), "take a file")
        return f"{len(CONTENT)} bytes"

    async def _size(self) -> str:
        await self._looks.verify(self._target, self._source.file, "size")
        return f"{len(CONTENT)} bytes"

    async def _read(self) -> str:
        await self._looks.verify(self._target, self._source.file, "sha256")
        return "as written"

    async def _delete(self) -> str:
        await self._exchange.delete(self._target, "delete a file")
        return ""

    async def _gone(self) -> Capability:
        ask = f"Remove {self._name} by hand. Ask for DELETE if rules withdraw or replace files."
        gone = await self._tried("delete a file", self._delete, ask)
        if gone.answer == "no":
            destination = self._exchange.destination
            text, extra = "The probe had to leave %s at %s", {"destination": destination.name}
            logger.warning(text, self._name, urls.where(destination), extra=extra)
        return gone

    async def _tried(
        self,
        name: str,
        act: Callable[[], Awaitable[str]],
        ask: str = "",
        *,
        required: bool = False,
    ) -> Capability:
        try:
            return Capability(name, "yes", await act(), required=required)
        except DeliveryError as error:
            detail = self._line(error)
            return Capability(name, "no", detail, ask=ask or _ASK, required=required)

    def _line(self, words: object) -> str:
        return " ".join(self._exchange.destination.redact(str(words)).split())


_ASK = "Ask the partner to allow PUT below the URL, or correct the URL."


async def _allowed() -> None:
    """Nobody else has this file."""
