"""From a save to every kind of destination, and back when the story is withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pigeon.models import Publication, Status
from pigeon.registry import registry
from tests.apps.newsroom.models import Story
from tests.contracts.conftest import partners as partners  # a fixture that doors may want
from tests.contracts.doors import KINDS, Door, opened_door
from tests.flows.site import Site, xml

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS"),
]


@pytest.fixture(params=KINDS)
def door(request: pytest.FixtureRequest, site: Site, tmp_path: Path) -> Iterator[Door]:
    """An empty destination of each kind in turn."""
    with opened_door(request.param, request, site.settings, tmp_path) as found:
        yield found


@pytest.fixture
def rule(site: Site, door: Door) -> Any:
    site.destination("place", door.url, **door.options)
    return site.rule(
        "partner", "place", push_deletions="remove", push_withdrawals=True,
        filter_by_state=lambda self, instance: instance.is_online,
    )  # fmt: skip


@pytest.mark.parametrize("how", ["withdrawn", "deleted"])
@pytest.mark.usefixtures("rule")
def test_a_story_goes_out_and_comes_back(site: Site, door: Door, how: str) -> None:
    story = Story.objects.create(title="Möwe", body="x", is_online=True)
    name = f"newsroom_story_{story.pk}.xml"
    site.push()
    assert site.item().status == Status.PUSHED, site.item().message
    assert door.received() == {name: xml(story)}
    story.title = "Möwe 2"
    story.save()
    site.push()
    assert door.received() == {name: xml(story)}
    there = xml(story)
    assert Publication.objects.get().remote_path
    if how == "deleted":
        story.delete()
    else:
        story.is_online = False
        story.save()
    site.push()
    if door.removes:
        assert site.item().status == Status.PUSHED, site.item().message
        assert door.received() == {}
        assert not Publication.objects.exists()
    else:  # and the record says so
        assert site.item().status == Status.SEND_ERROR
        assert "tombstone" in site.item().message
        assert door.received() == {name: there}
        assert Publication.objects.exists()


def test_the_sender_of_an_app_is_known_to_the_checks(site: Site, tmp_path: Path) -> None:
    from django.core.checks import run_checks

    site.rule("partner", f"tube://{tmp_path}")
    assert [each for each in run_checks(tags=["pigeon"]) if "tube" in each.msg] == []
    assert registry.rules()
