"""The folder of one test run: databases, servers, exports; gone when the run ends.

Processes that a test starts find it by the variable ``PIGEON_TEST_SCRATCH``, which they
inherit, and so use the databases of the run. Outside pytest there is none. Where several
processes share the tests, each has a folder of its own in it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

VARIABLE = "PIGEON_TEST_SCRATCH"


def _make() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pigeon-tests-")).resolve()
    folder.chmod(0o755)  # the servers' own users have to get through
    os.environ[VARIABLE] = str(folder)
    return folder


def _found() -> Path | None:
    """The folder of whoever started us; a worker of pytest-xdist makes its own in it."""
    if VARIABLE not in os.environ:
        return None
    folder, worker = Path(os.environ[VARIABLE]), os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and folder.name != worker:
        folder /= worker
        folder.mkdir()
        folder.chmod(0o755)
        os.environ[VARIABLE] = str(folder)
    return folder


#: Whether this process made the folder and so removes it.
OURS = VARIABLE not in os.environ and "PYTEST_VERSION" in os.environ
FOLDER = _make() if OURS else _found()


def remove() -> None:
    """Remove the folder, if this process made it."""
    if OURS and FOLDER:
        shutil.rmtree(FOLDER, ignore_errors=True)
