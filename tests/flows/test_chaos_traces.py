"""What a broken attempt leaves at the partner is neither forgotten nor another object's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.utils import timezone

from pigeon import queue
from pigeon.exceptions import TransientError, Unreachable
from pigeon.models import ItemToPush, Publication, Status
from pigeon.remotes.local import LocalRemote
from pigeon.remotes.source import Source
from pigeon.senders.registry import register_sender, unregister_sender
from pigeon.senders.remote import RemoteSender
from tests.apps.newsroom.models import Story
from tests.flows.site import Site

pytestmark = pytest.mark.django_db(databases=["default"])


class FragileRemote(LocalRemote):
    """The local disk behind a line that breaks before or after a step, as the test says."""

    faults: ClassVar[dict[str, BaseException]] = {}
    gone = False

    @property
    def broken(self) -> bool:
        return self.gone

    def fail(self, step: str) -> None:
        if step in self.faults:
            self.gone = True
            raise self.faults[step]

    async def open(self) -> None:
        self.fail("open")

    async def put(self, source: Source, path: str, offset: int = 0) -> int | None:
        size = await super().put(source, path)
        self.fail("put")
        return size

    async def rename(self, old: str, new: str, *, replace: bool) -> None:
        self.fail(f"rename {Path(new).name}")
        await super().rename(old, new, replace=replace)
        self.fail("renamed")


class Fragile(RemoteSender):
    schemes = ("fragile",)
    remote_class = FragileRemote


@pytest.fixture(autouse=True)
def fragile() -> Iterator[dict[str, BaseException]]:
    register_sender(Fragile)
    FragileRemote.faults = {}
    yield FragileRemote.faults
    unregister_sender(Fragile)


@pytest.fixture
def inbox(site: Site, tmp_path: Path) -> Path:
    site.destination("partner", f"fragile://{tmp_path}/in")
    return tmp_path / "in"


def names(inbox: Path) -> list[str]:
    return sorted(path.name for path in inbox.iterdir())


def leave(site: Site, fault: dict[str, BaseException], *steps: str, killed: bool = False) -> None:
    """An attempt whose line breaks at ``steps``; ``killed``: nothing of it is recorded."""
    fault.update(dict.fromkeys(steps, TransientError("The line broke.")))
    before = list(ItemToPush.objects.values_list("pk", flat=True))
    with pytest.MonkeyPatch.context() as patch:
        if killed:
            patch.setattr(queue, "finish", lambda *args, **kwargs: set(before))
            patch.setattr(queue, "destination_failed", lambda *args: timezone.now())
        site.push(retry_now=not killed)
    fault.clear()
    if killed:
        ItemToPush.objects.in_progress().update(lease_until=timezone.now())


def by_title(self: Any, instance: Story) -> str:
    return f"{instance.title}.xml"


def test_a_partner_who_is_away_meanwhile_does_not_make_us_forget(
    site: Site, inbox: Path, fragile: dict[str, BaseException]
) -> None:
    site.rule("rule", "partner")
    story = Story.objects.create(title="one")
    leave(site, fragile, "put")
    assert any(name.endswith(".part") for name in names(inbox))
    fragile["open"] = Unreachable("Nobody answers.")
    site.push(retry_now=True)
    fragile.clear()
    Story.objects.filter(pk=story.pk).update(title="two")
    story.save()
    site.push(retry_now=True)
    assert names(inbox) == [f"newsroom_story_{story.pk}.xml"]


def test_two_workers_killed_one_after_the_other_leave_nothing(
    site: Site, inbox: Path, fragile: dict[str, BaseException]
) -> None:
    site.rule("rule", "partner")
    story = Story.objects.create(title="one")
    leave(site, fragile, "put", killed=True)
    leave(site, fragile, "open", killed=True)
    story.title = "two"
    story.save()
    site.push(retry_now=True)
    assert names(inbox) == [f"newsroom_story_{story.pk}.xml"]


@pytest.mark.parametrize("step", ["put", "renamed"])
def test_a_deletion_takes_away_what_a_killed_worker_left(
    site: Site, inbox: Path, fragile: dict[str, BaseException], step: str
) -> None:
    site.rule("rule", "partner", push_deletions="remove")
    story = Story.objects.create(title="one")
    leave(site, fragile, step, killed=True)
    assert len(names(inbox)) == 1
    story.delete()
    site.push(retry_now=True)
    site.push(retry_now=True)
    assert names(inbox) == []
    assert not Publication.objects.exists()
    assert not ItemToPush.objects.unfinished().exists()


@pytest.mark.parametrize("step", ["put", "renamed"])
@pytest.mark.parametrize("killed", [True, False])
def test_a_new_name_takes_away_what_a_broken_attempt_left_under_the_old(
    site: Site, inbox: Path, fragile: dict[str, BaseException], step: str, killed: bool
) -> None:
    site.rule("rule", "partner", push_deletions="remove", get_filename=by_title)
    story = Story.objects.create(title="old")
    leave(site, fragile, step, killed=killed)
    story.title = "new"
    story.save()
    site.push(retry_now=True)
    assert names(inbox) == ["new.xml"]
    assert [each.path for each in Publication.objects.all()] == ["new.xml"]


def test_what_has_become_another_objects_meanwhile_stays(
    site: Site, inbox: Path, fragile: dict[str, BaseException]
) -> None:
    site.rule("rule", "partner", push_deletions="remove", get_filename=by_title)
    story = Story.objects.create(title="name")
    leave(site, fragile, "renamed", killed=True)
    Story.objects.filter(pk=story.pk).update(title="other")
    heir = Story.objects.create(title="name", body="heir")
    site.push(destinations=("partner",), limit=1)
    story.title = "another"
    story.save()
    for _ in range(3):
        site.push(retry_now=True)
    assert "name.xml" in names(inbox)
    assert "heir" in (inbox / "name.xml").read_text()
    assert Publication.objects.get(path="name.xml").object_id == str(heir.pk)


def test_what_was_renamed_beside_a_failure_has_its_receipt(
    site: Site, inbox: Path, fragile: dict[str, BaseException]
) -> None:
    """One rename of a parcel fails while the others are under way."""

    def related(self: Any, instance: Story) -> list[Story]:
        return list(Story.objects.exclude(pk=instance.pk))

    Story.objects.bulk_create(Story(title=f"related{number}") for number in range(5))
    site.rule("rule", "partner", get_filename=by_title, get_related_items=related)
    Story.objects.create(title="main")
    fragile["rename main.xml"] = TransientError("Refused.")
    site.push()
    landed = {name for name in names(inbox) if name[0] != "."}
    assert landed == set(Publication.objects.values_list("path", flat=True))
    [attempt] = site.attempts()
    assert landed == {receipt["path"] for receipt in attempt.receipts}
    fragile.clear()
    site.push(retry_now=True)
    assert len(names(inbox)) == 6
    assert site.item().status == Status.PUSHED
