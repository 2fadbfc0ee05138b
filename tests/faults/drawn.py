"""What tests with drawn faults have in common: where faults are, and what holds all the time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence

from asgiref.sync import async_to_sync
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

from pigeon import engine
from pigeon.engine.run import apush
from pigeon.models import DestinationState, ItemToPush, Publication, PushAttempt, Status
from tests.apps.newsroom.models import Story
from tests.faults.fault import KINDS, SIDES, Fault
from tests.flows.site import Site, xml

#: How often lines are drawn.
ROUNDS = int(os.environ.get("PIGEON_FAULT_ROUNDS", "30"))
#: Characters of the stories' bodies: in one block, in a few, in many.
SIZES = (500, 60_000, 400_000)
#: Seconds without an answer, while lines are bad; and afterwards.
IMPATIENT, PATIENT = 0.7, 30.0
POSITIONS = st.one_of(
    st.integers(0, 5_000), st.integers(0, sum(SIZES) + 100_000), st.integers(0, sum(SIZES) // 9)
)
EVERYWHERE = st.builds(Fault, st.sampled_from(KINDS), st.sampled_from(SIDES), POSITIONS)
#: A flipped bit in a command of a plain protocol is another command; no client can know.
BUT_NOT_CORRUPT = st.sampled_from([kind for kind in KINDS if kind != "corrupt"])
#: What hypothesis is to do.
DRAWING = {
    "deadline": None,
    "derandomize": True,
    "phases": (Phase.explicit, Phase.generate),  # to shrink what takes seconds takes hours
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}


def forget(site: Site) -> None:
    """Begin as if nothing had been."""
    for model in (PushAttempt, ItemToPush, Publication, DestinationState, Story):
        model.objects.all().delete()
    site.destinations.clear()


class Pushes:
    """One site that pushes to destinations d0, d1 and so on, over lines that are bad at first.

    Attributes:
        received: of each destination, what is there now: path → content.
        versions: path → what may stand there, the oldest first.
    """

    def __init__(self, site: Site, received: Sequence[Callable[[], Mapping[str, bytes]]]) -> None:
        self.site, self.received = site, received
        self.versions: dict[str, list[bytes]] = {}
        self._seen: dict[tuple[int, str], int] = {}
        site.rule("partner", *site.destinations)
        self.stories = [Story(title=f"Story {number}") for number in range(len(SIZES))]

    def save(self, version: int) -> None:
        """A new version of every story."""
        for story, size in zip(self.stories, SIZES, strict=True):
            word = f"{version}.{story.title} "
            story.body = word * (size // len(word) + version)
            story.save()
            path = f"newsroom_story_{story.pk}.xml"
            self.versions.setdefault(path, []).append(xml(story))

    def push(self) -> None:
        """One run of the engine, which must end."""

        async def run() -> engine.Summary:
            async with asyncio.timeout(120):
                return await apush(engine.Options(retry_now=True))

        summary = async_to_sync(run)()
        assert not summary.errors
        self.check()

    def check(self) -> None:
        """What holds at any time."""
        for number, received in enumerate(self.received):
            for path, content in received().items():
                if not path.endswith(".part"):
                    self._check_file(number, path, content)
        for item in ItemToPush.objects.all():
            self._check_item(item)

    def _check_file(self, number: int, path: str, content: bytes) -> None:
        assert content in self.versions[path], f"{path} is not whole at d{number}"
        version = self.versions[path].index(content)
        assert version >= self._seen.get((number, path), 0), f"an older {path} at d{number}"
        self._seen[number, path] = version

    def _check_item(self, item: ItemToPush) -> None:
        truthful = (Status.NEW, Status.RETRY, Status.PUSHED, Status.SUPERSEDED)
        assert item.status in truthful, f"{item.get_status_display()}: {item.message}"
        if item.status == Status.RETRY:
            assert item.message
        attempts = PushAttempt.objects.filter(item_id=item.pk)
        landed = [receipt for attempt in attempts for receipt in attempt.receipts]
        assert len({(each["path"], each["sha256"]) for each in landed}) <= 1
        if item.status == Status.PUSHED:
            (path,) = {each["path"] for each in landed}
            received = self.received[int(item.destination.removeprefix("d"))]
            assert received()[path] in self.versions[path]

    def check_end(self) -> None:
        """Over good lines all arrives, and nothing else is left."""
        for received in self.received:
            assert received() == {path: all_[-1] for path, all_ in self.versions.items()}
        assert not ItemToPush.objects.exclude(
            status__in=(Status.PUSHED, Status.SUPERSEDED)
        ).exists()
        assert Publication.objects.count() == len(self.received) * len(self.stories)
