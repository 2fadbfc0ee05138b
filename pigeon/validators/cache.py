"""Schema files: read once, and read again when they have changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pigeon.exceptions import ConfigurationError


class Cached:
    """What ``load`` makes of the file at ``path``, until the file has another time or size.

    Files that the schema includes are not watched; restart the worker when only those change.
    """

    def __init__(self, path: Path, load: Callable[[], Any]) -> None:
        self._path = path
        self._load = load
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._value: Any = None

    def get(self) -> Any:
        """The loaded schema.

        Raises:
            ConfigurationError: there is no such file.
        """
        seen = self._stamp()
        with self._lock:
            if seen != self._seen:
                self._value = self._load()
                self._seen = seen
            return self._value

    def _stamp(self) -> tuple[int, int]:
        try:
            found = self._path.stat()
        except OSError as error:
            raise ConfigurationError(
                f"The schema {self._path} cannot be read: {error.strerror}. Correct the path "
                "given to the validator."
            ) from error
        return found.st_mtime_ns, found.st_size
