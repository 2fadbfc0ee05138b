"""Commands as an operator's shell and cron run them: real processes, signals, pipes."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pigeon.models import Hold, ItemToPush, PushAttempt, Status
from pigeon.queue import add
from tests.apps.newsroom.models import Story
from tests.management.processes import PATIENCE, command, environment, started, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
STORIES = 150


def queue(alias: str, *destinations: str, number: int, title: str = "Story") -> None:
    stories = Story.objects.using(alias)
    rows = stories.bulk_create(Story(title=f"{title} {each}") for each in range(number))
    add(
        [
            ItemToPush(
                rule_name="partner",
                destination=destination,
                model_label="newsroom.story",
                object_id=str(row.pk),
                title=row.title,
            )
            for row in rows
            for destination in destinations
        ],
        alias,
    )


def folders(root: Path, *names: str) -> dict[str, Any]:
    return {
        "DESTINATIONS": {name: {"URL": (root / name).as_uri()} for name in names},
        "PUSH_URLS": {"partner": list(names)},
    }


def statuses(alias: str) -> list[int]:
    return list(ItemToPush.objects.using(alias).order_by("pk").values_list("status", flat=True))


def test_several_pushes_at_once_send_every_file_once(alias: str, tmp_path: Path) -> None:
    names = ("beloved", "archive")
    queue(alias, *names, number=STORIES)
    environ = environment(tmp_path, alias, BATCH_SIZE=10, **folders(tmp_path, *names))
    with ExitStack() as stack:
        running = [
            stack.enter_context(started(command("pigeon_push", "--format", "json"), environ))
            for _ in range(3)
        ]
        ended = [(*each.communicate(timeout=PATIENCE), each.returncode) for each in running]
    assert [(err, status) for _, err, status in ended] == [("", 0)] * 3
    assert sum(json.loads(out)["pushed"] for out, _, _ in ended) == STORIES * len(names)
    assert set(statuses(alias)) == {Status.PUSHED}
    assert PushAttempt.objects.using(alias).count() == STORIES * len(names)
    for name in names:
        assert len([path.name for path in (tmp_path / name).iterdir()]) == STORIES


@pytest.fixture
def slow(alias: str, tmp_path: Path) -> dict[str, str]:
    """A site whose partner waits until the file "go" is there; five items wait for it."""
    queue(alias, "beloved", number=5)
    url = {"DESTINATIONS": {"beloved": {"URL": "slow://beloved"}}}
    return environment(tmp_path, alias, PUSH_URLS={"partner": ["beloved"]}, **url)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_stays_ends_in_order(
    alias: str, slow: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    with started(command("pigeon_push", "--forever"), slow) as process:
        wait_until((tmp_path / "begun").exists)
        process.send_signal(number)
        (tmp_path / "go").touch()
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    assert statuses(alias) == [Status.PUSHED, *[Status.NEW] * 4]
    assert not ItemToPush.objects.using(alias).exclude(lease_token="").exists()
    assert not Hold.objects.using(alias).exists()
    assert out.splitlines()[1].split()[:2] == ["beloved", "1"]


def test_a_worker_that_stays_takes_what_comes(alias: str, tmp_path: Path) -> None:
    site = folders(tmp_path, "beloved")
    environ = environment(tmp_path, alias, POLL_INTERVAL=0.1, **site)
    with started(command("pigeon_push", "--forever"), environ) as process:
        for number in (1, 2):
            queue(alias, "beloved", number=1)
            wait_until(lambda: statuses(alias) == [Status.PUSHED] * number)  # noqa: B023
        process.terminate()
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def test_a_drain_that_is_stopped_says_so(alias: str, slow: dict[str, str], tmp_path: Path) -> None:
    with started(command("pigeon_push"), slow) as process:
        wait_until((tmp_path / "begun").exists)
        process.terminate()
        (tmp_path / "go").touch()
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert err == (
        "CommandError: Not everything was pushed.\n"
        "A signal ended the push; what it left goes with the next one.\n"
    )
    assert statuses(alias) == [Status.PUSHED, *[Status.NEW] * 4]


def test_errors_go_to_stderr_and_the_status(alias: str, tmp_path: Path) -> None:
    queue(alias, "beloved", number=1, title="broken")
    environ = environment(tmp_path, alias, **folders(tmp_path, "beloved"))
    line = command("pigeon_push", "--format", "json")
    done = subprocess.run(line, env=environ, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1
    assert json.loads(done.stdout)["failed"] == 1
    assert "beloved: 1 failed. Last error: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_mistake_in_one_rule_does_not_stop_the_others(alias: str, tmp_path: Path) -> None:
    queue(alias, "beloved", number=1)
    site = folders(tmp_path, "beloved")
    site["PUSH_URLS"]["daily"] = ["nobody"]
    environ = environment(tmp_path, alias, **site)
    checked = subprocess.run(
        command("check"), env=environ, capture_output=True, text=True, timeout=PATIENCE
    )
    assert "pigeon.E010" in checked.stderr
    done = subprocess.run(
        command("pigeon_push"), env=environ, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert statuses(alias) == [Status.PUSHED]


def test_a_reader_that_has_seen_enough(alias: str, tmp_path: Path) -> None:
    queue(alias, "beloved", number=1000, title="long " * 30)
    environ = environment(tmp_path, alias, **folders(tmp_path, "beloved"))
    with started(command("pigeon_push", "--dry-run"), environ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        process.wait(timeout=PATIENCE)
    assert process.returncode == 0


def on_a_terminal(line: list[str], environ: dict[str, str]) -> tuple[str, int]:
    """What a command writes to a terminal, and its status."""
    ours, theirs = pty.openpty()
    environ = {**environ, "TERM": "xterm-256color"}
    process = subprocess.Popen(line, env=environ, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    written = b""
    try:
        while piece := os.read(ours, 65536):
            written += piece
    except OSError:  # Linux's word for the other side having gone
        pass
    finally:
        os.close(ours)
        status = process.wait(timeout=PATIENCE)
    return written.decode(), status


def test_a_terminal_sees_bars_and_a_table(alias: str, tmp_path: Path) -> None:
    queue(alias, "beloved", "archive", number=20)
    environ = environment(tmp_path, alias, **folders(tmp_path, "beloved", "archive"))
    text, status = on_a_terminal(command("pigeon_push"), environ)
    assert status == 0
    assert text.count("20/20") >= 2
    assert "━" in text
    assert "\x1b[1mdestination" in text
    text, status = on_a_terminal(command("pigeon_push"), environ)
    assert "Nothing to push." in text


def test_a_terminal_is_told_that_all_must_wait(alias: str, tmp_path: Path) -> None:
    queue(alias, "beloved", number=1)
    with socket.socket() as nobody:  # bound and not listening, so everybody is refused
        nobody.bind(("127.0.0.1", 0))
        url = f"ftp://127.0.0.1:{nobody.getsockname()[1]}/"
        places = {"DESTINATIONS": {"beloved": {"URL": url}}, "PUSH_URLS": {"partner": ["beloved"]}}
        environ = environment(tmp_path, alias, **places)
        _, status = on_a_terminal(command("pigeon_push"), environ)
        assert status == 1
        text, status = on_a_terminal(command("pigeon_push"), environ)
    assert status == 0
    assert "Nothing can go now: pigeon_push --dry-run says what waits, and why." in text
    assert "at once with --retry-now." in text


def test_a_terminal_sees_no_bars_where_numbers_are_asked_for(alias: str, tmp_path: Path) -> None:
    queue(alias, "beloved", number=2)
    environ = environment(tmp_path, alias, **folders(tmp_path, "beloved"))
    text, _ = on_a_terminal(command("pigeon_push", "--format", "json"), environ)
    assert json.loads(text)["pushed"] == 2


def test_a_latin_terminal_gets_what_it_can_show(alias: str, tmp_path: Path) -> None:
    queue(alias, "beloved", number=1, title="Ωμέγα")
    environ = environment(tmp_path, alias, **folders(tmp_path, "beloved"))
    environ["PYTHONIOENCODING"] = "latin-1"
    line = command("pigeon_push", "--dry-run")
    done = subprocess.run(line, env=environ, capture_output=True, timeout=PATIENCE)
    assert done.returncode == 0
    assert rb"\u03a9" in done.stdout


def test_a_monitor_gets_its_status(alias: str, tmp_path: Path) -> None:
    environ = environment(tmp_path, alias, **folders(tmp_path, "beloved"))
    done = subprocess.run(
        command("pigeon_check"), env=environ, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("PIGEON OK - nothing waits | oldest=0s;")
    broken = environment(tmp_path, "nowhere")
    done = subprocess.run(
        command("pigeon_check"), env=broken, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.startswith("PIGEON UNKNOWN - ")


@pytest.mark.parametrize(("vendor", "threads"), [("default", 1), ("postgresql", 4)])
def test_worker_threads_only_from_a_command_line(settings: Any, vendor: str, threads: int) -> None:
    from pigeon.management.commands.pigeon_push import Command

    if vendor not in settings.DATABASES:
        pytest.skip(f"{vendor} is not here")
    settings.PIGEON_DATABASES = [vendor]
    ours = Command()
    assert ours.threads() == 0
    ours.from_command_line = True
    assert ours.threads() == threads


def test_why_a_destination_fails_is_said_once(tmp_path: Path) -> None:
    """Also where nobody has set up logging, and Python prints warnings by itself."""
    queue("default", "beloved", number=1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        url = f"sftp://news@127.0.0.1:{taken.getsockname()[1]}/"
        site = {"DESTINATIONS": {"beloved": {"URL": url}}, "PUSH_URLS": {"partner": ["beloved"]}}
        done = subprocess.run(
            command("pigeon_push"), env=environment(tmp_path, "default", **site),
            capture_output=True, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("cannot be reached") == 1
