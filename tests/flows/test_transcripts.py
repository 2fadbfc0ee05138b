"""What an attempt's record says of its steps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pigeon.exceptions import TransientError
from pigeon.senders.base import Delivery
from pigeon.senders.transcript import KEPT, LENGTH, Transcript
from tests.apps.newsroom.models import Story
from tests.contracts.conftest import partners as partners  # a fixture that doors may want
from tests.contracts.doors import KINDS, Door, opened_door
from tests.engine.conftest import scripted as scripted
from tests.engine.scripted import Scripted
from tests.flows.site import Site

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS"),
]


@pytest.fixture(params=[kind for kind in KINDS if kind not in ("dummy", "own")])
def door(request: pytest.FixtureRequest, site: Site, tmp_path: Path) -> Iterator[Door]:
    with opened_door(request.param, request, site.settings, tmp_path) as found:
        yield found


def _steps(site: Site) -> list[str]:
    found = site.attempts()[-1].transcript
    times = [at for at, _ in found]
    assert times == sorted(times) and all(at >= 0 for at in times)
    return [step for _, step in found]


def test_every_sender_tells_what_it_did(site: Site, door: Door) -> None:
    site.destination("place", door.url, **door.options)
    site.rule("partner", "place")
    story = Story.objects.create(title="One", body="x")
    site.push()
    steps = _steps(site)
    assert steps[0].startswith("connected and logged in to ")
    assert any(f"newsroom_story_{story.pk}" in step or "mail server" in step for step in steps[1:])
    assert len(site.attempts()) == 1


def test_a_file_is_put_aside_then_renamed(site: Site, tmp_path: Path) -> None:
    target = tmp_path / "partner"
    target.mkdir()
    site.rule("partner", target.as_uri())
    story = Story.objects.create(title="One", body="x")
    site.push()
    name = f"newsroom_story_{story.pk}.xml"
    size = (target / name).stat().st_size
    _, put, told, renamed = _steps(site)
    assert put.startswith(f"put {target}/.") and put.endswith(f", {size} bytes")
    assert told == f"the server says that it has {size} bytes"
    assert renamed == f"rename it to {target / name}"


def test_the_step_that_failed_is_the_last(site: Site, tmp_path: Path) -> None:
    target = tmp_path / "partner"
    target.mkdir()
    site.rule("partner", target.as_uri())
    story = Story.objects.create(title="One", body="x")
    (target / f"newsroom_story_{story.pk}.xml").mkdir()
    site.push()
    steps = _steps(site)
    assert any(step.startswith("rename it to") and "failed" in step for step in steps)


def test_no_secret_is_in_a_transcript(site: Site, scripted: type[Scripted]) -> None:
    site.destination("place", "scripted://host", password="s3cret-word")
    site.rule("partner", "place")
    Story.objects.create(title="One")

    def script(delivery: Delivery) -> Exception:
        delivery.note("the server said: s3cret-word\0 is wrong")
        return TransientError("No.")

    scripted.script = script
    site.push()
    assert _steps(site)[-1] == "the server said: [redacted]\N{REPLACEMENT CHARACTER} is wrong"


def test_a_step_that_is_cut_within_a_secret_shows_no_part_of_it() -> None:
    transcript = Transcript()
    transcript.add("x" * (LENGTH - 4) + "s3cret-word")
    [(_, step)] = transcript.lines(lambda text: text.replace("s3cret-word", "[redacted]"))
    assert "s3cr" not in str(step)
    assert len(str(step)) == LENGTH


def test_of_very_many_steps_the_first_and_the_last_stay() -> None:
    transcript = Transcript()
    for number in range(2 * KEPT + 7):
        transcript.add(f"step {number}" + "x" * 2 * LENGTH)
    steps = [str(step) for _, step in transcript.lines(lambda text: text)]
    assert len(steps) == 2 * KEPT + 1
    assert steps[KEPT - 1].startswith(f"step {KEPT - 1}x")
    assert steps[KEPT] == "7 more steps are not listed"
    assert steps[-1].startswith(f"step {2 * KEPT + 6}x")
    assert max(map(len, steps)) == LENGTH
