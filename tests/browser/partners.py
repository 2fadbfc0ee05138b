"""The site's partners, in this process, and what they hold."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

import asyncssh

from pigeon.testing.ftp_partner import FTPPartner
from pigeon.testing.http_partner import HTTPPartner
from pigeon.testing.sftp_partner import SFTPPartner

#: The password that partners take; no page may show it.
PASSWORD = "hunter2hunter2"


class Disk:
    """Says of the disk of one partner whether it is full."""

    full = False


class _Server(asyncssh.SFTPServer):
    """Answers as the system does, on a disk that may be full."""

    disk: Disk

    def write(self, file_obj: object, offset: int, data: bytes) -> Any:
        if self.disk.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(file_obj, offset, data)


class SmallPartner(SFTPPartner):
    """An SFTP partner whose disk fills up when a test says so."""

    def __init__(self, directory: Path, **facts: Any) -> None:
        super().__init__(directory, **facts)
        self.disk = Disk()
        self.server_class = type("Server", (_Server,), {"disk": self.disk})


@dataclass
class Partners:
    """All of them.

    Attributes:
        north: SFTP, well.
        south: SFTP, with a disk that may be full.
        agency: HTTP.
        metro: FTP, takes no login while ``metro.username`` is another.
        archive: a folder on our own disk.
    """

    north: SFTPPartner
    south: SmallPartner
    agency: HTTPPartner
    metro: Metro
    archive: Path

    def entries(self) -> dict[str, Any]:
        """``PIGEON_DESTINATIONS``."""
        named = {name: getattr(self, name) for name in ("north", "south", "agency", "metro")}
        found = {name: partner.entry for name, partner in named.items()}
        return found | {"archive": {"URL": self.archive.as_uri(), "OPTIONS": {}}}

    def folders(self) -> dict[str, Path]:
        """Name → where what came is."""
        named = {name: getattr(self, name) for name in ("north", "south", "agency", "metro")}
        return {name: each.directory for name, each in named.items()} | {"archive": self.archive}

    def holds(self, name: str) -> dict[str, bytes]:
        """Relative path → content of all that one of them has now."""
        top = self.folders()[name]
        return {
            path.relative_to(top).as_posix(): path.read_bytes()
            for path in sorted(top.rglob("*"))
            if path.is_file()
        }

    def lose(self, name: str) -> None:
        """Everything that one of them has is gone, as after a fault of its disk."""
        for path in self.folders()[name].iterdir():
            rmtree(path) if path.is_dir() else path.unlink()


class Metro(FTPPartner):
    """An FTP partner that may change its password, without telling anybody."""

    def _server(self) -> Any:
        server = super()._server()
        self._users = server.handler.authorizer.user_table
        return server

    def change_password(self, password: str = PASSWORD) -> None:
        """From now on ``password`` is the right one."""
        self._users[self.username]["pwd"] = password


@contextmanager
def running(folder: Path) -> Iterator[Partners]:
    """Partners over ``folder``; ``folder/destinations.json`` tells the site about them."""
    (folder / "archive").mkdir(parents=True)
    with ExitStack() as stack:
        kinds = {"north": SFTPPartner, "south": SmallPartner, "agency": HTTPPartner}
        started: dict[str, Any] = {
            name: stack.enter_context(kind(folder / name, password=PASSWORD))
            for name, kind in {**kinds, "metro": Metro}.items()
        }
        partners = Partners(**started, archive=folder / "archive")
        (folder / "destinations.json").write_text(json.dumps(partners.entries()))
        yield partners
