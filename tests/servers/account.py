"""The user that logs in: a system account for the session, or whoever runs the tests."""

from __future__ import annotations

import fcntl
import os
import pwd
import re
import secrets
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PREFIX = "pigeontest"


@dataclass(frozen=True)
class Account:
    """Somebody who can log in.

    ``is_system`` says that the password counts for the whole system; otherwise only servers
    with a list of users of their own know it.
    """

    name: str
    password: str
    uid: int
    gid: int
    is_system: bool


@contextmanager
def session_account() -> Iterator[Account]:
    """An account that exists until the block ends.

    OpenSSH and vsftpd take passwords of system accounts only, so as root one is made; it has
    a random password and no shell. Otherwise it is the current user, who logs in by key.
    """
    if os.geteuid() != 0:
        user = pwd.getpwuid(os.geteuid())
        yield Account(user.pw_name, secrets.token_hex(12), user.pw_uid, user.pw_gid, False)
        return
    name = f"{PREFIX}{os.getpid()}"
    password = secrets.token_hex(12)
    with _one_at_a_time():
        _remove_forgotten()
        _run("useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/",
             "--shell", "/usr/sbin/nologin", name)  # fmt: skip
    try:
        with _one_at_a_time():
            _run("chpasswd", text=f"{name}:{password}\n")
        user = pwd.getpwnam(name)
        yield Account(name, password, user.pw_uid, user.pw_gid, True)
    finally:
        with _one_at_a_time():
            _run("userdel", "--force", name)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """useradd and its like give up at once while another changes the list of accounts."""
    with open(Path(tempfile.gettempdir()) / f"{PREFIX}.lock", "w") as lock:  # noqa: PTH123
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(*command: str, text: str = "") -> None:
    subprocess.run(command, input=text, text=True, check=True, capture_output=True)


def _remove_forgotten() -> None:
    """Remove accounts of test runs that were killed."""
    for user in pwd.getpwall():
        match = re.fullmatch(PREFIX + r"(\d+)", user.pw_name)
        if match and not os.path.exists(f"/proc/{match[1]}"):  # noqa: PTH110
            with suppress(subprocess.CalledProcessError):
                _run("userdel", "--force", user.pw_name)
