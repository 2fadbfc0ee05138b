"""An output that is a file of the object itself: a photo, a video, a PDF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from django.core.exceptions import FieldDoesNotExist
from django.core.files.storage import FileSystemStorage, Storage
from django.db.models import FileField, Model
from django.db.models.fields.files import FieldFile

from pigeon.exceptions import OutputGenerationError
from pigeon.makers.base import Asked, BaseOutputMaker, described

_PIECE = 256 * 1024


class BinaryOutputMaker(BaseOutputMaker):
    """Copies the file of a ``FileField`` or ``ImageField`` from its storage, in pieces.

    The name is the rule's ``get_filename(instance)`` with the ending of the stored file:
    ``news_photo_1.jpg``.

    Args:
        configuration: the rule, or a supervisor.
        instance: the object.
        field_name: name of its file field.
    """

    #: The rule's validators are for documents, so a binary file has none unless you say so.
    validators: Sequence[Any] | None = ()

    def __init__(self, configuration: Asked, instance: Model, field_name: str) -> None:
        super().__init__(configuration, instance)
        self.field_name = field_name

    @property
    def max_size(self) -> int | None:
        """No limit: the file is never held in memory."""
        return None

    def get_filename(self) -> str:
        """The rule's file name with the ending of the stored file."""
        name = PurePosixPath(super().get_filename())
        return name.stem + PurePosixPath(str(self._file().name)).suffix

    def write(self, target: BinaryIO) -> None:
        """Copy the stored file to ``target``.

        Raises:
            OutputGenerationError: the object has no file, or the storage has lost it.
        """
        stored = self._file()
        if self._taken(stored, target):
            return
        try:
            with stored.storage.open(str(stored.name), "rb") as content:
                while piece := content.read(_PIECE):
                    target.write(piece)
        except FileNotFoundError as error:
            raise OutputGenerationError(
                f"{self._what()} says its file is {stored.name!r}, but its storage "
                f"({type(stored.storage).__name__}) has no such file. Upload it again."
            ) from error

    def _taken(self, stored: FieldFile, target: BinaryIO) -> bool:
        """Whether ``target`` could take the file from our disk as it is."""
        take = getattr(target, "take", None)
        if take is None or not _reads_plainly(stored.storage):
            return False
        try:
            return bool(take(Path(stored.path)))
        except FileNotFoundError:  # which is said when it is opened
            return False

    def _file(self) -> FieldFile:
        self._check_field()
        stored: FieldFile = getattr(self.instance, self.field_name)
        if not stored:
            raise OutputGenerationError(
                f"{self._what()} has no file. Add one, or let get_output_makers() return no "
                "BinaryOutputMaker for objects without a file."
            )
        return stored

    def _check_field(self) -> None:
        try:
            field = self.instance._meta.get_field(self.field_name)
        except FieldDoesNotExist:
            field = None
        if not isinstance(field, FileField):
            raise OutputGenerationError(
                f"{self._what()} is not a file field; give BinaryOutputMaker the name of a "
                "FileField or ImageField of the model."
            )

    def _what(self) -> str:
        return f"The field {self.field_name!r} of {described(self.instance)}"


def _reads_plainly(storage: Storage) -> bool:
    """Whether what ``storage`` gives is a file on our disk, byte for byte."""
    kind: Any = storage.__class__  # the default storage is an object of another type
    plain: Any = FileSystemStorage
    return issubclass(kind, plain) and kind.open is plain.open and kind._open is plain._open
