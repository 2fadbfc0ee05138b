"""One connection to an HTTP server, opened again when it was closed: a request, an answer."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import httpx2

from pigeon.destinations import Destination
from pigeon.remotes import tls
from pigeon.remotes.watchdog import Watchdog, unacknowledged
from pigeon.senders.http.answers import Answer
from pigeon.senders.http.body import Body
from pigeon.senders.http.diagnosis import diagnosis
from pigeon.senders.http.faults import Stage, explain
from pigeon.senders.http.urls import origin

#: Bytes of an answer's body that are read; what has more is cut off with its connection.
MOST = 16 * 1024
#: Seconds after which an idle connection is not used again: shorter than servers wait, so that
#: no request runs into one that the server is just closing.
IDLE = 1.5
CLOSE_LIMIT = 5


class Line:
    """Sends requests, one at a time.

    What protects us from a server that hangs or trickles: until an answer's head is there,
    something must move every ``timeout`` seconds, and only bytes of *ours* count; the body of an
    answer has as long again.

    Attributes:
        broken: the last request ended without an answer.
        proven: the server has answered in HTTP before.
    """

    def __init__(
        self, destination: Destination, context: ssl.SSLContext | None, timeout: float
    ) -> None:
        self.broken = self.proven = False
        self._destination = destination
        self._timeout, self._context = timeout, context
        self._stream: Any = None
        # No proxy, no .netrc: nothing comes from the environment.
        self._transport = httpx2.AsyncHTTPTransport(
            verify=context or False,
            trust_env=False,
            limits=httpx2.Limits(max_connections=1, keepalive_expiry=IDLE),
        )

    async def ask(
        self, method: str, target: str, headers: Mapping[str, str], body: Body | None = None
    ) -> Answer:
        """The answer to one request, with the beginning of its body.

        Raises:
            DeliveryError: there was none.
            ParcelDamaged, LeaseLost: from ``body``, before its last byte had left.
        """
        async with self._asked(method, target, headers, body) as response:
            words = await self._beginning(response)
            return Answer(response.status_code, _plain(response), words)

    @asynccontextmanager
    async def read(
        self, target: str, headers: Mapping[str, str]
    ) -> AsyncGenerator[httpx2.Response, None]:
        """The answer to a GET, its body still to be read with :meth:`content`."""
        async with self._asked("GET", target, headers, None) as response:
            yield response

    async def content(self, response: httpx2.Response) -> AsyncGenerator[bytes, None]:
        """The body of ``response`` in blocks; each within ``timeout`` seconds."""
        blocks = response.aiter_raw()
        while True:
            try:
                async with asyncio.timeout(self._timeout):
                    block = await anext(blocks, None)
            except (httpx2.HTTPError, OSError) as error:  # TimeoutError is an OSError
                self.broken = True
                raise explain(self._destination, error, Stage.READING) from error
            if block is None:
                return
            yield block

    async def close(self) -> None:
        """Disconnect; what hangs is left behind."""
        with suppress(httpx2.HTTPError, OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_LIMIT):
                await self._transport.aclose()

    @property
    def facts(self) -> dict[str, str]:
        """What is known of the connection that was opened last; see ``Remote.facts``."""
        secured = self._stream.get_extra_info("ssl_object") if self._stream else None
        return tls.facts(secured) if secured else {}

    @asynccontextmanager
    async def _asked(
        self, method: str, target: str, headers: Mapping[str, str], body: Body | None
    ) -> AsyncGenerator[httpx2.Response, None]:
        response = await self._head(method, target, headers, body)
        try:
            self.broken, self.proven = False, True
            yield response
        finally:
            with suppress(httpx2.HTTPError, OSError):
                await response.aclose()

    async def _head(
        self, method: str, target: str, headers: Mapping[str, str], body: Body | None
    ) -> httpx2.Response:
        """The response as soon as its head is there."""
        loop, stage = asyncio.get_running_loop(), Stage.CONNECTING
        try:
            async with asyncio.timeout(None) as limit:
                watchdog = Watchdog(
                    self._timeout, lambda: limit.reschedule(loop.time()), self._unsent
                )

                async def trace(event: str, info: Mapping[str, Any]) -> None:
                    nonlocal stage
                    stage = self._traced(event, info, stage, watchdog)

                request = self._request(method, target, headers, _watched(body, watchdog), trace)
                try:
                    with watchdog:
                        return await self._transport.handle_async_request(request)
                finally:
                    watchdog.stop()
        except (httpx2.HTTPError, OSError) as error:
            self.broken = True
            if stage is Stage.ASKING and (body is None or body.may_be_whole):
                stage = Stage.ASKED
            found = explain(self._destination, error, stage, proven=self.proven)
            if not (self.proven or stage is Stage.CONNECTING or found.stops_destination):
                found = await diagnosis(self._destination, self._context, self._timeout) or found
            raise found from error
        except asyncio.CancelledError:
            self.broken = True
            raise

    def _traced(
        self, event: str, info: Mapping[str, Any], stage: Stage, watchdog: Watchdog
    ) -> Stage:
        """Keep the stream that was opened, and say how far the request has come."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._stream = info["return_value"]
            watchdog.progress()
        return Stage.ASKING if event == "http11.send_request_headers.started" else stage

    def _request(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        content: AsyncGenerator[bytes, None] | bytes,
        trace: Any,
    ) -> httpx2.Request:
        limits = {"connect": self._timeout, "read": None, "write": None, "pool": None}
        return httpx2.Request(
            method,
            f"{origin(self._destination)}{target}",
            headers=dict(headers),
            content=content,
            extensions={"timeout": limits, "trace": trace},
        )

    def _unsent(self) -> int:
        socket = self._stream.get_extra_info("socket") if self._stream else None
        return unacknowledged(socket) if socket else 0

    async def _beginning(self, response: httpx2.Response) -> str:
        """What the body says; that it breaks off or never ends changes no answer."""
        found = b""
        with suppress(httpx2.HTTPError, OSError):
            async with asyncio.timeout(self._timeout), aclosing(response.aiter_raw()) as blocks:
                async for block in blocks:
                    found += block[: MOST - len(found)]
                    if len(found) == MOST:
                        break
        return found.decode("utf-8", "replace")


async def _blocks(body: Body, watchdog: Watchdog) -> AsyncGenerator[bytes, None]:
    async with aclosing(body.blocks()) as blocks:
        async for block in blocks:
            watchdog.progress()
            yield block
    watchdog.progress()


def _watched(body: Body | None, watchdog: Watchdog) -> AsyncGenerator[bytes, None] | bytes:
    return b"" if body is None else _blocks(body, watchdog)


def _plain(response: httpx2.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}
