"""A real ssh-agent on a socket of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.capabilities import find_program
from tests.servers.process import running


@contextmanager
def run_agent(*keys: Path) -> Iterator[Path]:
    """Run an agent that holds ``keys``; the path of its socket, which is short as it has to be."""
    folder = Path(tempfile.mkdtemp(prefix="agent"))
    path = folder / "socket"
    command = [find_program("ssh-agent"), "-D", "-a", str(path)]
    try:
        with running(command, folder / "log", path.exists):
            environment = os.environ | {"SSH_AUTH_SOCK": str(path)}
            for key in keys:
                subprocess.run(
                    [find_program("ssh-add"), "-q", key],
                    env=environment, check=True, capture_output=True,
                )  # fmt: skip
            yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)
