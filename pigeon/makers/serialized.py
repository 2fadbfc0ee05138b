"""An output in one of Django's serialization formats."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import BinaryIO

from django.core import serializers
from django.core.serializers.base import SerializerDoesNotExist
from django.db.models import Model

from pigeon.exceptions import OutputGenerationError
from pigeon.makers.base import Asked, BaseOutputMaker


class SerializedOutputMaker(BaseOutputMaker):
    """Writes the object with one of Django's serializers, as UTF-8.

    Args:
        configuration: the rule, or a supervisor.
        instance: the object.
        format: ``"json"``, ``"jsonl"``, ``"xml"``, ``"yaml"`` or one of
            ``SERIALIZATION_MODULES``.
        fields: names of the fields to write; ``None`` for all.
    """

    def __init__(
        self,
        configuration: Asked,
        instance: Model,
        format: str = "json",
        fields: Sequence[str] | None = None,
    ) -> None:
        super().__init__(configuration, instance)
        self.format = format
        self.fields = fields

    def write(self, target: BinaryIO) -> None:
        """Serialize the object to ``target``.

        Raises:
            OutputGenerationError: the format is unknown.
        """
        text = io.StringIO()
        try:
            serializers.serialize(self.format, [self.instance], stream=text, fields=self.fields)
        except SerializerDoesNotExist as error:
            raise OutputGenerationError(
                f"{self.format!r} is no serialization format here; known are "
                f"{', '.join(sorted(serializers.get_public_serializer_formats()))}."
            ) from error
        target.write(text.getvalue().encode())
