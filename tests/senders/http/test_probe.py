"""What the doctor finds out about an HTTP server, and what it leaves there: nothing."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from pigeon.senders.base import Sender
from pigeon.senders.capabilities import Capabilities
from pigeon.senders.http.probe import CONTENT
from pigeon.testing.http_partner import HTTPPartner
from pigeon.testing.http_requests import Handler
from tests.contracts.places import Place, at_partner
from tests.senders.http.certificates import Certificates

ALL = ["reach the server", "write a file", "tell a file's size", "read a file back",
       "write over a file", "delete a file"]  # fmt: skip


def probed(place: Place, **options: Any) -> Capabilities:
    found: list[Capabilities] = []

    async def probe(sender: Sender) -> None:
        found.append(await sender.probe())

    place.use(probe, **options)
    return found[0]


def answers(found: Capabilities) -> dict[str, str]:
    return {one.name: one.answer for one in found.capabilities}


def test_a_server_that_can_do_all() -> None:
    with HTTPPartner() as partner:
        place = at_partner(partner)
        found = probed(place)
        assert answers(found) == dict.fromkeys(ALL, "yes")
        assert found.sound
        assert "PUT" in found.facts["allow"]
        assert "PigeonPartner" in found.facts["server"]
        assert place.files() == {}


def test_a_form_is_not_sent() -> None:
    with HTTPPartner() as partner:
        found = probed(at_partner(partner), method="POST")
        assert answers(found) == {"reach the server": "yes", "take a form": "unknown"}
        assert [each.method for each in partner.came] == ["OPTIONS"]


def test_what_is_known_of_tls(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    with HTTPPartner(tls=certificates.server()) as partner:
        found = probed(at_partner(partner), ca_file=str(certificates.ca_file))
        assert found.sound
        assert found.facts["protocol"].startswith("TLSv1.")
        assert found.facts["cipher"]
        assert ", until " in found.facts["certificate"]


def test_a_wrong_login() -> None:
    with HTTPPartner(token="right") as partner:
        found = probed(at_partner(partner), token="wrong")
        [one] = found.capabilities
        assert (one.answer, one.required) == ("no", True)
        assert "401" in one.detail
        assert "OPTIONS['token']" in one.ask
        assert not found.sound


def test_nobody_is_there(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = probed(Place(f"http://127.0.0.1:{port}/", tmp_path))
    [one] = found.capabilities
    assert one.answer == "no"
    assert "cannot be reached" in one.detail
    assert "firewalls" in one.ask


def refusing(*methods: str) -> HTTPPartner:
    """A partner that does not allow ``methods``."""
    acts = {f"do_{method}": lambda self: self._guarded(lambda: self.answer(405))
            for method in methods}  # fmt: skip
    handler = type("Refusing", (Handler,), acts)
    return type("Partner", (HTTPPartner,), {"handler_class": handler})()


@pytest.mark.parametrize("verify", ["none", "size", "sha256"])
def test_a_server_that_does_not_let_us_look(verify: str) -> None:
    with refusing("HEAD", "GET") as partner:
        found = probed(at_partner(partner), verify=verify)
        no = {name for name, answer in answers(found).items() if answer == "no"}
        assert no == {"tell a file's size", "read a file back"}
        assert found.sound is (verify == "none")
        assert partner.files() == {}


def test_a_server_that_takes_nothing() -> None:
    with refusing("PUT") as partner:
        found = probed(at_partner(partner))
        assert answers(found) == {"reach the server": "yes", "write a file": "no"}
        assert "405" in found.capabilities[1].detail
        assert "allow PUT" in found.capabilities[1].ask
        assert not found.sound


def test_what_cannot_be_deleted_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with refusing("DELETE") as partner:
        place = at_partner(partner)
        found = probed(place)
        gone = found.capabilities[-1]
        [(name, content)] = place.files().items()
        assert content == CONTENT
        assert gone.answer == "no"
        assert name in gone.ask
        assert name in caplog.text
        assert found.sound
