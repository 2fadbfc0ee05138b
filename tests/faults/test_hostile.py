"""Servers that mean harm: a clear error, in bounded time and memory, and nothing lost."""

from __future__ import annotations

import asyncio
import logging
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pigeon import doctor
from pigeon.destinations import Destination
from pigeon.exceptions import DeliveryError, DestinationMisconfigured, TransientError, Unreachable
from pigeon.models import ItemToPush, Publication, Status
from pigeon.senders.base import Delivery
from pigeon.senders.remote import RemoteSender
from pigeon.testing import SFTPPartner
from tests.apps.newsroom.models import Story
from tests.contracts.places import at_partner, opened
from tests.flows.site import Site
from tests.remotes import strangers
from tests.senders.parcels import delivery, destination, parcel
from tests.servers.hostile import BoastfulPartner, HostilePartner, hostile_ftp

#: Seconds that a server gets for an answer in these tests.
SHORT = 2.0
#: Bytes that a hostile server may cost us.
ENOUGH = 24 * 1024 * 1024
SSH = b"SSH-2.0-OpenSSH_9.2p1\r\n"
TLS = bytes.fromhex("15030300020228")  # an alert: handshake failure
#: Scheme → those who may answer there instead.
STRANGERS = {
    "sftp": {"ftp": strangers.FTP, "http": strangers.HTTP, "tls": TLS},
    "ftp": {"ssh": SSH, "http": strangers.HTTP, "tls": TLS},
    "ftp+tls": {"ssh": SSH, "http": strangers.HTTP, "tls": TLS},
    "ftps": {"ssh": SSH, "http": strangers.HTTP, "ftp": strangers.FTP},
    "http": {"ssh": SSH, "ftp": strangers.FTP, "tls": TLS},
    "https": {"ssh": SSH, "ftp": strangers.FTP, "http": strangers.HTTP},
}
TALKS = [
    pytest.param(scheme, strangers.says(words), id=f"{scheme}-{name}")
    for scheme, others in STRANGERS.items()
    for name, words in others.items()
] + [
    pytest.param(scheme, strangers.repeats(words), id=f"{scheme}-endless-{name}")
    for scheme in STRANGERS
    for name, words in {"line": strangers.LINE, "garbage": strangers.GARBAGE}.items()
]


@contextmanager
def little_memory() -> Iterator[None]:
    """Within the block Python allocates no more than :data:`ENOUGH` bytes at the same time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < ENOUGH
    finally:
        tracemalloc.stop()


def send(target: Destination, what: Delivery) -> None:
    async def run() -> None:
        async with asyncio.timeout(60), opened(target) as sender:
            await sender.send(what)

    asyncio.run(run())


def at(scheme: str, port: int) -> Destination:
    return destination(f"{scheme}://news@127.0.0.1:{port}/in", password="s3cret", timeout=SHORT)


@pytest.mark.parametrize(("scheme", "talk"), TALKS)
def test_another_protocol(scheme: str, talk: Callable[..., None], tmp_path: Path) -> None:
    """It may be the wrong port or a firewall's page: worth another try, later."""
    with strangers.answering(talk) as port, little_memory():
        target = at(scheme, port)
        with pytest.raises((Unreachable, TransientError, DestinationMisconfigured)) as caught:
            send(target, delivery(parcel(tmp_path, {"a": b"x"})))
        assert f"127.0.0.1:{port}" in str(caught.value)
        assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("scheme", list(STRANGERS))
def test_the_doctor_meets_another_protocol(scheme: str) -> None:
    words = next(iter(STRANGERS[scheme].values()))
    with strangers.answering(strangers.says(words)) as port:
        report = doctor.examine(at(scheme, port))
    assert not report.sound
    assert report.missing[-1].ask


@pytest.mark.parametrize("behaviour", ["chatters", "raves"])
@pytest.mark.parametrize("verb", ["FEAT", "PASV", "STOR", "SIZE", "RNTO"])
def test_an_answer_without_end(behaviour: str, verb: str, tmp_path: Path) -> None:
    with hostile_ftp(**{behaviour: verb}) as server, little_memory():
        with pytest.raises(DeliveryError):
            target = destination(server.url, password="s3cret", timeout=SHORT)
            send(target, delivery(parcel(tmp_path, {"a": b"x"})))
        assert "/in/a" not in server.files


def test_a_data_port_elsewhere(tmp_path: Path) -> None:
    """The address of PASV is not believed: it could be anybody's machine."""
    with hostile_ftp() as server:
        sent = delivery(parcel(tmp_path, {"a": b"x"}))
        send(destination(server.url, password="s3cret"), sent)
        assert server.files == {"/in/a": b"x"}
        assert sent.receipts[0].published == "rename"


