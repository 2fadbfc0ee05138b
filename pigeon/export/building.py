"""A parcel is built in a directory of its own: outputs, validation, packing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from django.db.models import Model

from pigeon.configuration import DefaultConfiguration
from pigeon.exceptions import (
    GetDirectoryError,
    OutputGenerationError,
    OutputMakerError,
    PigeonError,
    ValidationError,
)
from pigeon.export.hooks import hook, hook_failed, local_disk
from pigeon.export.writing import describe, write_output
from pigeon.makers.base import BaseOutputMaker
from pigeon.packers.base import Packer
from pigeon.packers.flat import FlatPacker
from pigeon.parcel import LeftOut, OutputFile
from pigeon.paths import check_path, safe_relative_path
from pigeon.text import storable
from pigeon.validators.base import sentence, validate

#: Beginning of the names of what is not finished; no output can have such a name.
BUILDING = ".building-"
#: Folder of outputs that are only packed and do not travel themselves.
_OUTPUTS = f"{BUILDING}outputs"
#: Where an output is written whose path is taken, to be compared.
_SECOND = f"{BUILDING}second"


def build(
    rule: DefaultConfiguration,
    makers: Iterable[BaseOutputMaker],
    directory: str,
    *,
    archive_for: Model | None,
) -> tuple[tuple[OutputFile, ...], tuple[LeftOut, ...]]:
    """Make all outputs, validate and pack them: what travels, and what was left out.

    Args:
        rule: whose packer, name and ``on_invalid`` count.
        makers: of all outputs, in order.
        directory: existing empty folder that becomes the parcel's.
        archive_for: the object after which an archive is named; ``None`` for a batch.

    Raises:
        ItemError: a subclass that says whose fault it is; nothing of the folder is of use then.
        TransientError: our disk, a storage or a database cannot be reached now.
    """
    packer = rule.packer() if isinstance(rule.packer, type) else rule.packer
    source = directory
    if not packer.keeps_outputs:
        source = f"{directory}/{_OUTPUTS}"
        with local_disk("Creating a parcel"):
            Path(source).mkdir()
    outputs = Outputs(rule, source)
    for maker in makers:
        outputs.add(maker)
    packed = _pack(packer, rule, outputs, directory, archive_for)
    return tuple(packed), tuple(outputs.left_out)


class Outputs:
    """The outputs of one parcel while it grows.

    Args:
        rule: the rule.
        source: the folder in which they are written.
    """

    # Paths are texts here: an object for each takes longer than to make the file.

    def __init__(self, rule: DefaultConfiguration, source: str) -> None:
        self.rule = rule
        self.source = source
        self.made: dict[str, OutputFile] = {}
        self.left_out: list[LeftOut] = []

    def add(self, maker: BaseOutputMaker) -> None:
        """Make one output and validate it.

        Raises:
            ItemError: it cannot be made, or it is invalid and the rule refuses the parcel then.
        """
        path = self._path(maker)
        taken = self.made.get(path)
        target = f"{self.source}/{_SECOND if taken else path}"
        try:
            output = write_output(maker, self.rule.name, path, target)
            self._validate(maker, path, target)
        except ValidationError as error:
            if self.rule.on_invalid != "skip":
                raise
            os.unlink(target)  # noqa: PTH108
            self.left_out.append(LeftOut(path, storable(str(error))))
            return
        if taken:
            output = self._compare(taken, output, target)
        self.made[path] = output

    def _path(self, maker: BaseOutputMaker) -> str:
        asked = "get_directory"
        try:
            directory = maker.get_directory()
            asked = "get_filename"
            filename = maker.get_filename()
        except PigeonError:
            raise
        except Exception as error:
            what = f"{asked} of {type(maker).__name__}"
            raise hook_failed(error, GetDirectoryError, self.rule.name, what) from error
        return safe_relative_path(directory, filename)

    def _validate(self, maker: BaseOutputMaker, path: str, target: str) -> None:
        try:
            validators = maker.get_validators()
        except PigeonError:
            raise
        except Exception as error:
            what = f"validators of {type(maker).__name__}"
            raise hook_failed(error, OutputGenerationError, self.rule.name, what) from error
        if validators:
            validate(Path(target), path, validators)

    def with_digests(self) -> list[OutputFile]:
        """All outputs, for a packer that wants the digest of each."""
        for path, output in self.made.items():
            self.made[path] = self._known(output, path)
        return list(self.made.values())

    def _known(self, output: OutputFile, name: str) -> OutputFile:
        """``output``, which lies at ``name``, with its digest."""
        if output.sha256:
            return output
        with local_disk("Reading an output"):
            return replace(describe(Path(self.source), name), path=output.path)

    def _compare(self, taken: OutputFile, output: OutputFile, second: str) -> OutputFile:
        taken = self._known(taken, taken.path)
        output = self._known(output, Path(second).name)
        os.unlink(second)  # noqa: PTH108
        if output != taken:
            raise OutputMakerError(
                f"Rule {self.rule.name!r} makes two different outputs called {output.path!r} in "
                "one parcel. Give them different names in get_filename() or get_directory()."
            )
        return taken


def _pack(
    packer: Packer,
    rule: DefaultConfiguration,
    outputs: Outputs,
    directory: str,
    archive_for: Model | None,
) -> list[OutputFile]:
    _check_some(rule, outputs)
    if type(packer) is FlatPacker:  # they lie where they travel from
        return list(outputs.made.values())
    source, files = Path(outputs.source), Path(directory)
    stem = _stem(packer, rule, archive_for)
    made = outputs.with_digests() if packer.needs_digests else list(outputs.made.values())
    with (
        hook(OutputMakerError, rule.name, f"{type(packer).__name__} as packer"),
        local_disk("Packing a parcel"),
    ):
        paths = packer.pack(made, source, files, stem)
        if packer.keeps_outputs:
            return [outputs.made[path] for path in paths]
        shutil.rmtree(source)
        return [describe(files, check_path(path)) for path in paths]


def _stem(packer: Packer, rule: DefaultConfiguration, archive_for: Model | None) -> str:
    if packer.keeps_outputs:
        return ""
    with hook(GetDirectoryError, rule.name, "get_archive_name"):
        return rule.get_archive_name(archive_for)


def _check_some(rule: DefaultConfiguration, outputs: Outputs) -> None:
    if outputs.made:
        return
    if outputs.left_out:
        reasons = sentence(output.reason for output in outputs.left_out)
        raise ValidationError(f"All outputs were refused, so nothing is left to send: {reasons}")
    raise OutputMakerError(
        f"Rule {rule.name!r} made no output, and an empty parcel is never sent: let "
        "get_output_makers() return at least one output maker, or refuse the object in "
        "filter_by_state()."
    )
