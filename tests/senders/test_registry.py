from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from django.test import override_settings

from pigeon.exceptions import AlreadyRegistered, ConfigurationError, LeaseLost
from pigeon.senders import registry
from pigeon.senders.base import Delivery, Sender, SyncSender, ThreadedSender
from pigeon.senders.registry import (
    check_destination,
    make_sender,
    register_sender,
    sender_class,
    unregister_sender,
)
from tests.senders.parcels import delivery, destination


class CarrierSender(SyncSender):
    """What a user would write."""

    schemes: ClassVar = ("carrier", "carrier+fast")
    options: ClassVar = {"wings": int}
    sent: ClassVar[list[str]] = []

    @classmethod
    def check(cls, destination: Any) -> list[str]:
        return [] if destination.host else ["A carrier needs a host."]

    def send(self, delivery: Delivery) -> None:
        self.check_lease(delivery)
        self.sent.append(delivery.title)


class RivalSender(CarrierSender):
    schemes: ClassVar = ("rival", "carrier")


@pytest.fixture
def carrier() -> Iterator[type[SyncSender]]:
    yield register_sender(CarrierSender)
    unregister_sender(CarrierSender)
    CarrierSender.sent.clear()


@pytest.mark.parametrize("scheme", sorted(registry.BUILT_IN))
def test_built_in_senders_are_found_by_their_scheme(scheme: str) -> None:
    found = sender_class(scheme)
    assert issubclass(found, (Sender, SyncSender))
    assert scheme in found.schemes


def test_a_registered_class_serves_its_schemes(carrier: type[SyncSender]) -> None:
    assert sender_class("carrier") is sender_class("carrier+fast") is CarrierSender
    assert register_sender(CarrierSender) is CarrierSender  # again is harmless


def test_an_unknown_scheme_says_which_are_known(carrier: type[SyncSender]) -> None:
    with pytest.raises(ConfigurationError, match=r"'pony'.*carrier, carrier\+fast, dummy, file"):
        sender_class("pony")


def test_a_taken_scheme_is_refused_and_nothing_is_registered(carrier: type[SyncSender]) -> None:
    with pytest.raises(AlreadyRegistered, match=r"RivalSender .*'carrier', which CarrierSender"):
        register_sender(RivalSender)
    with pytest.raises(ConfigurationError, match="'rival'"):
        sender_class("rival")


def test_pigeons_own_schemes_are_taken() -> None:
    class Mine(CarrierSender):
        schemes: ClassVar = ("sftp",)

    with pytest.raises(AlreadyRegistered, match=r"'sftp', which pigeon\.senders\.sftp"):
        register_sender(Mine)


@pytest.mark.parametrize("schemes", [(), "carrier", ("Carrier",), ("a b",), (7,)])
def test_malformed_schemes(schemes: Any) -> None:
    wrong = type("Wrong", (CarrierSender,), {"schemes": schemes})
    with pytest.raises(ConfigurationError, match=r"Wrong\.schemes"):
        register_sender(wrong)


def test_what_is_no_sender() -> None:
    with pytest.raises(ConfigurationError, match="must be a subclass of"):
        register_sender(dict)  # type: ignore[type-var]


def test_the_setting_names_senders_and_can_be_overridden() -> None:
    path = f"{__name__}.CarrierSender"
    with override_settings(PIGEON_SENDERS=[path]):
        assert sender_class("carrier").__name__ == "CarrierSender"
    with pytest.raises(ConfigurationError):
        sender_class("carrier")


def test_mistakes_in_the_setting(carrier: type[SyncSender]) -> None:
    with (
        override_settings(PIGEON_SENDERS=["no.such.Sender"]),
        pytest.raises(ConfigurationError, match=r"PIGEON_SENDERS names 'no\.such\.Sender'"),
    ):
        sender_class("dummy")
    with (
        override_settings(PIGEON_SENDERS=[f"{__name__}.RivalSender"]),
        pytest.raises(AlreadyRegistered),
    ):
        sender_class("rival")


