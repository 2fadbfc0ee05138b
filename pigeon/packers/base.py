"""What a packer is: the contract between export and every way of packing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, ClassVar

from pigeon.exceptions import OutputMakerError
from pigeon.parcel import OutputFile
from pigeon.paths import check_name


class Packer(ABC):
    """Turns an item's outputs into the files that travel.

    A rule names a packer class, or an instance where options matter::

        packer = pigeon.TARPacker(compression=None)

    One instance serves all threads, so keep no state of one parcel on ``self``. The same
    outputs must give the same bytes: a parcel that is packed again is compared by its digest.
    """

    #: True when outputs travel as they are: they are then written where they will travel from.
    keeps_outputs: ClassVar[bool] = False
    #: False lets large outputs come without a digest (``sha256`` is empty), which saves reading
    #: them once more.
    needs_digests: ClassVar[bool] = True

    def pack(
        self, outputs: Sequence[OutputFile], source: Path, directory: Path, stem: str
    ) -> list[str]:
        """Make the files that travel.

        Args:
            outputs: what was rendered; each lies at ``source / output.path``.
            source: existing folder of the outputs.
            directory: existing folder to fill; ``source`` itself if :attr:`keeps_outputs`.
            stem: name of an archive, without extension.

        Returns:
            Paths relative to ``directory``, in the order in which they are to be sent.

        Raises:
            OutputMakerError: there are no outputs; an empty parcel is never made.
        """
        if not outputs:
            raise OutputMakerError(
                "There are no outputs to pack, and an empty archive is never sent: let "
                "get_output_makers() return at least one output maker."
            )
        return self._pack(outputs, source, directory, stem)

    @abstractmethod
    def _pack(
        self, outputs: Sequence[OutputFile], source: Path, directory: Path, stem: str
    ) -> list[str]:
        """Do what :meth:`pack` promises for at least one output."""


class ArchivePacker(Packer):
    """A packer that puts all outputs into one file, called ``stem`` plus :attr:`extension`."""

    extension: str

    def _pack(
        self, outputs: Sequence[OutputFile], source: Path, directory: Path, stem: str
    ) -> list[str]:
        name = check_name(stem + self.extension)
        with (directory / name).open("xb") as target:
            self.write(sorted(outputs, key=lambda output: output.path), source, target)
        return [name]

    @abstractmethod
    def write(self, outputs: Sequence[OutputFile], source: Path, target: BinaryIO) -> None:
        """Write the archive of ``outputs``, which are sorted by path, to ``target``."""


@contextmanager
def opened(source: Path, output: OutputFile) -> Iterator[BinaryIO]:
    """The content of ``output``, to be read in pieces."""
    with (source / output.path).open("rb") as content:
        yield content
