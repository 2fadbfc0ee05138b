"""``pigeon_doctor``: what a person reads, what a program reads, and how it ends."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pigeon.testing import SFTPPartner
from tests.doctor.conftest import everything
from tests.management.conftest import Run
from tests.management.processes import command, environment, started, wait_until
from tests.servers.process import free_port


@pytest.fixture
def site(settings: Any, tmp_path: Path) -> Path:
    """One destination that is sound, one that is not, one that is malformed."""
    settings.PIGEON_DESTINATIONS = {
        "here": {"URL": f"file://{tmp_path}/out"},
        "dead": {"URL": f"ftp://news:hunter2@127.0.0.1:{free_port()}/"},
        "malformed": {"URL": "sftp://news:hunter2@host:99999/"},
    }
    settings.PIGEON_PUSH_URLS = {}
    return tmp_path


@pytest.mark.usefixtures("site")
def test_a_table_and_a_verdict(run: Run) -> None:
    said = run("pigeon_doctor here")
    assert (said.status, said.error, said.err) == (0, "", "")
    first, headings, *rows, verdict = said.lines
    assert first.startswith("here: file:///")
    assert headings.split() == ["tried", "works", "so", "Pigeon", "…", "seen"]
    assert rows[0].split() == ["configuration", "yes"]
    assert any(
        re.fullmatch(r"rename over a file +yes +replaces files in one step +in one step", row)
        for row in rows
    )
    assert verdict == "here is sound."


@pytest.mark.usefixtures("site")
def test_all_when_none_is_named(run: Run) -> None:
    said = run("pigeon_doctor")
    assert said.status == 1
    assert re.findall(r"^(\w+) is (sound|not sound: .*)\.$", said.out, re.M) == [
        ("here", "sound"), ("dead", "not sound: connect"),
        ("malformed", "not sound: configuration"),
    ]  # fmt: skip
    assert said.error == "dead is not sound: connect.\nmalformed is not sound: configuration."
    assert "- connect: Ask the partner whether the server is up" in said.out
    assert "hunter2" not in said.out + said.error


def test_the_line_for_known_hosts_can_be_copied(run: Run, settings: Any, tmp_path: Path) -> None:
    with SFTPPartner() as partner:
        known = tmp_path / "known_hosts"
        entry = {"URL": partner.url, "OPTIONS": {**partner.options, "known_hosts": str(known)}}
        settings.PIGEON_DESTINATIONS = {"beloved": entry}
        settings.PIGEON_PUSH_URLS = {}
        [said] = [line for line in run("pigeon_doctor").lines if "this line" in line[60:]]
        known.write_text(said.partition("add this line to it: ")[2])
        assert run("pigeon_doctor").status == 0


@pytest.mark.usefixtures("site")
def test_json(run: Run) -> None:
    said = run("pigeon_doctor here dead --format json")
    assert said.status == 1
    here, dead = said.json
    assert (here["destination"], here["sound"], dead["sound"]) == ("here", True, False)
    assert here["steps"][0] == {
        "name": "configuration", "answer": "yes", "detail": "", "consequence": "", "ask": "",
        "required": True,
    }  # fmt: skip
    assert dead["url"].startswith("ftp://news@127.0.0.1:")
    assert "hunter2" not in said.out


def test_a_url_that_is_in_no_settings(run: Run, site: Path) -> None:
    said = run(f"pigeon_doctor file://{site}/elsewhere")
    assert said.status == 0
    assert everything(site) == []


@pytest.mark.usefixtures("site")
def test_an_unknown_destination(run: Run) -> None:
    said = run("pigeon_doctor nowhere")
    assert (said.status, said.out) == (1, "")
    assert "'nowhere' is neither a URL nor a name of PIGEON_DESTINATIONS" in said.error


def test_no_destination_at_all(run: Run, settings: Any) -> None:
    settings.PIGEON_DESTINATIONS = {}
    said = run("pigeon_doctor")
    assert (said.status, said.out) == (1, "")
    assert said.error.startswith("There is no destination")


@pytest.mark.slow
def test_ctrl_c(tmp_path: Path, hanging: int) -> None:
    """From a shell: it ends with the shell's status for it, and has cleared up."""
    with SFTPPartner(tmp_path / "partner") as partner:
        hangs = {"URL": f"sftp://127.0.0.1:{hanging}/"}
        site = environment(
            tmp_path, "default", DESTINATIONS={"a": partner.entry, "b": hangs}, PUSH_URLS={}
        )
        with started(command("pigeon_doctor"), site) as process:
            wait_until(lambda: "a is sound." in _said(process))
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert err.endswith("Stopped.\n")
        assert everything(partner.directory) == []


def _said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()
