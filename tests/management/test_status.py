"""``pigeon_status``: what it shows once, and again and again."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from pigeon.management.commands import pigeon_status
from pigeon.models import DestinationState, ItemToPush, Outcome, PushAttempt
from pigeon.registry import registry
from tests.management.conftest import Run
from tests.management.processes import PATIENCE, command, environment, started

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]


def waiting(**values: Any) -> ItemToPush:
    defaults = {"rule_name": "partner", "destination": "beloved", "model_label": "newsroom.story"}
    return ItemToPush.objects.create(**(defaults | {"object_id": "1"} | values))


def stop(reason: str = "The login was refused.") -> None:
    probe = timezone.now() + timedelta(hours=1)
    mark = registry.destinations()["beloved"].fingerprint()
    facts = {"stopped_reason": reason, "last_error": reason, "next_probe": probe}
    DestinationState.objects.create(name="beloved", fingerprint=mark, **facts)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pigeon_status.time, "sleep", lambda seconds: None)


def test_a_calm_day(run: Run) -> None:
    said = run("pigeon_status")
    assert (said.status, said.err) == (0, "")
    assert [line.split()[:3] for line in said.lines[1:]] == [
        ["beloved", "well", "0"], ["digest", "well", "0"], ["all", "well", "0"],
    ]  # fmt: skip


def test_what_is_wrong_is_said_with_the_cure(run: Run) -> None:
    stop()
    waiting(creation_date=timezone.now() - timedelta(hours=3))
    said = run("pigeon_status")
    assert said.lines[1].split()[:6] == ["beloved", "stopped", "1", "0", "3", "h"]
    assert said.lines[3].split()[:6] == ["all", "1", "to", "look", "at", "1"]
    assert said.lines[4].startswith("beloved: stopped, next try at ")
    assert said.lines[4].endswith("The login was refused.")
    assert said.lines[5].startswith("    ")


def test_a_cure_stands_below_the_error_that_it_is_for(run: Run) -> None:
    stop()
    PushAttempt.objects.create(
        item=waiting(), destination="beloved", rule_name="partner", worker="host:1",
        started=timezone.now(), outcome=Outcome.FAILED, message="Line 1 is wrong.",
        error_class="OutputGenerationError",
    )  # fmt: skip
    said = run("pigeon_status --destination beloved")
    assert said.lines[2].endswith("The login was refused.")
    assert said.lines[3] == "    last error: Line 1 is wrong."
    assert said.lines[4].startswith("    The template")


def test_only_one_destination(run: Run) -> None:
    said = run("pigeon_status --destination digest")
    assert [line.split()[0] for line in said.lines] == ["destination", "digest"]
    said = run("pigeon_status --destination nowhere")
    assert said.status == 1
    assert "No destination is called 'nowhere'" in said.error


def test_for_programs(run: Run) -> None:
    stop()
    waiting()
    found = run("pigeon_status --format json").json
    assert found["totals"]["waiting"] == 1
    assert found["totals"]["health"]["stopped"] == 1
    [beloved, digest] = found["destinations"]
    assert (beloved["name"], beloved["health"]) == ("beloved", "stopped")
    assert (digest["health"], digest["success_rate"]) == ("well", None)


def test_a_site_without_destinations(run: Run, settings: Any) -> None:
    settings.PIGEON_DESTINATIONS, settings.PIGEON_PUSH_URLS = {}, {}
    assert "There are no destinations" in run("pigeon_status").out


def test_texts_cannot_command_a_terminal(run: Run) -> None:
    stop("\x1b[2J\nanother line")
    assert "\x1b" not in run("pigeon_status").out


def test_watching_shows_it_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        waiting(object_id=str(len(pauses)))

    monkeypatch.setattr(pigeon_status.time, "sleep", pause)
    said = run("pigeon_status --watch 7 --times 3 --format json")
    assert [json.loads(line)["totals"]["waiting"] for line in said.lines] == [0, 1, 2]
    assert pauses == [7, 7]
    assert run("pigeon_status --watch --times 2").out.count("destination") == 2
    assert pauses[2:] == [pigeon_status.PAUSE]


def test_a_terminal_begins_anew_each_time() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    call_command("pigeon_status", watch=1, times=2, stdout=screen)
    assert screen.getvalue().count("\x1b[H\x1b[2J") == 2
    once = Terminal()
    call_command("pigeon_status", stdout=once)
    assert "\x1b[H" not in once.getvalue()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["pipe", "terminal"])
def test_ctrl_c_ends_it_without_a_word(kind: str, tmp_path: Path) -> None:
    line = command("pigeon_status", "--watch", "1")
    ours, theirs = pty.openpty() if kind == "terminal" else os.pipe()
    try:
        partners = {"beloved": {"URL": "dummy://beloved"}}
        environ = environment(tmp_path, "default", DESTINATIONS=partners)
        with started(line, environ, stdout=theirs) as process:
            os.close(theirs)
            seen = b""
            while b"beloved" not in seen:
                more = os.read(ours, 10_000)
                seen += more
                assert more, "it ended"
                assert len(seen) < 1_000_000
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=PATIENCE)
    finally:
        os.close(ours)
    assert process.returncode == 0
    assert said == ""
