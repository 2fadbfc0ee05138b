"""Is there a folder for what is sent?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured

from pigeon.checks.catalogue import NO_OUTPUT_DIRECTORY, NOT_WRITABLE
from pigeon.conf import conf

_NAME = "PIGEON_OUTPUT_DIRECTORY"


def check() -> Iterator[CheckMessage]:
    """The folder is named, is or can become one, and this process may write there."""
    try:
        folder = Path(conf.OUTPUT_DIRECTORY).absolute()
    except ImproperlyConfigured:
        yield NO_OUTPUT_DIRECTORY.found(
            f"{_NAME} is not set, so nothing can be sent.",
            "Say where Pigeon may keep the files it sends, for example "
            f'{_NAME} = BASE_DIR / "var" / "export".',
            _NAME,
        )
        return
    present = _nearest(folder)
    if not present.is_dir():
        yield NO_OUTPUT_DIRECTORY.found(
            f"{_NAME} is {folder}, but {present} is a file.",
            f"Name a folder in {_NAME}, or move the file away.",
            _NAME,
        )
    elif not os.access(present, os.W_OK | os.X_OK):
        yield NOT_WRITABLE.found(
            f"The user of this process (number {os.geteuid()}) may not write to {present}, so "
            f"it cannot keep parcels in {folder}.",
            f"Give it the right to, or name another folder in {_NAME}. If only other processes "
            "push, silence this check.",
            _NAME,
        )


def _nearest(folder: Path) -> Path:
    """``folder``, or what is there of the way to it: the rest is made when it is needed."""
    while not os.path.lexists(folder):
        folder = folder.parent
    return folder
