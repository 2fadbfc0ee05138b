"""An output maker that writes an object's title as it is."""

from __future__ import annotations

from typing import BinaryIO

from pigeon.makers.base import BaseOutputMaker


class TextMaker(BaseOutputMaker):
    def write(self, target: BinaryIO) -> None:
        target.write(str(self.instance).encode())
