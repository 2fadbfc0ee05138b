"""``pigeon_push --processes``: several share the work, and end together."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from pigeon.engine import Counts, Summary
from pigeon.models import Hold, ItemToPush, PushAttempt, Status
from tests.management.processes import PATIENCE, command, environment, started, wait_until
from tests.management.test_processes import on_a_terminal, queue, statuses

ITEMS = 6


@pytest.fixture
def shared(alias: str, tmp_path: Path) -> dict[str, str]:
    """A partner that takes two connections, and waits until the file "go" is there."""
    queue(alias, "beloved", number=ITEMS)
    place = {"URL": "slow://beloved", "OPTIONS": {"connections": 2}}
    return environment(
        tmp_path, alias, BATCH_SIZE=1, POLL_INTERVAL=0.1, PUSH_URLS={"partner": ["beloved"]},
        DESTINATIONS={"beloved": place},
    )  # fmt: skip


def owners(alias: str) -> set[int]:
    """Process ids of those that hold items."""
    rows = ItemToPush.objects.using(alias).in_progress().values_list("lease_owner", flat=True)
    return {int(name.rpartition(":")[2]) for name in rows}


def both_have_something(alias: str) -> None:
    wait_until(lambda: len(owners(alias)) == 2)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
class TestProcesses:
    def test_share_a_destination_and_add_up(
        self, alias: str, shared: dict[str, str], tmp_path: Path
    ) -> None:
        line = command("pigeon_push", "--processes", "2", "--format", "json")
        with started(line, shared) as process:
            both_have_something(alias)
            (tmp_path / "go").touch()
            out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == (0, "")
        assert json.loads(out)["pushed"] == ITEMS
        assert json.loads(out)["destinations"]["beloved"]["pushed"] == ITEMS
        assert statuses(alias) == [Status.PUSHED] * ITEMS
        attempts = PushAttempt.objects.using(alias)
        assert attempts.count() == ITEMS
        assert attempts.values("worker").distinct().count() == 2

    def test_a_signal_to_one_ends_all_in_order(
        self, alias: str, shared: dict[str, str], tmp_path: Path
    ) -> None:
        with started(command("pigeon_push", "--forever", "--processes", "2"), shared) as process:
            both_have_something(alias)
            process.terminate()
            (tmp_path / "go").touch()
            out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == (0, "")
        assert not ItemToPush.objects.using(alias).exclude(lease_token="").exists()
        assert not Hold.objects.using(alias).exists()
        pushed = statuses(alias).count(Status.PUSHED)
        assert out.splitlines()[1].split()[:2] == ["beloved", str(pushed)]

    def test_one_that_is_killed_ends_those_that_stay(
        self, alias: str, shared: dict[str, str], tmp_path: Path
    ) -> None:
        with started(command("pigeon_push", "--forever", "--processes", "2"), shared) as process:
            both_have_something(alias)
            (helper,) = owners(alias) - {process.pid}
            os.kill(helper, signal.SIGKILL)
            (tmp_path / "go").touch()
            _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1
        assert "A process of the push was ended by signal 9." in err

    def test_one_that_is_killed_is_no_success(
        self, alias: str, shared: dict[str, str], tmp_path: Path
    ) -> None:
        with started(command("pigeon_push", "--processes", "2"), shared) as process:
            both_have_something(alias)
            (helper,) = owners(alias) - {process.pid}
            os.kill(helper, signal.SIGKILL)
            (tmp_path / "go").touch()
            _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1
        assert "A process of the push was ended by signal 9." in err
        assert 0 < statuses(alias).count(Status.PUSHED) < ITEMS

    def test_none_is_left_behind(self, alias: str, shared: dict[str, str], tmp_path: Path) -> None:
        with started(command("pigeon_push", "--forever", "--processes", "2"), shared) as process:
            both_have_something(alias)
            process.kill()
            (tmp_path / "go").touch()
            # Ends when nobody has the other end of the pipes any more.
            process.communicate(timeout=PATIENCE)
        assert process.returncode == -signal.SIGKILL

    def test_a_terminal_sees_what_all_do(
        self, alias: str, shared: dict[str, str], tmp_path: Path
    ) -> None:
        (tmp_path / "go").touch()
        text, status = on_a_terminal(command("pigeon_push", "--processes", "2"), shared)
        assert status == 0
        assert f"{ITEMS}/{ITEMS}" in text


def test_a_limit_is_for_one_process() -> None:
    with pytest.raises(CommandError, match="--limit goes with one process only"):
        call_command("pigeon_push", processes=2, limit=3)


def test_callers_from_python_have_one_process() -> None:
    with pytest.raises(CommandError, match="--processes is for a command line"):
        call_command("pigeon_push", processes=2)


def test_summaries_add_up() -> None:
    one = Summary({"a": Counts(pushed=1, last_error="old")}, ["x: y"])
    other = Summary({"a": Counts(pushed=2, retry=1), "b": Counts(bytes_sent=5)}, stopped=True)
    one.merge(other)
    assert one.destinations == {
        "a": Counts(pushed=3, retry=1, last_error="old"),
        "b": Counts(bytes_sent=5),
    }
    assert (one.errors, one.stopped) == (["x: y"], True)
