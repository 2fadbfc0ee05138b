"""``make demo`` keeps what it promises, and notices when something is wrong."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.capabilities import IPTC, PROJECT, need

pytestmark = pytest.mark.slow
#: Seconds for all of a demo.
PATIENCE = 300
LAST_LINE = re.compile(
    r"^demo: (\d+) items pushed to (\d+) destinations, (\d+) files verified$", re.M
)
#: A demo in which something happens at the partner before the files are compared.
SPOILED = """
import sys
from example_project.demo import __main__, acts

compare = acts._compare

def spoil(stage):
    folder = stage.partners["sftp"].directory / "beloved"
    {mischief}
    return compare(stage)

acts._compare = spoil
sys.exit(__main__.main())
"""


@contextmanager
def demo(
    folder: Path, *arguments: str, iptc: str = "/nonexistent"
) -> Iterator[subprocess.Popen[str]]:
    environment = {key: value for key, value in os.environ.items() if key != "KEEP"}
    process = subprocess.Popen(
        [sys.executable, *arguments, "--directory", folder],
        cwd=PROJECT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**environment, "NEWSROOM_IPTC_DIRECTORY": iptc, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    watchdog = threading.Timer(PATIENCE, process.kill)
    watchdog.start()
    try:
        with process:
            yield process
    finally:
        watchdog.cancel()


def run(folder: Path, *arguments: str, iptc: str = "/nonexistent") -> tuple[int, str]:
    with demo(folder, *arguments, iptc=iptc) as process:
        out, _ = process.communicate()
    return process.returncode, out


def test_it_pushes_and_proves_with_our_own_stories(tmp_path: Path) -> None:
    status, out = run(tmp_path / "demo", "-m", "example_project.demo")
    assert status == 0, out
    assert LAST_LINE.findall(out.splitlines()[-1]) == [("31", "7", "51")], out
    assert "checked for form only" in out


def test_it_pushes_and_proves_with_the_stories_of_agencies(tmp_path: Path) -> None:
    need("iptc")
    status, out = run(tmp_path / "demo", "-m", "example_project.demo", iptc=str(IPTC))
    assert status == 0, out
    [(items, destinations, files)] = LAST_LINE.findall(out.splitlines()[-1])
    assert (int(items) > 31, destinations, int(files) > 51) == (True, "7", True)
    assert "checked for form only" not in out


@pytest.mark.parametrize(
    ("mischief", "complaint"),
    [
        ("(folder / '.x.part').touch()", "beloved: .x.part should not be there"),
        ("(folder / 'news_story_1.xml').unlink()", "beloved: news_story_1.xml is missing"),
        (
            "(folder / 'photos' / '1.jpg').write_bytes(b'')",
            "beloved: photos/1.jpg is not what the rule renders",
        ),
    ],
)
def test_it_says_what_differs(mischief: str, complaint: str, tmp_path: Path) -> None:
    status, out = run(tmp_path / "demo", "-c", SPOILED.format(mischief=mischief))
    assert status == 1
    assert "demo: FAILED: something is not as it should be:" in out
    assert complaint in out
    assert not LAST_LINE.search(out)


def test_kept_it_stays_until_it_is_interrupted(tmp_path: Path) -> None:
    with demo(tmp_path / "demo", "-m", "example_project.demo", "--keep") as process:
        assert process.stdout
        said = ""
        for line in process.stdout:
            said += line
            if "Their files are in" in line:
                break
        assert LAST_LINE.search(said), said
        [site] = re.findall(r"site +(http://\S+)", said)
        with urllib.request.urlopen(site, timeout=30) as page:
            assert "The night ferry is back" in page.read().decode()
        [dashboard] = re.findall(r"dashboard +(http://\S+)", said)
        with urllib.request.urlopen(dashboard, timeout=30) as page:
            assert 'name="password"' in page.read().decode()
        other, complaint = run(tmp_path / "demo", "-m", "example_project.demo")
        assert (other, "Another demo is running" in complaint) == (1, True), complaint
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert process.returncode == 0, rest
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(site, timeout=5)


def test_it_deletes_nothing_that_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    status, out = run(tmp_path, "-m", "example_project.demo")
    assert status == 1
    assert "holds files that no demo made" in out
    assert (tmp_path / "mine.txt").exists()
