"""A parcel for people: its files, and what is in those that are text."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from pigeon.management.command import PigeonCommand
from pigeon.management.text import one_line, shown, size
from pigeon.overview.contents import MOST, text_of
from pigeon.parcel import Parcel


def print_parcel(command: PigeonCommand, parcel: Parcel, *, contents: bool) -> None:
    """Print paths and sizes, and with ``contents`` the text of what is text."""
    for file in parcel.files:
        text = text_of(parcel, file) if contents else None
        note = ", not text" if contents and text is None else ""
        command.stdout.write(one_line(f"{file.path} ({size(file.size)}{note})"))
        if text is not None:
            lines = text.replace("\r\n", "\n")  # other control characters are not shown
            command.stdout.write(f"{shown(lines)}\n")
        if text is not None and file.size > MOST:
            command.stderr.write(f"Only {size(MOST)} are shown; --output writes all of it.")
    for left in parcel.left_out:
        command.stderr.write(one_line(f"{left.path} would be left out: {left.reason}"))


def as_data(parcel: Parcel) -> dict[str, Any]:
    """``parcel`` for programs; ``text`` is null for what is not text."""
    return {
        "files": [{**file.as_json(), "text": text_of(parcel, file)} for file in parcel.files],
        "left_out": [asdict(left) for left in parcel.left_out],
    }


def write(parcel: Parcel, folder: Path) -> None:
    """Write the files of ``parcel`` below ``folder``, over what has their names there.

    Raises:
        CommandError: our disk does not take them.
    """
    try:
        for file in parcel.files:
            target = folder / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(parcel.local_path(file), target)
    except OSError as error:
        raise CommandError(f"The files cannot be written to {folder}: {error}") from error
