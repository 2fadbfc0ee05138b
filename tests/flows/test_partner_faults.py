"""Whatever the partner does: the item says so, the others go on, and later it arrives."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pigeon.models import DestinationState, ItemToPush, Status
from pigeon.senders import dummy
from tests.apps.newsroom.models import Story
from tests.flows.site import Site, xml
from tests.servers.proftpd import WITHOUT_RENAME, run_proftpd
from tests.servers.server import Server, small_disk
from tests.servers.sshd import run_sshd
from tests.servers.vsftpd import run_vsftpd

pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases=["default"])]


@pytest.fixture(params=["sshd", "vsftpd", "proftpd"])
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def folder(server: Server) -> Path:
    return server.folder(f"faults-{random.getrandbits(40)}")


def rule_for(site: Site, server: Server, folder: Path, **options: Any) -> None:
    """One rule that goes to the partner and, so that we see who waits, to a second one."""
    site.destination("partner", server.url(folder.name), timeout=5, **server.options(**options))
    site.rule("rule", "partner", "dummy://other")


def story(title: str = "Überschrift") -> Story:
    return Story.objects.create(title=title, body="text " * 1000)


def item() -> ItemToPush:
    return ItemToPush.objects.get(destination="partner")


def visible(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name[0] != "."}


def assert_waits(*words: str) -> None:
    """The item waits, says why in words, and the other partner has its copy."""
    found = item()
    assert found.status == Status.RETRY, found.message
    for word in words:
        assert word in found.message
    assert len(dummy.outbox) == 1
    attempt = found.attempts.get()
    assert attempt.outcome == "retry"
    assert attempt.message == found.message


def assert_arrives(site: Site, folder: Path, expected: Story) -> None:
    summary = site.push(retry_now=True)
    assert summary.total("pushed") == 1, item().message
    names = [path.name for path in folder.iterdir()]
    assert names == [f"newsroom_story_{expected.pk}.xml"]
    assert visible(folder) == {names[0]: xml(expected)}
    assert DestinationState.objects.get(name="partner").is_well


def test_the_partner_refuses_the_login(site: Site, server: Server, folder: Path) -> None:
    wrong = {"password": "not this one"} | ({"key_file": None} if server.scheme == "sftp" else {})
    rule_for(site, server, folder, **wrong)
    one = story()
    site.push()
    assert_waits("refused the login", server.username)
    assert "not this one" not in item().message
    state = DestinationState.objects.get(name="partner")
    assert state.stopped_reason == item().message
    rule_for_again(site, server, folder)
    assert_arrives(site, folder, one)


def rule_for_again(site: Site, server: Server, folder: Path) -> None:
    site.destination("partner", server.url(folder.name), timeout=10, **server.options())


def test_the_partner_hangs_at_connect(site: Site, server: Server, folder: Path) -> None:
    rule_for(site, server, folder)
    one = story()
    with server.hanging():
        site.push()
    assert_waits(str(server.port))
    assert visible(folder) == {}
    rule_for_again(site, server, folder)
    assert_arrives(site, folder, one)


def test_the_partners_folder_is_read_only(site: Site, server: Server, folder: Path) -> None:
    rule_for(site, server, folder)
    one = story()
    with server.read_only(folder):
        site.push()
        assert_waits("right to write there")
        assert visible(folder) == {}
    assert_arrives(site, folder, one)


def test_the_partners_disk_is_full(site: Site, server: Server) -> None:
    with small_disk(server, f"full-{random.getrandbits(40)}") as disk:
        rule_for(site, server, disk)
        one = story()
        _fill(disk)
        site.push()
        assert_waits()
        assert [path.name for path in disk.iterdir() if path.name[0] != "."] == ["filler"]
        (disk / "filler").unlink()
        assert_arrives(site, disk, one)


def _fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        for _ in range(1000):
            filler.write(b"x" * 4096)


@pytest.mark.parametrize("kind", ["sshd", "vsftpd", "proftpd"])
def test_a_partner_without_rename_is_named_with_the_way_out(
    site: Site, kind: str, server_folder: Path, account: Any, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(kind)  # for its capability
    runs = {
        "sshd": lambda: run_sshd(server_folder, account, sftp_options="-P posix-rename,rename"),
        "vsftpd": lambda: run_vsftpd(server_folder, account, config="cmds_denied=RNFR,RNTO"),
        "proftpd": lambda: run_proftpd(server_folder, account, config=WITHOUT_RENAME),
    }
    with runs[kind]() as server:
        folder = server.folder("in")
        rule_for(site, server, folder)
        one = story()
        site.push()
        assert_waits("OPTIONS['publish']", "in-place")
        assert visible(folder) == {}
        options = server.options(publish="in-place")
        site.destination("partner", server.url(folder.name), **options)
        assert_arrives(site, folder, one)


def test_connections_that_are_cut_again_and_again(
    site: Site, server: Server, folder: Path
) -> None:
    rule_for(site, server, folder)
    stories = [story(str(number)) for number in range(3)]
    site.push()
    server.drop_sessions()
    for each in stories:
        each.body = "new"
        each.save()
    server.drop_sessions()
    assert site.push().total("pushed") == 6
    assert visible(folder) == {f"newsroom_story_{each.pk}.xml": xml(each) for each in stories}


def test_a_version_replaces_the_one_before(site: Site, server: Server, folder: Path) -> None:
    rule_for(site, server, folder)
    one = story("first")
    site.push()
    one.title = "second, and longer than the first"
    one.save()
    site.push()
    assert visible(folder) == {f"newsroom_story_{one.pk}.xml": xml(one)}
