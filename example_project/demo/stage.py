"""A fresh site in a folder, and two partners who listen on free ports."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from pigeon.testing import FTPPartner, SFTPPartner

ROOT = Path(__file__).resolve().parent.parent.parent
MANAGE = ROOT / "example_project" / "manage.py"
#: Marks a folder that the demo made and may therefore delete.
MARK = ".pigeon-demo"
#: Seconds that a command may take.
PATIENCE = 300

#: Destination → the partner it is at, and the folder there.
PLACES = {
    "beloved": ("sftp", "beloved"),
    "beloved-mirror": ("ftp", "beloved"),
    "other-beloved": ("ftp", "archives"),
    "wire": ("sftp", "wire"),
    "feed": ("ftp", "feed"),
    "digest": ("sftp", "digest"),
    "export": ("ftp", "export"),
}
#: Rule → its destinations.
ROUTES = {
    "belovedpartner": ["beloved", "beloved-mirror"],
    "anotherbelovedpartner": ["other-beloved"],
    "nitfwire": ["wire"],
    "ninjsfeed": ["feed"],
    "weeklydigest": ["digest"],
    "flatmassexport": ["export"],
}


class StageError(Exception):
    """The demo cannot go on; the sentence says why."""


class Stage:
    """The site and its partners, from ``with`` to its end.

    Django is set up for the site in this process, too; commands run in processes of their own.

    Args:
        directory: where all of it is; what an earlier demo left there is deleted.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        password = secrets.token_urlsafe(9)
        login = {"username": "newsroom", "password": password}
        self.partners = {
            "sftp": SFTPPartner(self.directory / "partners" / "sftp", **login),
            "ftp": FTPPartner(self.directory / "partners" / "ftp", **login),
        }
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with self._open:
            self._empty()
            for partner in self.partners.values():
                self._open.enter_context(partner)
            self._set_up_django()
            self._open = self._open.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open.close()

    def manage(self, *arguments: str) -> str:
        """What ``manage.py`` with ``arguments`` prints, in a process of its own.

        Raises:
            StageError: it failed; the sentence says how.
        """
        done = subprocess.run(
            [sys.executable, MANAGE, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip()
            command = " ".join(["manage.py", *arguments])
            raise StageError(f"{command} ended with status {done.returncode}:\n{said}")
        return done.stdout

    def at_partners(self) -> dict[str, dict[str, Path]]:
        """Destination → path → file, of all that stands at the partners now.

        Files in folders that are no destination's are under the partner's own name.
        """
        owners = {(partner, folder): name for name, (partner, folder) in PLACES.items()}
        found: dict[str, dict[str, Path]] = {name: {} for name in PLACES}
        for scheme, partner in self.partners.items():
            for path in sorted(partner.directory.rglob("*")):
                if path.is_file():
                    inside = path.relative_to(partner.directory)
                    owner = owners.get((scheme, inside.parts[0]))
                    name = inside.relative_to(inside.parts[0]) if owner else inside
                    found.setdefault(owner or scheme, {})[name.as_posix()] = path
        return found

    def _empty(self) -> None:
        mark = self.directory / MARK
        if self.directory.exists() and any(self.directory.iterdir()) and not mark.exists():
            raise StageError(
                f"{self.directory} holds files that no demo made. Name an empty folder with "
                "--directory."
            )
        if mark.exists():
            self._lock(mark).close()
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        self._open.enter_context(self._lock(mark))

    def _lock(self, mark: Path) -> TextIO:
        """The file ``mark``, held against other demos for as long as it is open."""
        file = mark.open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise StageError(
                f"Another demo is running in {self.directory}. End it, or name another folder "
                "with --directory."
            ) from error
        return file

    def _set_up_django(self) -> None:
        settings = self.directory / "partners.json"
        settings.touch(mode=0o600)
        settings.write_text(json.dumps(self._destinations(), indent=2), encoding="utf-8")
        os.environ.update(
            NEWSROOM_DIRECTORY=str(self.directory),
            NEWSROOM_PARTNERS=str(settings),
            DJANGO_SETTINGS_MODULE="example_project.settings",
        )
        import django

        django.setup()

    def _destinations(self) -> dict[str, object]:
        entries = {}
        for name, (scheme, folder) in PLACES.items():
            partner = self.partners[scheme]
            entries[name] = {"URL": partner.url + folder, "OPTIONS": partner.options}
        return {"PIGEON_DESTINATIONS": entries, "PIGEON_PUSH_URLS": ROUTES}
