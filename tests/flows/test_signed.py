"""Signed PUTs in TLS, from a save to the partner, at a server that is busy and loses answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest

from pigeon.models import DestinationState, Outcome, Status
from pigeon.testing.http_partner import HTTPPartner
from pigeon.testing.http_requests import Handler
from tests.apps.newsroom.models import Story
from tests.contracts.places import Place, at_partner
from tests.flows.site import Site, xml
from tests.senders.http.certificates import Certificates

pytestmark = pytest.mark.django_db


class Moody(Handler):
    """Does what ``moods`` says with one PUT after another, then what is right."""

    moods: ClassVar[list[str]] = []
    mood = ""

    def put(self) -> None:
        self.mood = self.moods.pop(0) if self.moods else "good"
        if self.mood == "busy":
            with self.body():
                self.answer(503, headers={"Retry-After": "7200"})
        else:
            super().put()

    def end_headers(self) -> None:
        if self.mood == "lost":
            self.connection.shutdown(socket.SHUT_RDWR)
            raise ConnectionError("the answer is lost")
        super().end_headers()


@dataclass
class Bench:
    """A partner in TLS who wants signatures, and a rule that goes there."""

    partner: HTTPPartner
    place: Place
    moods: list[str] = field(default_factory=list)

    @property
    def puts(self) -> list[Any]:
        return [each for each in self.partner.came if each.method == "PUT"]


@pytest.fixture
def bench(site: Site, tmp_path: Path) -> Iterator[Bench]:
    certificates, moods = Certificates(tmp_path / "certificates"), list[str]()

    class Signed(HTTPPartner):
        handler_class = type("Moody", (Moody,), {"moods": moods})

    with Signed(hmac_secret="key of signatures", tls=certificates.server()) as partner:
        place = at_partner(partner)
        more = {"ca_file": str(certificates.ca_file), "verify": "sha256", "connections": 1}
        site.destination("place", place.url, **place.options, **more)
        site.rule("partner", "place")
        yield Bench(partner, place, moods)


def test_a_signed_put(site: Site, bench: Bench) -> None:
    story = Story.objects.create(title="Möwe", body="x" * 100_000)
    site.push()
    assert site.item().status == Status.PUSHED, site.item().message
    assert bench.place.files() == {f"newsroom_story_{story.pk}.xml": xml(story)}
    [put] = bench.puts
    assert put.headers["x-pigeon-signature"].startswith("sha256=")
    [receipt] = site.attempts()[0].receipts
    assert (receipt["published"], receipt["verified"]) == ("put", "sha256")


def test_a_wrong_key_stops_the_destination(site: Site, bench: Bench) -> None:
    bench.partner.rules.hmac_secret = "another key"
    Story.objects.create(title="Möwe")
    site.push()
    assert site.item().status == Status.RETRY
    assert "401" in site.item().message
    assert DestinationState.objects.get().stopped_reason
    assert bench.place.files() == {}


def test_busy_and_then_the_answer_is_lost(site: Site, bench: Bench) -> None:
    bench.moods[:] = ["busy", "lost"]
    story = Story.objects.create(title="Möwe", body="x" * 100_000)
    site.push()
    assert "503" in site.item().message
    site.push()
    assert len(site.attempts()) == 1, "two hours is what the partner asked for"
    site.later(hours=3)
    site.push()
    assert site.item().status == Status.RETRY
    assert "may have taken it" in site.item().message
    site.later(hours=3)
    site.push()
    assert site.item().status == Status.PUSHED, site.item().message
    outcomes = [Outcome.RETRY, Outcome.RETRY, Outcome.PUSHED]
    assert [each.outcome for each in site.attempts()] == outcomes
    assert len({each.headers["idempotency-key"] for each in bench.puts}) == 1
    assert bench.place.files() == {f"newsroom_story_{story.pk}.xml": xml(story)}
