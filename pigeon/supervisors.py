"""A rule's part for one model, when one rule serves several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Model

if TYPE_CHECKING:
    from pigeon.configuration import DefaultConfiguration
    from pigeon.makers.base import BaseOutputMaker


class BaseSupervisor:
    """Answers a rule's hooks for one object; what it does not override, the rule answers.

    Return one from ``get_supervisor_for_item(instance)`` of the rule::

        class PhotoSupervisor(pigeon.BaseSupervisor):
            def get_output_makers(self, instance):
                return [pigeon.BinaryOutputMaker(self.configuration, instance, "image")]

    Makers built by a supervisor may be given ``self`` as their configuration, so that file
    names and contexts are the supervisor's too.

    Args:
        configuration: the rule.
        instance: the object.
    """

    def __init__(self, configuration: DefaultConfiguration, instance: Model) -> None:
        self.configuration = configuration
        self.instance = instance

    def __getattr__(self, name: str) -> Any:
        """Everything else is the rule's: its name, packer, validators, file names."""
        if name in ("configuration", "instance"):
            raise AttributeError(name)
        return getattr(self.configuration, name)

    def filter_by_instance_type(self, instance: Model) -> bool:
        """Whether the rule is about this object at all."""
        return self.configuration.filter_by_instance_type(instance)

    def filter_by_updates(self, instance: Model) -> bool:
        """Whether what changed matters; not asked when the object was created."""
        return self.configuration.filter_by_updates(instance)

    def filter_by_state(self, instance: Model) -> bool:
        """Whether the object, as it is now, may go out."""
        return self.configuration.filter_by_state(instance)

    def get_output_makers(self, instance: Model) -> Sequence[BaseOutputMaker]:
        """What makes the object's outputs."""
        return self.configuration.get_output_makers(instance)

    def get_related_items(self, instance: Model) -> Iterable[Model]:
        """Objects whose outputs join the same parcel."""
        return self.configuration.get_related_items(instance)

    def post_select(self, instance: Model) -> None:
        """Called in the save's transaction after the object was selected."""
        self.configuration.post_select(instance)
