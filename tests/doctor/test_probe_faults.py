"""A probe that is cut off, frozen or stopped at any moment leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from pigeon.destinations import Destination
from pigeon.senders.capabilities import Capabilities
from tests.contracts.places import Place, at_server, opened
from tests.doctor.conftest import answers, one
from tests.faults.proxy import Proxy

pytestmark = pytest.mark.slow
#: Bytes from the client, after the login, at which something happens.
MOMENTS = {
    "sshd": [0, 500, 4_000, 7_500, 13_000, 18_000],
    "vsftpd": [0, 60, 230, 4_500, 9_000],
    "proftpd": [150, 6_000],
}
AT = [pytest.param(kind, moment) for kind, moments in MOMENTS.items() for moment in moments]


@pytest.fixture
def place(kind: str, request: pytest.FixtureRequest) -> Place:
    return at_server(request.getfixturevalue(kind))


async def probe(target: Destination, line: Proxy, moment: int) -> Capabilities:
    async with opened(target) as sender:
        line.budget = moment
        return await sender.probe()


def through(place: Place, test: Callable[[Proxy], object]) -> None:
    async def run() -> None:
        port = place.destination().port
        assert port
        async with Proxy(port, ftp=place.url.startswith("ftp")) as line:
            await test(line)  # type: ignore[misc]

    asyncio.run(run())


@pytest.mark.parametrize(("kind", "moment"), AT)
def test_a_cut(place: Place, moment: int, untouched: Callable[[], None]) -> None:
    """What was there is removed over a new connection; what was not tried is skipped."""

    async def test(line: Proxy) -> None:
        found = await probe(line.to(place), line, moment)
        if "skipped" in answers(found).values():
            assert not found.sound
        assert one(found, "leave nothing behind").answer == "yes", found

    through(place, test)
    untouched()


@pytest.mark.parametrize(("kind", "moment"), AT)
def test_ctrl_c(place: Place, moment: int, untouched: Callable[[], None]) -> None:
    async def test(line: Proxy) -> None:
        task = asyncio.create_task(probe(line.to(place), line, moment))
        line.when_spent = task.cancel
        with pytest.raises(asyncio.CancelledError):
            await task
            raise asyncio.CancelledError  # it had sent all before it could be stopped

    through(place, test)
    untouched()


@pytest.mark.parametrize("kind", ["sshd", "vsftpd"])
def test_a_server_that_never_comes_back(
    place: Place, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """What stays is named, since somebody has to remove it."""

    async def test(line: Proxy) -> None:
        def end() -> None:
            line.refuse()
            line.cut()

        line.when_spent = end
        found = await probe(line.to(place), line, 2_000)
        assert not found.sound
        leaving = one(found, "leave nothing behind")
        assert leaving.answer == "no"
        assert f"/{next(place.folder.iterdir()).name}" in leaving.detail

    through(place, test)
    assert "had to leave this" in caplog.text


@pytest.mark.parametrize("kind", ["sshd", "vsftpd"])
def test_a_server_that_freezes(place: Place) -> None:
    async def test(line: Proxy) -> None:
        line.when_spent = line.freeze
        found = await probe(line.to(place, timeout=3), line, 0)
        assert not found.sound
        assert "stopped answering for 3 seconds" in one(found, "make a folder").detail

    through(place, test)
