"""Everything at once, at random: what stands at the partners is always whole and right.

Seeds make the faults the same in each run; which step meets which is up to the machine.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Count, Q
from django.utils import timezone

from pigeon.models import Hold, ItemToPush, Parcel, Publication, PushAttempt, Status
from pigeon.models.attempt import Outcome
from tests.apps.newsroom.models import Story
from tests.flows.chaos import Spoilt, SpoiltPartner, worker
from tests.flows.site import Site, xml

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

LEASE = 2.0
ROUNDS = 5


def moving_name(self: Any, instance: Story) -> str:
    return f"{instance.workflow_state}-{instance.pk}.xml"


class Newsroom:
    """Stories that change all the time, and every version that there has been.

    Attributes:
        versions: (pk, version) → what its file holds.
    """

    def __init__(self, seed: int, alias: str) -> None:
        self.random = random.Random(seed)
        self.alias = alias
        self.versions: dict[bytes, tuple[int, int]] = {}
        self.stories: list[Story] = []
        self.counter = 0

    def bustle(self, number: int) -> None:
        """So many saves and deletions."""
        for _ in range(number):
            fate = self.random.random()
            if fate < 0.15 and len(self.stories) > 5:
                story = self.stories.pop(self.random.randrange(len(self.stories)))
                story.delete(using=self.alias)
            elif fate < 0.35 or not self.stories:
                self.save(Story(workflow_state="a"))
            else:
                story = self.random.choice(self.stories)
                story.workflow_state = self.random.choice("ab")
                self.save(story)

    def save(self, story: Story) -> None:
        self.counter += 1
        story.title = f"version {self.counter}"
        story.body = "text " * self.random.randrange(1, 4000)
        content = xml(story)
        # Known before anybody can see it.
        self.versions[content] = (story.pk or 0, self.counter)
        story.save(using=self.alias)
        if story not in self.stories:
            self.stories.append(story)


class Watch:
    """Looks at the partners' folders all the time, as their readers do."""

    def __init__(self, newsroom: Newsroom, folders: list[Path]) -> None:
        self.newsroom, self.folders = newsroom, folders
        self.seen: dict[Path, int] = {}
        self.wrong: list[str] = []

    def look(self) -> None:
        for folder in self.folders:
            for path in list(folder.glob("*.xml")):
                try:
                    content = path.read_bytes()
                except FileNotFoundError:
                    continue
                self.judge(path, content)

    def judge(self, path: Path, content: bytes) -> None:
        found = self.newsroom.versions.get(content)
        if found is None:
            self.wrong.append(f"{path}: {len(content)} bytes that no version has")
            return
        if found[1] < self.seen.get(path, 0):
            self.wrong.append(f"{path}: version {found[1]} after {self.seen[path]}")
        self.seen[path] = max(found[1], self.seen.get(path, 0))

    @contextmanager
    def looking(self) -> Iterator[None]:
        end = threading.Event()

        def run() -> None:
            while not end.wait(0.01):
                self.look()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join()


@pytest.fixture
def partner(tmp_path: Path) -> Iterator[SpoiltPartner]:
    with SpoiltPartner(tmp_path / "sftp") as partner:
        yield partner
        Spoilt.rate = 0.0


def declare(site: Site, partner: SpoiltPartner, tmp_path: Path) -> list[Path]:
    """Two rules, each to a folder here and one at the partner; all four folders."""
    folders = []
    rules: dict[str, dict[str, Any]] = {"fixed": {}, "moving": {"get_filename": moving_name}}
    for rule, hooks in rules.items():
        site.destination(f"{rule}-sftp", f"{partner.url}{rule}", timeout=10, **partner.options)
        site.destination(f"{rule}-file", f"file://{tmp_path}/{rule}")
        names = (f"{rule}-sftp", f"{rule}-file")
        site.rule(rule, *names, push_deletions="remove", **hooks)
        folders += [partner.directory / rule, tmp_path / rule]
    return folders


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happens_the_partners_have_what_they_should(
    site: Site, partner: SpoiltPartner, tmp_path: Path, settings: Any, alias: str, seed: int
) -> None:
    settings.PIGEON_LEASE_DURATION = LEASE
    settings.PIGEON_MAX_PUSH_ATTEMPTS = 1000
    settings.PIGEON_RETRY_SCHEDULE = (0.05,)
    settings.PIGEON_STOPPED_PROBE_INTERVAL = 0.05
    settings.PIGEON_BATCH_SIZE = 7
    folders = declare(site, partner, tmp_path)
    newsroom = Newsroom(seed, alias)
    watch = Watch(newsroom, folders)
    Spoilt.decide = random.Random(seed)
    with watch.looking():
        for number in range(ROUNDS):
            Spoilt.rate = 0.03
            newsroom.bustle(12)
            riot(newsroom, seed * 100 + number)
        Spoilt.rate = 0.0
        settle(site, alias)
    watch.look()
    assert not watch.wrong, watch.wrong[:5]
    assert_right(newsroom, folders)
    assert_truthful(alias)


