"""What an output maker is: the contract between export and everything that makes a file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, Protocol

from django.db.models import Model

from pigeon.conf import conf


class Asked(Protocol):
    """What a maker asks its rule, or its supervisor, about an object."""

    @property
    def name(self) -> str:
        """The rule's name."""

    @property
    def template_engine(self) -> str | None:
        """Name of an entry of ``TEMPLATES``; ``None``: ``PIGEON_TEMPLATE_ENGINE``."""

    @property
    def validators(self) -> Sequence[Any]:
        """Validators of rendered outputs."""

    def get_template_names(self, instance: Model) -> Sequence[str]:
        """Templates to look for, in order."""

    def get_tombstone_template_names(self, instance: Model) -> Sequence[str]:
        """Templates that say that the object is gone."""

    def get_context(self, instance: Model) -> Mapping[str, Any]:
        """What the template knows."""

    def get_directory(self, instance: Model) -> str:
        """Folder of the output."""

    def get_filename(self, instance: Model) -> str:
        """Name of the output."""


class BaseOutputMaker(ABC):
    """Makes one output file of one object; built for the occasion, used once.

    Args:
        configuration: the rule, or a supervisor, which is asked for what is not overridden.
        instance: the object.
    """

    #: Validators of this output; ``None``: those of the rule.
    validators: Sequence[Any] | None = None

    def __init__(self, configuration: Asked, instance: Model) -> None:
        self.configuration = configuration
        self.instance = instance

    def get_directory(self) -> str:
        """Folder of the output below the destination's own; ``""`` for none."""
        return self.configuration.get_directory(self.instance)

    def get_filename(self) -> str:
        """Name of the output, without folders."""
        return self.configuration.get_filename(self.instance)

    def get_context(self) -> Mapping[str, Any]:
        """What a template knows about the object."""
        return self.configuration.get_context(self.instance)

    def get_validators(self) -> Sequence[Any]:
        """Who may refuse the output: this maker's own validators, else the rule's."""
        return self.configuration.validators if self.validators is None else self.validators

    @property
    def max_size(self) -> int | None:
        """Bytes that the output may have, ``None`` for no limit."""
        return conf.MAX_DOCUMENT_SIZE

    @abstractmethod
    def write(self, target: BinaryIO) -> None:
        """Write the output to ``target``, in pieces if it may be large.

        Raises:
            OutputGenerationError: it cannot be made; any other exception counts as one.
        """


def described(instance: Model) -> str:
    """``"news.Story 5"``: how messages name an object."""
    return f"{instance._meta.label} {instance.pk}"
