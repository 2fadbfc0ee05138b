"""Outputs travel as they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from pigeon.packers.base import Packer
from pigeon.parcel import OutputFile


class FlatPacker(Packer):
    """Sends every output as a file of its own; folders of the outputs are kept."""

    keeps_outputs: ClassVar[bool] = True
    needs_digests: ClassVar[bool] = False

    def _pack(
        self, outputs: Sequence[OutputFile], source: Path, directory: Path, stem: str
    ) -> list[str]:
        if source != directory:
            for output in outputs:
                _move(source / output.path, directory / output.path)
        return [output.path for output in outputs]


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)
