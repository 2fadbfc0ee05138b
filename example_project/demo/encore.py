"""After the demo: the site, a worker and the partners stay until Ctrl-C."""

from __future__ import annotations

import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from example_project.demo import report
from example_project.demo.stage import MANAGE, Stage, StageError

HOST = "127.0.0.1"
#: Seconds within which the site answers, and processes end.
PATIENCE = 60
EDITOR = "editor"


def encore(stage: Stage) -> None:
    """Start the site and a worker, say where everything is, wait for Ctrl-C.

    Raises:
        StageError: the site does not start.
    """
    port, password = _free_port(), _make_editor()
    address = f"http://{HOST}:{port}/"
    with ExitStack() as stack:
        site = stack.enter_context(
            _running(stage, "runserver", f"{HOST}:{port}", "--noreload", "--verbosity", "0")
        )
        stack.enter_context(_running(stage, "pigeon_push", "--forever"))
        _wait_for(address, site)
        _announce(stage, address, password)
        _wait()


def _announce(stage: Stage, address: str, password: str) -> None:
    report.step("All of it stays until Ctrl-C")
    rows = [
        ("site", address, "", ""),
        ("admin", f"{address}admin/", EDITOR, password),
        ("dashboard", f"{address}pigeon/", EDITOR, password),
    ]
    for name, partner in stage.partners.items():
        rows.append((f"{name.upper()} partner", partner.url, partner.username, partner.password))
    report.table(["what", "address", "user", "password"], rows)
    report.say("")
    report.say("A worker is running, too: a story saved in the admin is at the partners at once.")
    report.say(f"Their files are in {stage.directory / 'partners'}")


def _make_editor() -> str:
    from django.contrib.auth.models import User

    password = secrets.token_urlsafe(9)
    User.objects.create_superuser(EDITOR, password=password)
    return password


@contextmanager
def _running(stage: Stage, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """``manage.py`` with ``arguments``, in a session of its own so that Ctrl-C is only ours."""
    with (stage.directory / f"{arguments[0]}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, MANAGE, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        return int(server.getsockname()[1])


def _wait_for(address: str, site: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and site.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise StageError(f"The site does not answer at {address}; runserver.log says why.")


def _wait() -> None:
    try:
        signal.pause()
    except KeyboardInterrupt:
        report.say("")
        report.say("Good-bye.")
