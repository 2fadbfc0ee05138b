"""Everywhere that a secret could get to, and partners that tell what they were told."""

from __future__ import annotations

import base64
import logging
import socketserver
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncssh
from django.core import checks
from django.core import mail as django_mail
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.models import Model

from pigeon import engine
from pigeon.models import ItemToPush
from pigeon.registry import registry
from pigeon.senders.registry import make_sender
from pigeon.signals import destination_closed, destination_opened, item_failed, item_pushed
from pigeon.testing.sftp_partner import SFTPPartner
from tests.flows.pages import say_everything

#: Every encoding leaves letters and digits alone, so that finding none of them means none.
CORE = "hunter2hunter2"
#: Each character that URLs, reprs, JSON or HTML write in another way.
SECRET = f"@:/%#{CORE} ?&+'\"\\äß"
ENCODED = quote(SECRET, safe="")
#: As people write it: what works bare stays bare, and the rest is lower case.
BARE = SECRET.replace("%", "%25").replace("/", "%2f").replace("#", "%23").replace("?", "%3f")
BARE = BARE.replace(" ", "%20")
FORMS = (SECRET, ENCODED, BARE, repr(SECRET), ascii(SECRET), SECRET.replace(" ", "+"))


class Watch:
    """All that a test produced: records, logs, signals, mails, output and files.

    Attributes:
        needles: what must not be there.
    """

    def __init__(self, capfd: Any, folder: Path) -> None:
        self._capfd, self._folder = capfd, folder
        self.said: list[str] = []
        self.logged: list[str] = []
        self.needles = [CORE]

    def run(self, *line: str) -> str:
        """Run a command; whatever it prints, also with --traceback, is kept."""
        try:
            call_command(*line)
        except CommandError as error:
            self.said.append("".join(traceback.format_exception(error)))
        except SystemExit:
            pass
        captured = self._capfd.readouterr()
        self.said += [captured.out, captured.err]
        return str(captured.out)

    def look_everywhere(self, item: ItemToPush) -> None:
        """Whatever an operator may ask about what happened to ``item``."""
        story = ("newsroom.Story", str(item.object_id))
        for line in (
            ("pigeon_push", "--dry-run", "--traceback"),
            ("pigeon_push", "--dry-run", "--format", "json"),
            ("pigeon_push", "--retry-now", "--format", "json", "--traceback"),
            ("pigeon_push", "--retry-now", "--traceback", "-v", "3"),
            ("pigeon_check",),
            ("pigeon_check", "--format", "json"),
            ("pigeon_check", "--deep", "--traceback"),
            ("pigeon_status", "--format", "json"),
            ("pigeon_retry", "--destination", item.destination, "--dry-run"),
            ("pigeon_explain", *story),
            ("pigeon_explain", *story, "--format", "json"),
            ("pigeon_preview", "partner", *story),
            ("pigeon_doctor", "-v", "3", "--traceback"),
            ("pigeon_doctor", "--format", "json"),
            ("check", "--tag", "pigeon"),
        ):
            self.run(*line)
        self.said += [f"{each!r} {each.hint}" for each in checks.run_checks(tags=["pigeon"])]
        for destination in registry.destinations().values():
            sender = make_sender(destination)
            self.said += [repr(destination), str(destination), destination.endpoint]
            self.said += [repr(sender), repr(engine.Options())]
            self.said += [repr(vars(sender).get(name)) for name in ("_remote", "_plain")]
        self.said += say_everything(item)

    def assert_nothing_leaked(self) -> None:
        """Look for every one of ``needles``, also as base64, in all there is."""
        captured = self._capfd.readouterr()
        self.said += [
            f"{mail.message()} {mail.body}" for mail in getattr(django_mail, "outbox", ())
        ]
        self.said += [captured.out, captured.err]
        places = {
            "output": "\n".join(self.said),
            "log": "\n".join(self.logged),
            "database": "\n".join(_rows()),
            "files": "\n".join(_files(self._folder)),
        }
        for place, text in places.items():
            for needle in self.needles:
                for form in (needle, *_in_base64(needle)):
                    at = text.find(form)
                    assert at < 0, f"in the {place}: …{text[max(0, at - 300) : at + 60]}…"


