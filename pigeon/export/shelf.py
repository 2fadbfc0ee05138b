"""Where parcels are built, and where they are kept: ``<rule>/<day>/<name>`` in our folder."""

from __future__ import annotations

import os
import uuid
from datetime import datetime
from functools import cached_property
from pathlib import Path

from pigeon.conf import conf
from pigeon.export.building import BUILDING
from pigeon.export.hooks import disk_failed
from pigeon.paths import check_name

#: Days, as directories of parcels are named after them.
DAY = "%Y%m%d"


class Shelf:
    """Directories for the parcels of one rule that are rendered at the same time.

    Args:
        rule_name: name of the rule.

    Attributes:
        now: when they are rendered.
    """

    def __init__(self, rule_name: str, now: datetime) -> None:
        self.now = now
        self._rule = rule_name
        self._day = now.strftime(DAY)
        #: What the names of all directories here begin with; a number makes each its own.
        self._stem = uuid.uuid4().hex[:24]
        self._number = 0

    @cached_property
    def _root(self) -> str:
        return f"{os.path.abspath(conf.OUTPUT_DIRECTORY)}/{check_name(self._rule)}"  # noqa: PTH100

    @cached_property
    def _shelved(self) -> Path:
        return Path(self._root, self._day)

    # Path objects cost more than what is done with them here.

    def begin(self) -> str:
        """A new directory, to be kept or to be removed.

        Raises:
            TransientError: our disk does not take it.
        """
        self._number += 1
        directory = f"{self._root}/{BUILDING}{self._stem}{self._number:08x}"
        try:
            try:
                os.mkdir(directory)  # noqa: PTH102
            except FileNotFoundError:
                os.makedirs(directory)  # noqa: PTH103
        except OSError as error:
            raise disk_failed(error, "Creating a parcel") from error
        return directory

    def keep(self, directory: str) -> tuple[Path, str]:
        """Give a finished ``directory`` its place, which is also given relative to our folder.

        Raises:
            TransientError: our disk does not take it.
        """
        name = directory.rpartition(BUILDING)[2]
        place = f"{self._root}/{self._day}/{name}"
        try:
            try:
                os.rename(directory, place)  # noqa: PTH104
            except FileNotFoundError:
                os.makedirs(f"{self._root}/{self._day}", exist_ok=True)  # noqa: PTH103
                os.rename(directory, place)  # noqa: PTH104
        except OSError as error:
            raise disk_failed(error, "Storing a parcel") from error
        return self._shelved / name, f"{self._rule}/{self._day}/{name}"
