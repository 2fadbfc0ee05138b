"""Workers that die, stop, stumble or dawdle at random steps, each in a process of its own."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import asyncssh
import pytest
from django.db import InterfaceError, OperationalError, connections

from pigeon import engine, queue
from pigeon.engine import slots
from pigeon.exceptions import TransientError, Unreachable
from pigeon.export import batch, stored
from pigeon.remotes.local import LocalRemote
from pigeon.remotes.sftp import SFTPRemote
from pigeon.senders.upload import Upload
from pigeon.testing import SFTPPartner

#: Steps that talk to the database; each is spoilt before it begins or after it has committed.
DATABASE = (
    (queue, "claim"),
    (queue, "renew"),
    (queue, "finish"),
    (queue, "destination_failed"),
    (queue, "destination_succeeded"),
    (slots, "take_slots"),
    (slots, "take_paths"),
    (slots, "free_paths"),
    (slots, "renew_holds"),
    (stored, "find"),
    (stored, "record"),
)
#: Steps on our own disk.
DISK = ((batch, "_move"), (batch, "build"))
#: Steps at the partner. Stopping right before a rename is the window that is documented.
REMOTE: tuple[tuple[type, str], ...] = (
    (LocalRemote, "open"),
    (SFTPRemote, "open"),
    (Upload, "look_back"),
    (Upload, "put"),
    (Upload, "publish"),
)


class Spoiler:
    """Decides, by a seed, what goes wrong at a step.

    Args:
        seed: of all decisions.
        rate: how often something does.
    """

    def __init__(self, seed: int, rate: float) -> None:
        self._random = random.Random(seed)
        self._rate = rate

    def strike(self, *errors: type[Exception], may_stop: bool = True) -> None:
        """Nothing, most often; else death, a stop, or one of ``errors``."""
        if self._random.random() > self._rate:
            return
        fate = self._random.random()
        if fate < 0.3:
            os.kill(os.getpid(), signal.SIGKILL)
        if fate < 0.4 and may_stop:
            os.kill(os.getpid(), signal.SIGSTOP)
        elif fate < 0.5:
            time.sleep(0.1)
        elif errors:
            raise self._random.choice(errors)("Spoilt.")

    def spoil(self, patch: pytest.MonkeyPatch) -> None:
        """Put a strike before and after every step of this process."""
        for owner, name in DATABASE:
            step = self._plain(getattr(owner, name), OperationalError, InterfaceError)
            patch.setattr(owner, name, step)
        for owner, name in DISK:
            patch.setattr(owner, name, self._plain(getattr(owner, name), TransientError))
        for kind, name in REMOTE:
            patch.setattr(kind, name, self._awaited(getattr(kind, name), name))

    def _plain(self, step: Callable[..., Any], *errors: type[Exception]) -> Callable[..., Any]:
        def spoilt(*args: Any, **kwargs: Any) -> Any:
            self.strike(*errors)
            answer = step(*args, **kwargs)
            self.strike(*errors)
            return answer

        return spoilt

    def _awaited(self, step: Callable[..., Any], name: str) -> Callable[..., Any]:
        errors = (Unreachable,) if name == "open" else (TransientError,)

        async def spoilt(*args: Any, **kwargs: Any) -> Any:
            self.strike(*errors, may_stop=name != "publish")
            answer = await step(*args, **kwargs)
            self.strike(*errors)
            return answer

        return spoilt


@contextmanager
def worker(seed: int, rate: float) -> Iterator[int]:
    """A worker that pushes once, or not to the end; its process id. Reaped at the end."""
    connections.close_all()  # what a fork inherits is nobody's
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        _work(seed, rate)
    try:
        yield pid
    finally:
        if os.waitpid(pid, os.WNOHANG) == (0, 0):
            os.kill(pid, signal.SIGKILL)
            os.kill(pid, signal.SIGCONT)
            os.waitpid(pid, 0)


def _work(seed: int, rate: float) -> None:
    status = 1
    try:
        with pytest.MonkeyPatch.context() as patch:
            Spoiler(seed, rate).spoil(patch)
            engine.push(engine.Options(threads=1, retry_now=True))
        status = 0
    except Exception:  # noqa: BLE001 - a run that fails is one of the faults
        status = 2
    finally:
        os._exit(status)


class Spoilt(asyncssh.SFTPServer):
    """A partner who refuses, drops the line, or answers nothing, at random."""

    decide = random.Random(0)
    rate = 0.0

    def strike(self) -> None:
        if self.decide.random() > Spoilt.rate:
            return
        if self.decide.random() < 0.5:
            self.channel.get_connection().abort()
        raise asyncssh.SFTPFailure("Spoilt.")

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        self.strike()
        return super().open(path, pflags, attrs)

    def write(self, file_obj: Any, offset: int, data: bytes) -> int:
        if self.decide.random() < Spoilt.rate:
            super().write(file_obj, offset, data[: len(data) // 2])
            self.strike()
        written = super().write(file_obj, offset, data)
        assert isinstance(written, int)
        return written

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        self.strike()
        super().posix_rename(oldpath, newpath)
        self.strike()

    def remove(self, path: bytes) -> None:
        super().remove(path)
        self.strike()


class SpoiltPartner(SFTPPartner):
    """The partner of :mod:`pigeon.testing`, spoilt."""

    server_class = Spoilt
