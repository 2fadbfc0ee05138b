"""Every kind of destination, seen from both sides: where senders deliver, and what got there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages

from pigeon.destinations import Destination
from pigeon.senders import dummy
from pigeon.senders.base import Delivery
from pigeon.testing.http_partner import HTTPPartner
from tests.contracts.conftest import make_place
from tests.contracts.places import Place, at_partner
from tests.senders.http.certificates import Certificates
from tests.senders.parcels import destination
from tests.servers.smtp import PASSWORD, USER, run_sink

#: A port that no server of this machine is given: the system hands out higher ones.
CLOSED_PORT = 1
#: A password that no door takes; a test looks for it in messages.
WRONG = "geheim-and-wrong"


#: One door of each kind → its scheme; more servers of files pass their own suite.
KINDS = {
    "dummy": "dummy", "file": "file", "sshd": "sftp", "sshd-by-paramiko": "sftp", "vsftpd": "ftp",
    "vsftpd_tls": "ftp+tls", "vsftpd_implicit": "ftps", "http": "http", "http-post": "http",
    "https": "https", "storage-files": "storage", "storage-memory": "storage",
    "storage-s3": "storage", "mailto": "mailto", "own": "tube",
}  # fmt: skip
_STORAGE = "django.core.files.storage."


@dataclass
class Door:
    """A destination and its other side.

    Attributes:
        url: of an empty destination.
        received: what is there now: path of the parcel → content.
        options: that log in.
        removes: whether what was delivered can be taken back.
        wrong: options that make the login fail, or ``None`` where there is none.
        gone: a URL of the same kind where nobody is, or "".
    """

    url: str
    received: Callable[[], Mapping[str, bytes]]
    options: dict[str, Any] = field(default_factory=dict)
    removes: bool = True
    wrong: dict[str, Any] | None = None
    gone: str = ""

    def destination(self, **more: Any) -> Destination:
        return destination(self.url, **self.options | more)

    def send(self, *deliveries: Delivery, **more: Any) -> None:
        """Open a sender, send one after another, close it."""
        self._place.send(*deliveries, **more)

    def use(self, what: Any, **more: Any) -> None:
        """Run the coroutine function ``what`` with an open sender."""
        self._place.use(what, **more)

    @property
    def _place(self) -> Place:
        return Place(self.url, Path(), self.options)


def files_door(place: Place) -> Door:
    """A place of files; where it has a login, its password can be wrong."""
    wrong = {"password": WRONG} if "password" in place.options else None
    gone = "" if place.url.startswith("file:") else _nobody(place.url)
    return Door(place.url, place.files, place.options, wrong=wrong, gone=gone)


def _nobody(url: str) -> str:
    """The same URL with a port at which nobody listens."""
    scheme, rest = url.split("://", 1)
    user, at, _ = rest.partition("/")[0].rpartition("@")
    return f"{scheme}://{user}{at}127.0.0.1:{CLOSED_PORT}/in"


@contextmanager
def opened_door(
    kind: str, request: pytest.FixtureRequest, settings: Any, tmp_path: Path
) -> Iterator[Door]:
    """An empty destination of one of :data:`KINDS`."""
    match kind:
        case "dummy":
            yield dummy_door()
        case "http":
            with http_door() as found:
                yield found
        case "https":
            certificates = Certificates(tmp_path / "certificates")
            with http_door(tls=certificates.server()) as found:
                found.options["ca_file"] = str(certificates.ca_file)
                yield found
        case "http-post":
            with form_door() as found:
                yield found
        case "storage-files":
            place = {"location": str(tmp_path / "storage")}
            entry = {"BACKEND": f"{_STORAGE}FileSystemStorage", "OPTIONS": place}
            yield storage_door(settings, entry)
        case "storage-memory":
            yield storage_door(settings, {"BACKEND": f"{_STORAGE}InMemoryStorage"})
        case "storage-s3":
            yield s3_door(settings, request.getfixturevalue("s3"))
        case "mailto":
            with mail_door(settings) as found:
                yield found
        case "own":
            yield tube_door(tmp_path / "station")
        case _:
            yield files_door(make_place(request, kind, tmp_path))


@contextmanager
def http_door(**facts: Any) -> Iterator[Door]:
    with HTTPPartner(**facts) as partner:
        yield files_door(at_partner(partner))


@contextmanager
def form_door() -> Iterator[Door]:
    """A POST: what came cannot be taken back, and the server knows what it has had."""
    with HTTPPartner() as partner:
        place = at_partner(partner)
        door = files_door(place)
        door.options = {**door.options, "method": "POST"}
        door.removes = False
        yield door


def dummy_door() -> Door:
    def received() -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for sent in dummy.outbox:
            for path, content in sent.files.items():
                if sent.action == "put":
                    found[path] = content
                else:
                    found.pop(path, None)
        return found

    dummy.outbox.clear()
    return Door("dummy://partner", received)


def tube_door(folder: Path) -> Door:
    """The sender that an app of the site brings."""
    folder.mkdir()
    return Door(f"tube://{folder}", Place("", folder).files)


def storage_door(settings: Any, entry: dict[str, Any], **options: Any) -> Door:
    """The storage that ``entry`` of STORAGES makes, under an alias with capitals."""
    settings.STORAGES = {**settings.STORAGES, "Archive": entry}

    def received(folder: str = "in") -> dict[str, bytes]:
        storage, found = storages["Archive"], {}
        try:
            folders, names = storage.listdir(folder)
        except FileNotFoundError:  # nothing was saved yet
            return {}
        for name in filter(None, names):
            with storage.open(f"{folder}/{name}") as content:
                found[f"{folder}/{name}".removeprefix("in/")] = content.read()
        for name in folders:
            found |= received(f"{folder}/{name}")
        return found

    return Door("storage://Archive/in", received, options)


def s3_door(settings: Any, s3: Any) -> Door:
    door = storage_door(settings, s3.storage(s3.bucket()))
    nobody = s3.storage("none", endpoint_url=f"http://127.0.0.1:{CLOSED_PORT}")
    nobody["OPTIONS"]["client_config"] = _once()
    settings.STORAGES = {**settings.STORAGES, "Gone": nobody}
    door.gone = "storage://Gone/in"
    return door


def _once() -> Any:
    from botocore.config import Config

    return Config(retries={"max_attempts": 1})


@contextmanager
def mail_door(settings: Any) -> Iterator[Door]:
    """A mailbox: the newest mail of each path counts, and of one Message-ID the first."""
    with run_sink(login=True) as sink:
        options = {"EMAIL_HOST_USER": USER, "EMAIL_HOST_PASSWORD": PASSWORD}
        for name, value in sink.settings(**options).items():
            setattr(settings, name, value)

        def received() -> dict[str, bytes]:
            mails = {mail.message["Message-ID"]: mail for mail in reversed(sink.mails)}
            found: dict[str, bytes] = {}
            for mail in reversed(mails.values()):
                found |= mail.attachments
            return found

        yield Door("mailto:desk@partner.example", received, removes=False)
