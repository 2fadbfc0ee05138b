"""A request with all its headers, and an answer that is good or an error."""

from __future__ import annotations

import hashlib
import ssl
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx2

from pigeon.destinations import Destination
from pigeon.senders.http import signature
from pigeon.senders.http.answers import Answer, explain
from pigeon.senders.http.body import Body
from pigeon.senders.http.credentials import Credentials
from pigeon.senders.http.line import Line
from pigeon.senders.http.options import Manner
from pigeon.version import __version__

#: Of requests without a body.
_NOTHING = hashlib.sha256().hexdigest()


class Exchange:
    """Asks one server, as a destination's options say.

    Attributes:
        line: the connection.
        credentials: who we are.
        accepted: it has done as it was asked before, since the connection was opened.
    """

    def __init__(
        self, destination: Destination, manner: Manner, tls: ssl.SSLContext | None
    ) -> None:
        self.destination = destination
        self.manner = manner
        self.line = Line(destination, tls, manner.timeout)
        self.credentials = Credentials(destination)
        self.accepted = False

    async def give(self, method: str, target: str, body: Body, key: str, doing: str) -> Answer:
        """The answer to ``body``.

        Args:
            key: the ``Idempotency-Key``.
            doing: the step, as in "take story.xml", for the message of an error.

        Raises:
            DeliveryError: it was not good, or there was none.
        """
        sha256 = await body.sha256()
        more = {
            "Content-Type": body.content_type,
            "Content-Length": str(body.size),
            "Content-Digest": signature.content_digest(sha256),
            "Idempotency-Key": key,
        }
        answer = await self.ask(method, target, more, body, sha256)
        self._must_be_good(answer, doing, method)
        self.accepted = True
        return answer

    async def delete(self, target: str, doing: str) -> Answer:
        """Delete what is at ``target``; fine when there is nothing. Raises ``DeliveryError``."""
        answer = await self.ask("DELETE", target)
        if answer.status not in (404, 410):
            self._must_be_good(answer, doing, "DELETE")
        return answer

    async def ask(
        self,
        method: str,
        target: str,
        more: dict[str, str] | None = None,
        body: Body | None = None,
        sha256: str = _NOTHING,
    ) -> Answer:
        """The answer, good or bad; after a 401 secrets that may have changed are asked for again.

        Args:
            more: headers of this request.
            sha256: digest of ``body``.
        """
        headers = self._headers(method, target, sha256) | (more or {})
        answer = await self.line.ask(method, target, headers, body)
        if answer.status == 401 and self.credentials.renewable and await self.credentials.load():
            headers = self._headers(method, target, sha256) | (more or {})
            answer = await self.line.ask(method, target, headers, body)
        return answer

    @asynccontextmanager
    async def read(self, target: str) -> AsyncGenerator[httpx2.Response, None]:
        """The answer to a GET; :meth:`Line.content` reads its body."""
        async with self.line.read(target, self._headers("GET", target, _NOTHING)) as response:
            yield response

    def _must_be_good(self, answer: Answer, doing: str, method: str) -> None:
        if not answer.is_good:
            raise explain(self.destination, answer, doing, method=method, proven=self.accepted)

    def _headers(self, method: str, target: str, sha256: str) -> dict[str, str]:
        headers = {
            "User-Agent": f"Pigeon/{__version__}",
            "Accept": "*/*",
            "Accept-Encoding": "identity",  # so that sizes and digests are those of the file
            **{_spelled(name): value for name, value in self.manner.headers.items()},
        }
        if self.credentials.authorization:
            headers["Authorization"] = self.credentials.authorization
        if secret := self.credentials.hmac_secret:
            now = int(time.time())
            headers[self.manner.hmac_timestamp_header] = str(now)
            headers[self.manner.hmac_header] = signature.signature(
                secret, now, method, target, sha256
            )
        return headers


def _spelled(name: str) -> str:
    """``name`` as Pigeon spells it, so that one given by the user takes the place of ours."""
    return name.title()
