"""Where parcels are built, and where they are kept: ``<rule>/<day>/<name>`` in our folder."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path

from pigeon.conf import conf
from pigeon.export.building import BUILDING
from pigeon.export.hooks import local_disk
from pigeon.paths import check_name

#: Days, as directories of parcels are named after them.
DAY = "%Y%m%d"


class Shelf:
    """Directories for the parcels of one rule that are rendered at the same time.

    Args:
        rule_name: name of the rule.
        now: when they are rendered.
    """

    def __init__(self, rule_name: str, now: datetime) -> None:
        self._rule = rule_name
        self._day = now.strftime(DAY)
        #: What the names of all directories here begin with; a number makes each its own.
        self._stem = uuid.uuid4().hex[:24]
        self._number = 0

    @cached_property
    def _root(self) -> str:
        return f"{os.path.abspath(conf.OUTPUT_DIRECTORY)}/{check_name(self._rule)}"  # noqa: PTH100

    @contextmanager
    def building(self) -> Iterator[Path]:
        """A new directory, which is removed if what is done in it fails.

        Raises:
            TransientError: our disk does not take it.
        """
        self._number += 1
        directory = Path(f"{self._root}/{BUILDING}{self._stem}{self._number:08x}")
        with local_disk("Creating a parcel"):
            try:
                directory.mkdir()
            except FileNotFoundError:
                directory.mkdir(parents=True)
        try:
            yield directory
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise

    def keep(self, directory: Path) -> str:
        """Give a finished ``directory`` its place; the place, relative to our folder.

        Raises:
            TransientError: our disk does not take it.
        """
        name = directory.name.removeprefix(BUILDING)
        place = f"{self._root}/{self._day}/{name}"
        with local_disk("Storing a parcel"):
            try:
                os.rename(directory, place)  # noqa: PTH104 - a path object costs more than this
            except FileNotFoundError:
                os.makedirs(f"{self._root}/{self._day}", exist_ok=True)  # noqa: PTH103
                os.rename(directory, place)  # noqa: PTH104
        return f"{self._rule}/{self._day}/{name}"
