"""The way to a server, its login, and several destinations at the same time."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import pigeon
from pigeon import doctor
from pigeon.doctor import Report, network
from pigeon.doctor.certificate import about_certificate
from pigeon.senders.base import Delivery
from pigeon.senders.capabilities import Capability
from pigeon.senders.registry import register_sender, unregister_sender
from tests.capabilities import need
from tests.contracts.places import Place, at_server
from tests.senders.parcels import destination
from tests.servers.process import free_port
from tests.servers.vsftpd import run_vsftpd

WRONG = "s3cret-but-wrong"


def step(report: Report, name: str) -> Capability:
    [match] = [each for each in report.steps if each.name == name]
    return match


def last(report: Report) -> Capability:
    return report.steps[-1]


def test_a_sound_server(place: Place) -> None:
    report = doctor.examine(place.destination())
    assert report.sound
    names = [each.name for each in report.steps]
    assert names[0] == "configuration"
    if not place.url.startswith("file"):
        assert names[1:4] == ["resolve the host", "connect", "log in"]
        assert step(report, "resolve the host").detail == "127.0.0.1"
        assert re.fullmatch(r"127\.0\.0\.1:\d+ in [\d.]+ ms", step(report, "connect").detail)
    assert list(place.folder.iterdir()) == []
    assert report.as_json()["sound"] is True


@pytest.mark.slow
@pytest.mark.parametrize("place", ["sshd", "vsftpd_tls", "proftpd"], indirect=True)
def test_a_wrong_password(place: Place) -> None:
    place.options.pop("key_file", None)
    report = doctor.examine(place.destination(password=WRONG))
    assert last(report).name == "log in"
    assert "refused the login of user" in last(report).detail
    assert "Ask the partner" in last(report).ask
    assert not report.sound
    assert WRONG not in str(report.as_json())


def test_an_unknown_host_key(sshd: Any, tmp_path: Path) -> None:
    """The fingerprint and the very line for the file."""
    report = doctor.examine(at_server(sshd).destination(known_hosts=tmp_path / "none"))
    assert re.search(r"fingerprint SHA256:\S+", last(report).detail)
    assert f"[127.0.0.1]:{sshd.port} ssh-ed25519 AAAA" in last(report).detail
    assert "fingerprint" in last(report).ask


def test_nobody_listens() -> None:
    report = doctor.examine(destination(f"sftp://127.0.0.1:{free_port()}/"))
    assert last(report).name == "connect"
    assert "refused" in last(report).detail
    assert "firewall" in last(report).ask
    assert not report.sound


def test_a_host_that_does_not_exist() -> None:
    report = doctor.examine(destination("sftp://no-such-host.invalid/"))
    assert last(report).name == "resolve the host"
    assert "no-such-host.invalid" in last(report).detail
    assert not report.sound


def test_every_address_is_tried() -> None:
    """A host may have addresses where nobody listens: each connection waits for them."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        found = asyncio.run(network.connect(["127.0.0.1", "127.0.0.2"], port))
    assert found.answer == "yes"
    assert "127.0.0.2" in found.detail
    assert "each connection may have to wait" in found.ask


def test_a_wrong_option_is_found_before_anything_is_tried() -> None:
    report = doctor.examine(destination("sftp://127.0.0.1:1/", verfy="size"))
    [only] = report.steps
    assert only.name == "configuration"
    assert "Did you mean 'verify'?" in only.detail


def test_a_login_in_the_clear() -> None:
    report = doctor.examine(destination("ftp://news:hunter2@no-such-host.invalid/"))
    found = step(report, "keep the login secret")
    assert (found.answer, found.ask) == ("no", "Ask for ftp+tls or sftp.")


def test_a_hanging_server_does_not_stop_the_others(hanging: int, tmp_path: Path) -> None:
    """Reports come in the order of the destinations."""
    told: list[Report] = []
    slow = destination(f"ftp://127.0.0.1:{hanging}/", "slow", timeout=1)
    doctor.examine_all(
        [slow, destination(f"file://{tmp_path}", "here"), destination("dummy://x", "memory")],
        told.append,
    )
    assert [(each.destination, each.sound) for each in told] == [
        ("slow", False), ("here", True), ("memory", True),
    ]  # fmt: skip
    assert last(told[0]).name == "log in"
    assert "did not answer within 1 seconds" in last(told[0]).detail


def examined(place: Place, connections: int) -> Capability:
    """What is found about so many connections, once the server has forgotten earlier ones."""
    for _ in range(100):
        report = doctor.examine(place.destination(connections=connections))
        if last(report).name == "several connections" and "number 2" not in last(report).detail:
            return last(report)
    raise AssertionError(report)


def test_more_connections_than_the_server_takes(server_folder: Path, account: Any) -> None:
    need("vsftpd")
    with run_vsftpd(server_folder, account, config="max_per_ip=2") as server:
        place = at_server(server)
        found = examined(place, 4)
        assert found.answer == "no"
        assert "number 3 of 4 was refused" in found.detail
        assert "OPTIONS['connections'] to 2" in found.ask
        assert examined(place, 2).detail == "2 at the same time"


class Own(pigeon.SyncSender):
    """A user's own sender, without a probe; it raises what a host's name says."""

    schemes = ("own",)
    options = {"token": str}

    def open(self) -> None:
        if self.destination.host == "raises":
            raise RuntimeError(f"no flight with {self.destination.options['token']}")

    def send(self, delivery: Delivery) -> None:
        raise NotImplementedError


@pytest.fixture
def own() -> Iterator[None]:
    register_sender(Own)
    yield
    unregister_sender(Own)


@pytest.mark.usefixtures("own")
def test_a_sender_without_a_probe() -> None:
    report = doctor.examine(destination("own://flies", token=WRONG))
    assert report.sound
    assert last(report).answer == "skipped"


@pytest.mark.usefixtures("own")
def test_a_sender_that_raises() -> None:
    report = doctor.examine(destination("own://raises", token=WRONG))
    assert not report.sound
    assert last(report).detail == "RuntimeError: no flight with [redacted]"


@pytest.mark.parametrize(
    ("days", "answer"), [(400, ["yes"]), (31, ["yes"]), (29, ["no"]), (-1, ["no"])]
)
def test_a_certificate_that_ends_soon(days: int, answer: list[str]) -> None:
    ends = datetime.now(UTC) + timedelta(days=days, hours=1)
    told = f"CN=partner.example, until {ends:%b %d %H:%M:%S %Y} GMT"
    found = about_certificate({"certificate": told})
    assert [each.answer for each in found] == answer
    assert f"{ends:%Y-%m-%d}" in found[0].detail


def test_no_certificate() -> None:
    assert about_certificate({}) == about_certificate({"certificate": "not verified"}) == []
