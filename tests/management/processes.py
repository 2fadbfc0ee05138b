"""Commands in processes of their own, on the databases of the run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: Seconds after which a process that does not end is killed, and the test fails.
PATIENCE = 120


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "django", *words]


def environment(folder: Path, alias: str, **settings: Any) -> dict[str, str]:
    """The site of ``tests.management.site``, with parcels in ``folder``."""
    site = {"OUTPUT_DIRECTORY": str(folder / "export"), "DATABASES": [alias], **settings}
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.management.site",
        "PIGEON_TEST_SITE": json.dumps(site),
        "PIGEON_TEST_SLOW": str(folder),
        "COLUMNS": "120",
    }


@contextmanager
def started(
    line: list[str], environ: dict[str, str], **streams: Any
) -> Iterator[subprocess.Popen[str]]:
    """A running command; killed if it still runs at the end of the block.

    It heeds Ctrl-C even if the tests run in a shell's background, where nobody does.
    """
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    process = subprocess.Popen(line, env=environ, text=True, preexec_fn=_heed_ctrl_c, **pipes)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _heed_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_until(is_so: Callable[[], bool]) -> None:
    for _ in range(PATIENCE * 20):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("it never came to pass")
