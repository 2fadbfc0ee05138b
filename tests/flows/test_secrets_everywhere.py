"""No secret of any kind is seen anywhere, however a delivery ends.

A new scheme or a new way to log in is a new row of ``secret_rows``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from pigeon.models import Status
from pigeon.senders.base import Sender
from pigeon.senders.registry import all_served_by, sender_class
from tests.apps.newsroom.models import Story
from tests.faults.fault import Fault
from tests.faults.lines import Lines
from tests.flows.leaks import Watch
from tests.flows.secret_rows import ROWS, SITUATIONS, Case
from tests.flows.site import Site

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(databases=["default"]),
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS"),
]
CASES = [
    pytest.param(row, situation, id=f"{row}-{situation}")
    for situation, rows in SITUATIONS.items()
    for row in ROWS
    if row in rows
]
#: Bytes of the client after which a connection breaks: in the login, and behind it.
BREAKS = (60, 700, 3000)


@contextmanager
def opened(
    row: str, situation: str, site: Site, watch: Watch, request: Any, aside: Path
) -> Iterator[None]:
    """A destination "place" as ``row`` says, with a rule that goes there."""
    with ExitStack() as stack:
        lines = stack.enter_context(Lines()) if situation == "lost" else None

        def through(port: int) -> int:
            faults = (Fault("reset", "client", at) for at in BREAKS)
            return lines.open(port, *faults).port if lines else port

        case = Case(situation, site, watch, aside, request, through)
        url, options = stack.enter_context(ROWS[row](case))
        site.destination("place", url, timeout=2 if lines else 20, **options)
        site.rule("partner", "place")
        if situation == "broken":
            stack.enter_context(all_served_by(broken(urlsplit(url).scheme)))
        yield


def broken(scheme: str) -> Any:
    """The sender of ``scheme``, which fails with all that it knows."""
    real: Any = sender_class(scheme)

    def fail(self: Any) -> None:
        place = self.destination
        known = [place.get_password(), *place.secrets(), *place.options.items()]
        known += [quote(str(each)) for each in known]
        try:
            raise LookupError(*known)
        except LookupError as error:
            raise RuntimeError(f"unexpected: {known!r} {vars(self)!r}") from error

    async def send(self: Any, delivery: Any) -> None:
        fail(self)

    def send_in_thread(self: Any, delivery: Any) -> None:
        fail(self)

    chosen = send if issubclass(real, Sender) else send_in_thread
    return type("Broken", (real,), {"send": chosen})


@pytest.mark.parametrize(("row", "situation"), CASES)
def test_no_secret_is_seen(
    row: str,
    situation: str,
    site: Site,
    watch: Watch,
    request: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with opened(row, situation, site, watch, request, tmp_path_factory.mktemp("keys")):
        Story.objects.create(title="A story")
        watch.run("pigeon_push", "--traceback", "-v", "3")
        item = site.item()
        assert (item.status == Status.PUSHED) is (situation == "good"), item.message
        if situation == "broken":
            assert "unexpected" in item.message
        watch.look_everywhere(item)
