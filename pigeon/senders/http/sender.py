"""``http://`` and ``https://``: files by PUT, or whole parcels as forms by POST."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import ClassVar

from pigeon.destinations import Destination
from pigeon.exceptions import DestinationMisconfigured, PermanentError
from pigeon.parcel import OutputFile, Parcel, Receipt
from pigeon.remotes import tls
from pigeon.remotes.library_logs import redact_logs
from pigeon.remotes.source import Source
from pigeon.remotes.threads import in_own_thread
from pigeon.senders.base import Delivery, Sender
from pigeon.senders.capabilities import Capabilities
from pigeon.senders.http import options, urls
from pigeon.senders.http.body import FileBody, FormBody
from pigeon.senders.http.exchange import Exchange
from pigeon.senders.http.looks import Looks
from pigeon.senders.http.options import Manner
from pigeon.senders.http.probe import probe


class HTTPSender(Sender):
    """Sends one request after another on one connection.

    More at the same time are more connections: HTTP/1.1 carries one request on each, so that
    ``in_flight`` is 1, whatever the options say, and ``connections`` is what the partner sees.
    """

    schemes: ClassVar = ("http", "https")
    connections = 4
    options: ClassVar = dict(options.OPTIONS)

    def __init__(self, destination: Destination) -> None:
        super().__init__(destination)
        self.in_flight = 1
        redact_logs(destination)
        self._manner = Manner.of(destination)
        self._exchange: Exchange | None = None

    @classmethod
    def check(cls, destination: Destination) -> list[str]:
        """Sentences about what is wrong with URL or options; no network."""
        return options.problems(destination)

    @property
    def broken(self) -> bool:
        """True when the last request ended without an answer."""
        return self._exchange is not None and self._exchange.line.broken

    async def open(self) -> None:
        """Read certificates and ask for secrets. The first request connects.

        Raises:
            DestinationMisconfigured: URL or options are wrong.
        """
        if problems := self.check(self.destination):
            raise DestinationMisconfigured(" ".join(problems))
        context = None
        if self.destination.scheme == "https":  # in a thread, because it reads files
            context = await in_own_thread(partial(tls.make_context, self.destination))
        self._exchange = Exchange(self.destination, self._manner, context)
        await self._exchange.credentials.load()

    async def close(self) -> None:
        """Disconnect."""
        if self._exchange is not None:
            await self._exchange.line.close()

    async def send(self, delivery: Delivery) -> None:
        """Put the parcel and remove what is to go, or only remove."""
        exchange = self._open_exchange()
        stale = {held.path for held in delivery.held}
        if delivery.parcel is not None:
            stale -= {file.path for file in delivery.parcel.files}
        delivery.traces = False
        if delivery.action == "put":
            if delivery.parcel is None:
                raise PermanentError("There is no parcel to put.")
            put = self._put if self._manner.method == "PUT" else self._post
            await put(exchange, delivery, delivery.parcel)
            if not delivery.remove_stale:
                return
        await self._remove(exchange, delivery, sorted(stale))

    async def probe(self) -> Capabilities:
        """Try out what the server lets us do; a file that is put is deleted again."""
        return await probe(self._open_exchange())

    def _open_exchange(self) -> Exchange:
        assert self._exchange is not None, "open() comes first"
        return self._exchange

    async def _put(self, exchange: Exchange, delivery: Delivery, parcel: Parcel) -> None:
        looks = Looks(exchange)
        for file in parcel.files:
            urls.target(self.destination, file.path)  # refuses what would leave the folder
        for file in parcel.files:
            target = urls.target(self.destination, file.path)
            if delivery.stale_tokens and await looks.has(target, file):
                delivery.note(f"{file.path} was there already")
                delivery.record(self._receipt(file, "found", "sha256"))
                continue
            delivery.traces = True
            body = FileBody(Source(parcel.local_path(file), file), delivery.check_lease)
            key = _key_of(delivery.idempotency_key, file.path)
            answer = await exchange.give("PUT", target, body, key, f"take {file.path}")
            delivery.note(f"PUT {file.path}, {file.size} bytes: answer {answer.status}")
            await looks.verify(target, file, self._manner.verify)
            delivery.record(self._receipt(file, "put", self._manner.verify))

    async def _post(self, exchange: Exchange, delivery: Delivery, parcel: Parcel) -> None:
        manner, key = self._manner, delivery.idempotency_key
        sources = [Source(parcel.local_path(file), file) for file in parcel.files]
        form = FormBody(manner.fields, manner.fieldname, sources, key, delivery.check_lease)
        delivery.traces = True
        doing = _doing(parcel.files)
        answer = await exchange.give("POST", urls.target(self.destination), form, key, doing)
        delivery.note(f"POST to {doing}: answer {answer.status}")
        for file in parcel.files:
            # Without the path, which may be a web hook's secret.
            address = urls.origin(self.destination)
            delivery.record(Receipt(file.path, address, file.size, file.sha256, "post", "none"))

    async def _remove(self, exchange: Exchange, delivery: Delivery, paths: list[str]) -> None:
        if paths and self._manner.method == "POST":
            done = "The new files were delivered, but " if delivery.parcel is not None else ""
            raise PermanentError(
                f"{done}{', '.join(paths)[:300]} cannot be removed: what was sent by POST has no "
                "address. Take push_deletions = 'remove' and push_withdrawals out of the rule, or "
                "send tombstones."
            )
        targets = [(path, urls.target(self.destination, path)) for path in paths]
        await delivery.check_lease()
        for path, target in targets:
            delivery.traces = True
            answer = await exchange.delete(target, f"delete {path}")
            delivery.note(f"DELETE {path}: answer {answer.status}")
            address = urls.shown(self.destination, path)
            delivery.record(Receipt(path, address, 0, "", "removed", "none"))

    def _receipt(self, file: OutputFile, published: str, verified: str) -> Receipt:
        address = urls.shown(self.destination, file.path)
        return Receipt(file.path, address, file.size, file.sha256, published, verified)


def _key_of(key: str, path: str) -> str:
    """The key of one file: the same for every attempt, another for every file of the parcel."""
    return hashlib.sha256(f"{key}\0{path}".encode()).hexdigest()


def _doing(files: tuple[OutputFile, ...]) -> str:
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"take {files[0].path}{more}" if files else "take the form"
