"""What of the real world this machine offers to the tests, said before the first test.

A missing part skips the tests that need it, with the reason; where ``CI`` is ``true`` it
fails the run, so that nobody mistakes a half run for a whole one.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
#: Packages that are unpacked rather than installed; ``tests/servers/install.sh`` does it.
UNPACKED = PROJECT / "var" / "servers"
IPTC = PROJECT.parent / "shared" / "data" / "iptc"


@dataclass(frozen=True)
class Capability:
    """Whether something is there: where, or why not and what to do about it."""

    where: str = ""
    reason: str = ""

    def __bool__(self) -> bool:
        return bool(self.where)

    def __str__(self) -> str:
        return f"yes  {self.where}" if self else f"no   {self.reason}"


def strict() -> bool:
    """Whether a missing capability fails the run."""
    return os.environ.get("CI", "").lower() in ("true", "1", "yes")


def find_program(name: str, *folders: str | Path) -> str:
    """The path of a program, also where servers live that are no user's business; or ""."""
    usual = os.environ.get("PATH", "").split(os.pathsep)
    path = os.pathsep.join(map(str, [*folders, *usual, "/usr/sbin", "/usr/local/sbin"]))
    return shutil.which(name, path=path) or ""


def postgresql_folder() -> str:
    """The folder of ``initdb`` and ``postgres``: the newest that Debian has, or the PATH's."""
    newest = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: int(folder.parent.name) if folder.parent.name.isdigit() else 0,
        reverse=True,
    )
    program = find_program("initdb", *newest)
    return str(Path(program).parent) if program else ""


def python() -> Capability:
    return Capability(f"{sys.version.split()[0]} ({sys.executable})")


def django() -> Capability:
    import django

    return Capability(f"{django.get_version()}")


def sqlite() -> Capability:
    return Capability(sqlite3.sqlite_version)


def postgresql() -> Capability:
    if not importlib.util.find_spec("psycopg"):
        return Capability(reason="psycopg is not installed (pip install 'django-pigeon[dev]')")
    folder = postgresql_folder()
    return Capability(folder, "initdb is not here (apt-get install postgresql)")


def sshd() -> Capability:
    return Capability(find_program("sshd"), "sshd is not here (apt-get install openssh-server)")


def vsftpd() -> Capability:
    if os.geteuid() != 0:
        return Capability(reason="vsftpd logs its users in as root only (run the tests as root)")
    return Capability(
        find_program("vsftpd", UNPACKED / "vsftpd/usr/sbin"),
        "vsftpd is not here (tests/servers/install.sh)",
    )


def proftpd() -> Capability:
    return Capability(
        find_program("proftpd", UNPACKED / "proftpd-core/usr/sbin"),
        "ProFTPD is not here (tests/servers/install.sh)",
    )


def proftpd_tls() -> Capability:
    """ProFTPD's module for TLS, which is a package of its own."""
    folders = (UNPACKED / "proftpd-mod-crypto/usr/lib/proftpd", Path("/usr/lib/proftpd"))
    found = next((path for path in folders if (path / "mod_tls.so").exists()), "")
    if not (ready := proftpd()):
        return ready
    return Capability(str(found), "mod_tls is not here (tests/servers/install.sh)")


def promtool() -> Capability:
    """Prometheus' own judge of metrics and rules."""
    return Capability(
        find_program("promtool", UNPACKED / "prometheus/usr/bin"),
        "promtool is not here (tests/servers/install.sh)",
    )


def small_disk() -> Capability:
    """May we mount a small disk, to fill it? That is CAP_SYS_ADMIN, bit 21."""
    status = Path("/proc/self/status")
    facts = dict(re.findall(r"(?m)^(\w+):\s*(.*)$", status.read_text())) if status.exists() else {}
    allowed = int(facts.get("CapEff", "0"), 16) >> 21 & 1
    return Capability(
        "mount -t tmpfs" if allowed else "", "mounting a disk to fill needs root on Linux"
    )


def chromium() -> Capability:
    if not importlib.util.find_spec("playwright"):
        return Capability(reason="playwright is not installed (pip install 'django-pigeon[dev]')")
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(find_program, names)), "")
    return Capability(found, "Chromium is not here (apt-get install chromium)")


def iptc() -> Capability:
    where = str(IPTC) if IPTC.is_dir() else ""
    return Capability(where, f"the IPTC schemas are not in {IPTC}")


#: Everything that is asked for, by name, in the order of the table.
ALL: dict[str, Callable[[], Capability]] = {
    "python": python,
    "django": django,
    "sqlite": sqlite,
    "postgresql": postgresql,
    "sshd": sshd,
    "vsftpd": vsftpd,
    "proftpd": proftpd,
    "proftpd-tls": proftpd_tls,
    "promtool": promtool,
    "small disk": small_disk,
    "chromium": chromium,
    "iptc": iptc,
}


def need(name: str) -> None:
    """Skip the running test when the machine lacks ``name``; fail it where ``CI`` is true."""
    import pytest

    found = ALL[name]()
    if found:
        return
    if strict():
        pytest.fail(f"{name}: {found.reason}", pytrace=False)
    pytest.skip(found.reason)


def table() -> list[str]:
    """The lines of the table."""
    return [f"{name:<12}{ask()}" for name, ask in ALL.items()]


if __name__ == "__main__":
    print("\n".join(table()))
