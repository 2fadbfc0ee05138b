"""Checksums and done-files whose name several parcels share, at a real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pigeon.models import ItemToPush, Status
from tests.apps.newsroom.models import Story
from tests.contracts.places import at_server
from tests.flows.site import Site
from tests.servers.server import Server

pytestmark = pytest.mark.django_db(databases=["default"])
NUMBER = 20


@pytest.fixture(params=["file", "sshd", "vsftpd"])
def folder(request: pytest.FixtureRequest, site: Site, tmp_path: Path) -> Path:
    """Where ``NUMBER`` stories of one rule arrive, with the options of the test."""
    place = tmp_path / "out"
    url, options = f"file://{place}", {}
    if request.param != "file":
        server: Server = request.getfixturevalue(request.param)
        there = at_server(server)
        url, options, place = there.url, there.options, there.folder
    site.destination("partner", url, **options)
    site.rule("rule", "partner")
    return place


def with_options(site: Site, **options: Any) -> None:
    site.destinations["partner"]["OPTIONS"] |= options
    site.settings.PIGEON_DESTINATIONS = dict(site.destinations)


@pytest.mark.parametrize(
    ("options", "name"),
    [({"checksum": "SHA256SUMS"}, "SHA256SUMS"), ({"done_file": "READY"}, "READY")],
)
def test_deliveries_that_share_a_companion_do_not_meet(
    site: Site, folder: Path, options: dict[str, str], name: str
) -> None:
    """Under one temporary name, each would write into, rename or remove the other's."""
    with_options(site, **options)
    for number in range(NUMBER):
        Story.objects.create(title=str(number), body="text " * number)
    site.push()
    states = dict(ItemToPush.objects.values_list("title", "message"))
    assert ItemToPush.objects.filter(status=Status.PUSHED, failures=0).count() == NUMBER, states
    names = {path.name for path in folder.iterdir()}
    assert len(names) == NUMBER + 1 and name in names
    if name == "SHA256SUMS":
        [line] = (folder / name).read_text().splitlines()
        digest, path = line.split("  ")
        assert (folder / path).exists() and len(digest) == 64
