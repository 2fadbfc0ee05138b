"""What used to go wrong in systems of this kind, each as one push from save to partner."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

import pigeon
from pigeon.makers.base import BaseOutputMaker
from pigeon.models import ItemToPush, Status
from pigeon.senders import dummy
from pigeon.testing import FTPPartner, SFTPPartner
from pigeon.testing.partners import Partner
from tests.apps.newsroom.models import Story, UUIDStory
from tests.flows.site import Site
from tests.management.conftest import Run

pytestmark = pytest.mark.django_db

#: What a URL takes apart: here it is the password of a user whose name is an address.
PASSWORD, USER = "p@ss:wo/rd?#%41é", "news@desk.example"
TWO_PARTNERS = pytest.mark.parametrize("kind", [SFTPPartner, FTPPartner])


class _Named(BaseOutputMaker):
    """An output called as its class says, with the story's title in it."""

    name = "a.txt"

    def get_filename(self) -> str:
        return self.name

    def write(self, target: Any) -> None:
        target.write(str(self.instance).encode())


def _two_files(self: Any, instance: Any) -> list[BaseOutputMaker]:
    return [type(name, (_Named,), {"name": name})(self, instance) for name in ("a.txt", "b.txt")]


def test_a_file_that_fails_is_not_made_good_by_the_last_one(site: Site, tmp_path: Path) -> None:
    (tmp_path / "out" / "a.txt").mkdir(parents=True)  # a folder where the first file belongs
    site.rule("partner", f"file://{tmp_path}/out", get_output_makers=_two_files)
    Story.objects.create(title="one")
    site.push()
    item = site.item()
    assert item.status != Status.PUSHED
    assert "a.txt" in item.message
    (tmp_path / "out" / "a.txt").rmdir()
    site.later(days=1)
    site.push()
    assert site.item().status == Status.PUSHED
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.txt", "b.txt"]


@pytest.mark.parametrize("packer", [pigeon.FlatPacker, pigeon.ZIPPacker, pigeon.TARPacker])
def test_a_parcel_of_nothing_is_not_sent(site: Site, packer: Any) -> None:
    site.rule("partner", "dummy://", packer=packer, get_output_makers=lambda self, each: [])
    Story.objects.create(title="one")
    site.push()
    assert site.item().status == Status.OUTPUT_MAKER_ERROR
    assert dummy.outbox == []


def test_nothing_stays_in_progress_where_nobody_can_deliver(site: Site) -> None:
    site.rule("partner", "pigeonpost://host")
    Story.objects.create(title="one")
    assert "pigeonpost" in site.push().errors[0]
    assert not ItemToPush.objects.filter(status=Status.IN_PROGRESS).exists()


def test_a_story_with_a_uuid_goes_out_and_away_again(site: Site) -> None:
    rule = site.rule("partner", "dummy://", models=[UUIDStory], push_deletions="remove")
    rule.get_output_makers = lambda self, each: [pigeon.SerializedOutputMaker(self, each)]
    story = UUIDStory.objects.create(title="one")
    name = f"newsroom_uuidstory_{story.pk}.xml"
    site.push()
    story.delete()
    site.push()
    assert [(sent.action, sorted(sent.files)) for sent in dummy.outbox] == [
        ("put", [name]),
        ("remove", [name]),
    ]


def test_what_was_deleted_meanwhile_holds_nothing_up(site: Site) -> None:
    site.rule("partner", "dummy://")
    for title in ("gone", "there"):
        Story.objects.create(title=title)
    Story.objects.filter(title="gone").delete()
    site.push()
    statuses = ItemToPush.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == [Status.CANCELLED, Status.PUSHED]


@TWO_PARTNERS
def test_a_password_of_special_characters_logs_in(site: Site, kind: type[Partner]) -> None:
    with kind(username=USER, password=PASSWORD) as partner:
        quoted = partner.url.replace(USER, "news%40desk.example")
        site.destination("named", quoted, **partner.options)
        bare = "p%40ss%3Awo%2Frd%3F%23%2541%C3%A9"
        written = quoted.replace("@127", f":{bare}@127")
        known = {key: value for key, value in partner.options.items() if key != "password"}
        site.destination("written", written, **known)
        site.rule("partner", "named", "written")
        Story.objects.create(title="one")
        assert site.push().total("pushed") == 2


@TWO_PARTNERS
def test_a_host_may_be_an_address_of_version_6(
    site: Site, kind: type[Partner], monkeypatch: pytest.MonkeyPatch
) -> None:
    _need_version_6()
    monkeypatch.setattr(f"{kind.__module__}.HOST", "::1")
    with kind() as partner:
        url = partner.url.replace("127.0.0.1", "[::1]")
        site.destination("beloved", url, **partner.options)
        site.rule("partner", "beloved")
        Story.objects.create(title="one")
        assert site.push().total("pushed") == 1, site.item().message
        assert len(partner.files()) == 1


def test_what_was_pushed_says_so_and_is_cleaned_away(site: Site, run: Run) -> None:
    site.rule("partner", "dummy://")
    Story.objects.create(title="one")
    site.push()
    item = site.item()
    assert (item.push_attempts, len(site.attempts())) == (1, 1)
    assert item.last_push_attempts_date and item.pushed_date
    assert run("pigeon_clean_queue --older-than 0").status == 0
    assert not ItemToPush.objects.exists()


def test_each_try_waits_longer_than_the_one_before(site: Site, tmp_path: Path) -> None:
    with socket.socket() as nobody:  # bound and not listening, so everybody is refused
        nobody.bind(("127.0.0.1", 0))
        site.rule("partner", f"ftp://127.0.0.1:{nobody.getsockname()[1]}/")
        Story.objects.create(title="one")
        site.push()
        assert (site.item().status, len(site.attempts())) == (Status.RETRY, 1)
        site.push()
        assert len(site.attempts()) == 1, "the next try has its time, and this is not it"


def _need_version_6() -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no ::1")
