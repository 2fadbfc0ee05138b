"""An answer that was lost is no second delivery: the next attempt looks first."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from pigeon.engine.courier import Courier
from pigeon.models import DestinationState, ItemToPush, Status
from tests.apps.newsroom.models import Story
from tests.contracts.places import Place
from tests.faults.lines import Lines
from tests.flows.site import Site, xml

pytestmark = pytest.mark.django_db(databases=["default"])


@pytest.fixture
def lines() -> Iterator[Lines]:
    with Lines() as lines:
        yield lines


def test_the_next_attempt_finds_what_arrived_though_nobody_said_so(
    site: Site, place: Place, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = urlsplit(place.url).port
    assert port
    line = lines.open(port, ftp=place.url.startswith("ftp"))
    there = line.to(place, timeout=5)
    site.destination("partner", place.url.replace(f":{port}/", f":{line.port}/"), **there.options)
    site.rule("partner", "partner")
    story = Story.objects.create(title="one", body="text")
    check = Courier._check_lease

    async def mute(self: Courier, item: ItemToPush) -> None:
        await check(self, item)
        line.mute = True  # from here on, right before the rename, no answer comes through

    monkeypatch.setattr(Courier, "_check_lease", mute)
    site.push()
    item, [attempt] = site.item(), site.attempts()
    assert (item.status, attempt.error_class) == (Status.RETRY, "AmbiguousError"), item.message
    name = f"newsroom_story_{story.pk}.xml"
    inode = (place.folder / name).stat().st_ino
    monkeypatch.undo()
    line.mute = False
    lines.heal()
    assert site.push(retry_now=True).total("pushed") == 1, site.item().message
    assert place.files() == {name: xml(story)}
    assert (place.folder / name).stat().st_ino == inode, "sent twice"
    [receipt] = site.attempts()[-1].receipts
    assert receipt["published"] == "found"
    assert DestinationState.objects.get().is_well
