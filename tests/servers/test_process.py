"""A server goes when its test run goes, however that ends."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.capabilities import PROJECT
from tests.servers.process import ServerDidNotStart, running

KILLED_RUN = """
import os, signal, sys
from pathlib import Path
from tests.servers.process import running

with running(["sleep", "600"], Path(sys.argv[1]), lambda: True) as server:
    print(server.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def is_running(pid: int) -> bool:
    """Whether the process exists and is more than a zombie that nobody has buried."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")
def test_a_killed_run_leaves_no_server(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED_RUN, str(tmp_path / "log")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    pid = int(done.stdout)
    deadline = time.monotonic() + 30
    while is_running(pid):
        assert time.monotonic() < deadline, "the server outlived its run"
        time.sleep(0.02)


def test_a_server_that_fails_says_why(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo no such option; exit 1"]
    with (
        pytest.raises(ServerDidNotStart, match="no such option"),
        running(command, tmp_path / "log", lambda: False),
    ):
        pass