def _in_base64(text: str) -> Iterator[str]:
    """How base64 writes ``text`` at each of the places where it may stand in a longer one."""
    for before in range(3):
        encoded = base64.b64encode(b" " * before + text.encode()).decode().rstrip("=")
        # Digits at both ends hold bits of the neighbours, too.
        yield encoded[-(-before * 4 // 3) : -1 if (before + len(text.encode())) % 3 else None]


def _told(watch: Watch) -> Iterator[None]:
    """What receivers of Pigeon's signals are told."""

    def tell(**arguments: Any) -> None:
        watch.said.append(repr(arguments))
        watch.said += [repr(vars(each)) for each in arguments.values() if isinstance(each, Model)]

    every = (item_pushed, item_failed, destination_opened, destination_closed)
    for signal in every:
        signal.connect(tell)
    yield
    for signal in every:
        signal.disconnect(tell)


@contextmanager
def watching(capfd: Any, folder: Path) -> Iterator[Watch]:
    """Look into everything, below ``folder`` and elsewhere, when the block is over."""
    found = Watch(capfd, folder)
    with all_logs(found.logged), contextmanager(_told)(found):
        yield found
    found.assert_nothing_leaked()


class _Listener(logging.Handler):
    """Keeps what is logged: as a file would show it, and what a collector would take apart."""

    def __init__(self, logged: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._logged = logged

    def emit(self, record: logging.LogRecord) -> None:
        facts = {**vars(record), "exc_info": None}
        self._logged += [self.format(record), repr(facts)]


@contextmanager
def all_logs(logged: list[str]) -> Iterator[None]:
    """Every logger there is says everything it knows, into ``logged``."""
    listener, root = _Listener(logged), logging.getLogger()
    names = ["root", "asyncssh", "asyncssh.sftp", "aioftp.client", "pigeon.engine"]
    loggers = [logging.getLogger(name) for name in (*names, *logging.root.manager.loggerDict)]
    levels = [(logger, logger.level) for logger in (root, *loggers)]
    for logger, _ in levels:
        logger.setLevel(logging.DEBUG)
    asyncssh.set_debug_level(2)
    root.addHandler(listener)
    try:
        yield
    finally:
        root.removeHandler(listener)
        asyncssh.set_debug_level(1)
        for logger, level in reversed(levels):
            logger.setLevel(level)


def _rows() -> Iterator[str]:
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            yield from (f"{table}: {row!r}" for row in cursor.fetchall())


def _files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        yield str(path)
        if path.is_file():
            yield path.read_bytes().decode("utf-8", "replace")


class TellingSFTPPartner(SFTPPartner):
    """Says what it knows in answers, notices and its good-bye."""

    class server_class(asyncssh.SFTPServer):
        def __init__(self, channel: Any, **arguments: Any) -> None:
            super().__init__(channel, **arguments)
            connection = channel.get_connection()
            connection.send_debug(f"notice: {SECRET}", always_display=True)

        def open(self, path: bytes, *arguments: Any) -> Any:
            if b"goodbye" in path:
                self.connection.disconnect(asyncssh.DISC_BY_APPLICATION, f"no more {SECRET}")
            raise asyncssh.SFTPFailure(f"cannot open for {SECRET} or {ENCODED}")


class _Dialogue(socketserver.StreamRequestHandler):
    """An FTP server that repeats the password; it refuses the login, or all that follows."""

    def handle(self) -> None:
        told = ""
        self._say(220, "welcome")
        for line in self.rfile:
            command, _, argument = line.decode().rstrip("\r\n").partition(" ")
            told = argument if command == "PASS" else told
            self._say(*self._answer(command, f"{told} and {quote(told, safe='')}"))

    def _answer(self, command: str, told: str) -> tuple[int, str]:
        if command == "USER":
            return 331, "and the password?"
        if command == "PASS" and self.server.refuses:  # type: ignore[attr-defined]
            return 530, f"not with {told}"
        if command in ("PASS", "TYPE", "FEAT"):
            return 200, f"good, {told}"
        return 550, f"not with {told}"

    def _say(self, code: int, text: str) -> None:
        self.wfile.write(f"{code} {text}\r\n".encode())


@contextmanager
def telling_ftp_partner(*, refuses: bool) -> Iterator[int]:
    """The port of an FTP server that repeats the password in its answers."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Dialogue) as server:
        server.daemon_threads = True
        server.refuses = refuses  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
