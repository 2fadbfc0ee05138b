"""Starting and stopping one server process."""

from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

#: Seconds that a server gets to answer, or to stop.
PATIENCE = 30


class ServerDidNotStart(Exception):
    """The server ended, or did not answer in time; the message has the end of its log."""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether somebody listens on ``port`` of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def as_user(name: str) -> list[str]:
    """The words that start a command as ``name`` (nothing unless we are root)."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam(name)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


@contextmanager
def _dying_with_us(pid: int, stop_signal: int) -> Iterator[None]:
    """Let ``pid`` be stopped even if we are killed: somebody waits for our end of a pipe."""
    script = f"read -r _; kill -{int(stop_signal)} {pid}"
    watcher = subprocess.Popen(
        ["sh", "-c", script], stdin=subprocess.PIPE, start_new_session=True,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert watcher.stdin
    try:
        yield
    finally:
        watcher.kill()
        watcher.wait(PATIENCE)
        watcher.stdin.close()


@contextmanager
def running(
    command: Sequence[str],
    log: Path,
    ready: Callable[[], bool],
    *,
    stop_signal: int = signal.SIGTERM,
    cwd: Path | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``command`` until the block ends; the block starts when ``ready()`` is true.

    The server's output goes to ``log``. Raises :class:`ServerDidNotStart`.
    """
    with log.open("ab") as output:
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True, cwd=cwd,
        )  # fmt: skip
    try:
        with _dying_with_us(server.pid, stop_signal):
            _wait_until_ready(server, log, ready)
            yield server
    finally:
        _stop(server, stop_signal)


def _wait_until_ready(
    server: subprocess.Popen[bytes], log: Path, ready: Callable[[], bool]
) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if server.poll() is not None or time.monotonic() > deadline:
            end = log.read_text(errors="replace")[-2000:]
            raise ServerDidNotStart(f"{server.args!r} does not answer. Its log ends:\n{end}")
        time.sleep(0.02)


def descendants(pid: int) -> list[int]:
    """Children of ``pid`` and theirs (Linux), parents first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.parent.name))
    found = list(children.get(pid, []))
    for child in found:
        found.extend(children.get(child, []))
    return found


def _stop(server: subprocess.Popen[bytes], stop_signal: int) -> None:
    """End the server, then the processes it started for connections."""
    sessions = descendants(server.pid)
    if server.poll() is None:
        server.send_signal(stop_signal)
        try:
            server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(PATIENCE)
    for pid in sessions:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