def test_a_plain_sender_is_run_in_threads(carrier: type[SyncSender]) -> None:
    sender = make_sender(destination("carrier://host/", connections=3))
    assert isinstance(sender, ThreadedSender)
    assert (sender.in_flight, sender.connections) == (1, 3)

    async def lost() -> None:
        raise LeaseLost("gone")

    async def use() -> None:
        await sender.open()
        await sender.send(delivery(None, title="first"))
        with pytest.raises(LeaseLost):
            await sender.send(delivery(None, title="second", check_lease=lost))
        await sender.close()

    asyncio.run(use())
    assert CarrierSender.sent == ["first"]


def test_all_calls_of_a_plain_sender_are_made_in_one_thread() -> None:
    threads = set()

    class Sticky(CarrierSender):
        def open(self) -> None:
            threads.add(threading.get_ident())

        close = open

        def send(self, delivery: Delivery) -> None:
            self.open()

    async def use() -> None:
        where = destination("carrier://host/")
        sender = ThreadedSender(where, Sticky(where))
        await sender.open()
        await sender.send(delivery(None))
        await sender.close()

    asyncio.run(use())
    assert len(threads - {threading.get_ident()}) == 1


def test_a_plain_sender_that_hangs_can_be_given_up_and_publishes_nothing_then() -> None:
    begun, go_on, refused = threading.Event(), threading.Event(), threading.Event()
    closed = []

    class Hanging(CarrierSender):
        def send(self, delivery: Delivery) -> None:
            begun.set()
            go_on.wait(60)
            try:
                self.check_lease(delivery)
            except LeaseLost:
                refused.set()

        def close(self) -> None:
            closed.append(True)

    async def use() -> None:
        where = destination("carrier://host/")
        sender = ThreadedSender(where, Hanging(where))
        await sender.open()
        sending = asyncio.create_task(sender.send(delivery(None)))
        await asyncio.to_thread(begun.wait, 60)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        assert sender.broken
        await sender.close()  # does not wait for what hangs

    asyncio.run(use())
    assert closed
    go_on.set()
    assert refused.wait(60)


def test_checking_options(carrier: type[SyncSender]) -> None:
    def problems(url: str = "carrier://host/", **options: Any) -> list[str]:
        return check_destination(destination(url, **options))

    assert problems(wings=2, connections=1, timeout=0.5, password=lambda: "x") == []
    assert problems(wing=2) == ["Unknown option 'wing'. Did you mean 'wings'?"]
    assert problems(zzz=2)[0].startswith("Unknown option 'zzz'. Known options: connections,")
    assert problems(wings="two") == ["Option 'wings' must be a whole number, not str."]
    assert problems(connections=True) == ["Option 'connections' must be a whole number, not bool."]
    assert problems(timeout=0) == ["Option 'timeout' must be more than 0."]
    assert problems("carrier:///x") == ["A carrier needs a host."]
    assert "Known schemes" in problems("pony://x")[0]


@pytest.mark.parametrize(
    ("url", "options", "problem"),
    [
        ("sftp://u@host/x", {"host_key_check": "no"}, "'host_key_check' must be True or False"),
        ("sftp://u@host/x", {"known_host": "x"}, "Did you mean 'known_hosts'?"),
        ("sftp://u@host/x", {"verify": "md5"}, "'verify' is one of 'size', 'sha256', 'none'"),
        ("sftp://u@host/x", {"publish": "copy"}, "'publish' is one of"),
        ("sftp:///x", {}, "needs a host"),
        ("ftp:///x", {}, "needs a host"),
        ("file://relative/x", {}, "three slashes"),
    ],
)
def test_checking_pigeons_own(url: str, options: dict[str, Any], problem: str) -> None:
    found = check_destination(destination(url, **options))
    assert len(found) == 1
    assert problem in found[0]


def test_secrets_are_not_in_problems() -> None:
    found = check_destination(destination("sftp://host/", password=12345, passphrase=["s3cret"]))
    assert len(found) == 2
    assert "12345" not in str(found)
    assert "s3cret" not in str(found)
