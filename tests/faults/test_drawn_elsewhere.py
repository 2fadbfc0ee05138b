"""Drawn faults on the lines to HTTP servers, to a storage and to a mail server.

Under each path stand only whole, right files, and a mail that arrives is whole: all of one parcel
have the same Message-ID, and no two parcels do.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st

from pigeon.testing.http_partner import HTTPPartner
from tests.contracts.places import Place, at_partner
from tests.faults.drawn import (
    BUT_NOT_CORRUPT,
    DRAWING,
    EVERYWHERE,
    IMPATIENT,
    PATIENT,
    POSITIONS,
    ROUNDS,
    Pushes,
    forget,
)  # fmt: skip
from tests.faults.fault import SIDES, Fault
from tests.faults.lines import Lines
from tests.faults.proxy import Proxy
from tests.flows.site import Site, isolated
from tests.senders.http.certificates import Certificates
from tests.servers.smtp import Sink, run_sink

pytestmark = [
    pytest.mark.django_db(databases=["default"]),
    pytest.mark.slow,
    pytest.mark.timeout(900),
    # botocore leaves connections that broke to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

#: One line each to these, and two faults a line: 72 in all with three rounds.
KINDS = ("http", "http", "http-sha256", "http-sha256", "https", "https", "https", "s3", "s3",
         "s3", "s3", "mail")  # fmt: skip
PLAIN = st.lists(
    st.builds(Fault, BUT_NOT_CORRUPT, st.sampled_from(SIDES), POSITIONS), min_size=2, max_size=2
)
#: In TLS damage is noticed.
IN_TLS = st.lists(EVERYWHERE, min_size=2, max_size=2)
FAULTS = st.tuples(*(IN_TLS if kind == "https" else PLAIN for kind in KINDS))


@dataclass(frozen=True)
class Partners:
    """Who stands at the ends of the lines."""

    http: HTTPPartner
    https: HTTPPartner
    s3: Any


@pytest.fixture(scope="module")
def partners(tmp_path_factory: pytest.TempPathFactory, s3: Any) -> Iterator[Partners]:
    folder = tmp_path_factory.mktemp("partners")
    tls = Certificates(folder / "certificates").server()
    with HTTPPartner(folder / "1") as http, HTTPPartner(folder / "2", tls=tls) as https:
        yield Partners(http, https, s3)


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What botocore leaves is collected here, not in the next test."""
    yield
    gc.collect()


class Elsewhere(Pushes):
    """A round with one destination for each of :data:`KINDS`."""

    def __init__(
        self, site: Site, lines: Lines, faults: Any, partners: Partners, sink: Sink
    ) -> None:
        self.site, self._partners, self._sink = site, partners, sink
        ports = {
            "https": partners.https.port, "mail": sink.port,
            "s3": int(partners.s3.url.rpartition(":")[2]),
        }  # fmt: skip
        self._lines: list[Proxy] = [
            lines.open(ports.get(kind, partners.http.port), *each)
            for kind, each in zip(KINDS, faults, strict=True)
        ]
        self._places = [self._place(kind) for kind in KINDS]
        self.configure(IMPATIENT)
        super().__init__(site, [self._received(number) for number in range(len(KINDS))])

    def _place(self, kind: str) -> Any:
        """A new folder at an HTTP partner, or a bucket."""
        if kind.startswith("http"):
            return at_partner(self._partners.https if kind == "https" else self._partners.http)
        return self._partners.s3.bucket() if kind == "s3" else ""

    def _received(self, number: int) -> Any:
        place = self._places[number]
        if isinstance(place, Place):
            return place.files
        return lambda: self._partners.s3.objects(place) if place else self.mailed()

    def mailed(self) -> dict[str, bytes]:
        """What the newest mail of each file holds."""
        found: dict[str, bytes] = {}
        for mail in tuple(self._sink.mails):
            found |= mail.attachments
        return found

    def configure(self, timeout: float) -> None:
        """Name the destinations, as they are reached over their lines."""
        for number, kind in enumerate(KINDS):
            line, place = self._lines[number], self._places[number]
            options: dict[str, Any] = {"timeout": timeout}
            if isinstance(place, Place):
                url = place.url.replace(f":{line.target}/", f":{line.port}/")
                options |= place.options | {"verify": "sha256" if "sha256" in kind else "none"}
                options |= {"verify_certificate": False} if kind == "https" else {}
            elif kind == "s3":
                url, entry = f"storage://S{number}/", self._entry(place, line.port, timeout)
                self.site.settings.STORAGES = {
                    **self.site.settings.STORAGES, f"S{number}": entry
                }  # fmt: skip
            else:
                url = "mailto:desk@partner.example"
                for name, value in self._sink.settings(EMAIL_TIMEOUT=timeout).items():
                    setattr(self.site.settings, name, value)
                self.site.settings.EMAIL_PORT = line.port
            self.site.destination(f"d{number}", url, **options)

    def _entry(self, bucket: str, port: int, timeout: float) -> Any:
        times = Config(connect_timeout=timeout, read_timeout=timeout, retries={"max_attempts": 0})
        way = f"http://127.0.0.1:{port}"
        return self._partners.s3.storage(bucket, endpoint_url=way, client_config=times)

    def _check_file(self, number: int, path: str, content: bytes) -> None:
        """S3 refuses a body that broke off; moto keeps it, so that only Pigeon's look shows it."""
        half = any(each.startswith(content) for each in self.versions[path])
        if KINDS[number] != "s3" or content in self.versions[path] or not half:
            super()._check_file(number, path, content)

    def check_mails(self) -> None:
        """Every mail is whole, and tells by its Message-ID which parcel it is."""
        contents: dict[str, dict[str, bytes]] = {}
        for mail in self._sink.mails:
            [(path, content)] = mail.attachments.items()
            assert content in self.versions[path]
            known = contents.setdefault(mail.message["Message-ID"], mail.attachments)
            assert known == mail.attachments
        told = [tuple(each.items()) for each in contents.values()]
        assert len(set(told)) == len(told), "one parcel under two Message-IDs"


@settings(max_examples=max(1, ROUNDS // 10), **DRAWING)
@given(faults=FAULTS)
def test_drawn_faults(site: Site, partners: Partners, faults: Any) -> None:
    forget(site)
    with isolated(), run_sink() as sink, Lines() as lines:
        now = Elsewhere(site, lines, faults, partners, sink)
        for version in (1, 2):
            now.save(version)
            now.push()
        lines.heal()
        now.configure(PATIENT)
        for _ in range(3):
            now.push()
        now.check_end()
        now.check_mails()
