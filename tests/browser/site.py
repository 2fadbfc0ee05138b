"""The running site: its server, its desk and its partners; filled once, put back for each test."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.browser import partners as partners_module
from tests.browser.desk import Desk
from tests.browser.filling import Told, fill
from tests.browser.partners import Partners
from tests.servers.process import answers, free_port, running


@dataclass
class Site:
    """What a test has.

    Attributes:
        url: of the site, without a slash at the end.
        folder: where everything is.
        desk: what happens behind the pages.
        partners: whom the site pushes to.
        told: what was done to fill it.
    """

    url: str
    folder: Path
    desk: Desk
    partners: Partners
    told: Told = field(default_factory=Told)

    @property
    def log(self) -> str:
        """What the server said so far."""
        return (self.folder / "server.log").read_text(errors="replace")

    def keep(self) -> None:
        """Remember the state, for :meth:`put_back`."""
        _copy(self.folder / "site.sqlite3", self.folder / "kept.sqlite3")
        for name, place in self._places().items():
            shutil.copytree(place, self.folder / "kept" / name)

    def put_back(self) -> None:
        """Make everything what it was."""
        _copy(self.folder / "kept.sqlite3", self.folder / "site.sqlite3")
        for name, place in self._places().items():
            for each in place.iterdir():
                shutil.rmtree(each) if each.is_dir() else each.unlink()
            shutil.copytree(self.folder / "kept" / name, place, dirs_exist_ok=True)
        self.partners.south.disk.full = False
        self.partners.metro.change_password("another")

    def _places(self) -> dict[str, Path]:
        return self.partners.folders() | {"export": self.folder / "export"}


def _copy(source: Path, target: Path) -> None:
    """Copy a database that others may have open."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


@contextmanager
def filled(folder: Path) -> Iterator[Site]:
    """A site in ``folder`` that has been at work for two days."""
    folder.mkdir()
    environment = {
        **os.environ,
        "PIGEON_TEST_SITE": str(folder),
        "DJANGO_SETTINGS_MODULE": "tests.browser.settings",
    }
    with partners_module.running(folder) as partners, closing(Desk(environment)) as desk:
        desk.prepare()
        told = fill(desk, partners)
        with _serving(folder, environment) as url:
            site = Site(url, folder, desk, partners, told)
            site.keep()
            yield site


@contextmanager
def _serving(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Django's own server, with the site's static files; its URL."""
    port = free_port()
    assignments = [f"{name}={environment[name]}" for name in environment if "PIGEON" in name]
    command = [
        "env", *assignments, f"DJANGO_SETTINGS_MODULE={environment['DJANGO_SETTINGS_MODULE']}",
        sys.executable, "-m", "django", "runserver", "--noreload", "--insecure",
        "--skip-checks", f"127.0.0.1:{port}",
    ]  # fmt: skip
    root = Path(__file__).resolve().parents[2]
    with running(command, folder / "server.log", lambda: answers(port), cwd=root):
        yield f"http://127.0.0.1:{port}"