def riot(newsroom: Newsroom, seed: int) -> None:
    """Three workers at once, while stories are saved; those that stop wake up too late."""
    import os
    import signal

    with ExitStack() as stack:
        pids = [stack.enter_context(worker(seed * 10 + each, 0.02)) for each in range(3)]
        newsroom.bustle(6)
        end = time.monotonic() + LEASE + 0.5
        while time.monotonic() < end and any(map(is_alive, pids)):
            time.sleep(0.05)
        for pid in filter(is_alive, pids):
            os.kill(pid, signal.SIGCONT)
        end = time.monotonic() + 1
        while time.monotonic() < end and any(map(is_alive, pids)):
            time.sleep(0.05)


def is_alive(pid: int) -> bool:
    """Not yet a zombie; the pid is not reaped."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


def settle(site: Site, alias: str) -> None:
    """Without faults, all that waits arrives."""
    items = ItemToPush.objects.using(alias)
    for _ in range(60):
        site.push(retry_now=True)
        if not items.unfinished().exists():
            return
        time.sleep(0.1)
    left = items.unfinished().values_list("status", "message", "destination", "lease_until")
    raise AssertionError(f"never finished: {list(left)[:5]} {timezone.now()}")


def assert_right(newsroom: Newsroom, folders: list[Path]) -> None:
    """Exactly the stories that there are, as they are; nothing temporary, nothing forgotten."""
    fixed = {f"newsroom_story_{story.pk}.xml": xml(story) for story in newsroom.stories}
    moving = {f"{story.workflow_state}-{story.pk}.xml": xml(story) for story in newsroom.stories}
    for folder, expected in zip(folders, (fixed, fixed, moving, moving), strict=True):
        found = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert sorted(found) == sorted(expected), folder
        assert found == expected
    assert {(each.destination, each.path) for each in publications(newsroom.alias)} == {
        (f"{rule}-{kind}", name)
        for rule, names in (("fixed", fixed), ("moving", moving))
        for kind in ("sftp", "file")
        for name in names
    }


def publications(alias: str) -> list[Publication]:
    return list(Publication.objects.using(alias))


def assert_truthful(alias: str) -> None:
    items = ItemToPush.objects.using(alias)
    ends = (Status.PUSHED, Status.SUPERSEDED, Status.CANCELLED)
    odd = items.exclude(status__in=ends)
    assert not odd.exists(), list(odd.values_list("status", "message"))
    counted = items.annotate(
        tried=Count("attempts", filter=~Q(attempts__outcome=Outcome.CANCELLED)),
        arrived=Count("attempts", filter=Q(attempts__outcome=Outcome.PUSHED)),
    )
    for item in counted:
        assert item.push_attempts == item.tried, item  # type: ignore[attr-defined]
        assert item.arrived == (item.status == Status.PUSHED), item  # type: ignore[attr-defined]
    assert not Hold.objects.using(alias).filter(until__gt=timezone.now()).exists()
    assert not items.exclude(lease_until=None).exists()
    assert PushAttempt.objects.using(alias).exclude(message="").exists(), "nothing went wrong"
    for parcel in Parcel.objects.using(alias):
        assert re.fullmatch(r"[a-z]+/\d{8}/[0-9a-f]{32}", parcel.directory)