def test_ten_gigabytes_announced_by_ftp(tmp_path: Path) -> None:
    with hostile_ftp(announced=10_000_000_000) as server, little_memory():
        with pytest.raises(TransientError, match="10000000000 bytes instead of 1"):
            send(
                destination(server.url, password="s3cret"),
                delivery(parcel(tmp_path, {"a": b"x"})),
            )
        assert server.files == {}


@pytest.mark.parametrize("client", ["asyncssh", "paramiko"])
def test_ten_gigabytes_announced_by_sftp(client: str, tmp_path: Path) -> None:
    with BoastfulPartner() as partner, little_memory():
        place = at_partner(partner)
        with pytest.raises(TransientError, match="10000000000 bytes instead of 1"):
            place.send(delivery(parcel(tmp_path, {"a": b"x"})), client=client)
        assert place.files() == {}


def test_a_file_that_never_ends_by_ftp(tmp_path: Path) -> None:
    """Read back for its digest: no further than it is long."""
    with hostile_ftp(endless=True) as server, little_memory():
        target = destination(server.url, password="s3cret", verify="sha256")
        with pytest.raises(TransientError, match="arrived damaged"):
            send(target, delivery(parcel(tmp_path, {"a": b"x" * 1000})))
        assert server.files == {}
        assert server.sent < ENOUGH


@pytest.mark.parametrize("client", ["asyncssh", "paramiko"])
def test_a_file_that_never_ends_by_sftp(client: str, tmp_path: Path) -> None:
    with HostilePartner() as partner, little_memory():
        place = at_partner(partner)
        with pytest.raises(TransientError, match="arrived damaged"):
            place.send(
                delivery(parcel(tmp_path, {"a": b"y" * 1000})), client=client, verify="sha256"
            )
        assert place.files() == {}


def listed(target: Destination) -> list[str]:
    async def run() -> list[str]:
        async with opened(target) as sender:
            assert isinstance(sender, RemoteSender)
            return [entry.name async for entry in sender._remote.list(sender._remote.root)]

    return asyncio.run(run())


def test_a_listing_that_leads_elsewhere_by_ftp(caplog: pytest.LogCaptureFixture) -> None:
    with hostile_ftp() as server, caplog.at_level(logging.WARNING):
        assert listed(destination(server.url, password="s3cret")) == ["good.txt"]
    assert "is no file name" in caplog.text


@pytest.mark.parametrize("client", ["asyncssh", "paramiko"])
def test_a_listing_that_leads_elsewhere_by_sftp(
    client: str, caplog: pytest.LogCaptureFixture
) -> None:
    with HostilePartner() as partner, caplog.at_level(logging.WARNING):
        target = destination(partner.url, **partner.options, client=client)
        assert listed(target) == ["good.txt"]
    assert "is no file name" in caplog.text


@pytest.mark.django_db
def test_nothing_is_lost(site: Site) -> None:
    """From the save to the partner: the item waits, and goes when somebody honest is there."""
    with hostile_ftp(endless=True) as server:
        site.destination("beloved", server.url, password="s3cret", verify="sha256")
        site.rule("partner", "beloved")
        Story.objects.create(title="One")
        site.push()
        assert site.item().status == Status.RETRY
        assert "arrived damaged" in site.item().message
        assert (server.files, Publication.objects.count()) == ({}, 0)
        server.endless = False
        site.later(days=1)
        site.push()
        assert site.item().status == Status.PUSHED
        assert list(server.files) == [f"/in/newsroom_story_{Story.objects.get().pk}.xml"]


@pytest.mark.django_db
@pytest.mark.parametrize("scheme", ["sftp", "ftp", "ftps", "http"])
def test_nothing_is_lost_to_a_stranger(site: Site, scheme: str) -> None:
    with strangers.answering(strangers.says(next(iter(STRANGERS[scheme].values())))) as port:
        url = f"{scheme}://news@127.0.0.1:{port}/in"
        site.destination("beloved", url, password="s3cret", timeout=SHORT)
        site.rule("partner", "beloved")
        Story.objects.create(title="One")
        site.push()
    item = site.item()
    assert item.status in (Status.NEW, Status.RETRY)
    assert ItemToPush.objects.count() == 1
    with SFTPPartner() as partner:
        site.destination("beloved", partner.url, **partner.options)
        site.later(days=1)
        site.push()
        assert site.item().status == Status.PUSHED, site.item().message
        assert len(partner.files()) == 1
