"""Partners for trying things out: an SFTP and an FTP server in this process.

::

    with SFTPPartner() as partner:
        settings.PIGEON_DESTINATIONS = {"beloved": partner.entry}
        ...
        assert partner.files() == {"story.xml": b"<story/>"}

They listen on a free port of the loopback interface, in a thread, and take one user.
"""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

HOST = "127.0.0.1"
#: Seconds within which a server starts or stops.
PATIENCE = 30.0


class Partner:
    """A server over a folder, from ``with`` to its end.

    Args:
        directory: what the server shows as its root; made if need be. Without it, a temporary
            folder that goes with the partner.
        port: a free one if 0.
        username: who may log in.
        password: with this.

    Attributes:
        directory: the folder, on our disk.
    """

    scheme: ClassVar[str]

    def __init__(
        self,
        directory: str | Path | None = None,
        *,
        port: int = 0,
        username: str = "pigeon",
        password: str = "coo-coo",
    ) -> None:
        self._temporary = None if directory else tempfile.TemporaryDirectory(prefix="pigeon-")
        base = directory or Path(self._temporary.name if self._temporary else "") / "files"
        self.directory = Path(base).resolve()
        self.username, self.password, self.port = username, password, port
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(
            target=self._guarded, name=type(self).__name__, daemon=True
        )

    @property
    def url(self) -> str:
        """The address, without the password."""
        return f"{self.scheme}://{self.username}@{HOST}:{self.port}/"

    @property
    def options(self) -> dict[str, Any]:
        """The ``OPTIONS`` with which Pigeon can log in."""
        return {"password": self.password}

    @property
    def entry(self) -> dict[str, Any]:
        """The entry for ``PIGEON_DESTINATIONS``."""
        return {"URL": self.url, "OPTIONS": self.options}

    def files(self) -> dict[str, bytes]:
        """Relative path → content of every file that stands there now."""
        return {
            path.relative_to(self.directory).as_posix(): path.read_bytes()
            for path in sorted(self.directory.rglob("*"))
            if path.is_file()
        }

    def start(self) -> Self:
        """Start to listen; ``with`` does it."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        if not self._started.wait(PATIENCE):
            raise TimeoutError(f"{type(self).__name__} did not start in {PATIENCE:g} seconds.")
        if self._failure is not None:
            self.stop()
            raise self._failure
        return self

    def stop(self) -> None:
        """Close every connection and stop; a temporary folder is deleted."""
        if self._failure is None:
            self._ask_to_stop()
        self._thread.join(PATIENCE)
        if self._temporary:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _guarded(self) -> None:
        try:
            self._serve()
        except Exception as error:  # noqa: BLE001 - it is raised where start() was called
            self._failure = error
        finally:
            self._started.set()

    def _serve(self) -> None:
        raise NotImplementedError

    def _ask_to_stop(self) -> None:
        raise NotImplementedError
