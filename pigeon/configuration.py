"""What a site subclasses to say what goes out, as what, and to whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any, ClassVar, Literal

from django.db.models import Model

from pigeon.conf import conf
from pigeon.makers.base import BaseOutputMaker
from pigeon.makers.template import TemplateOutputMaker
from pigeon.packers.base import Packer
from pigeon.packers.flat import FlatPacker
from pigeon.supervisors import BaseSupervisor

OnInvalid = Literal["refuse", "skip"]
PushDeletions = Literal[False, "remove", "tombstone"]
#: ``models = ALL_MODELS`` makes a rule listen to every model of the site.
ALL_MODELS = "*"


class DefaultConfiguration:
    """A rule: subclass it, name ``models``, decorate it with ``@pigeon.register``.

    One instance serves the whole process, so keep no state of one object on ``self``.
    """

    #: The rule's name; the lower-cased class name unless you say otherwise.
    name: str = ""
    #: Model classes or labels such as ``"news.Story"``; ``"*"`` for every model.
    models: Sequence[type[Model] | str] | Literal["*"] = ()
    #: URLs or names of ``PIGEON_DESTINATIONS``; ``None``: ``PIGEON_PUSH_URLS[name]``.
    push_urls: Sequence[str] | None = None
    #: File name extension of templates and outputs, without a dot.
    extension: str = "xml"
    #: Name of an entry of ``TEMPLATES``; ``None``: ``PIGEON_TEMPLATE_ENGINE``.
    template_engine: str | None = None
    #: Validators of rendered outputs; a maker may have its own.
    validators: Sequence[Any] = ()
    #: How outputs become the files that travel: a packer class or instance.
    packer: type[Packer] | Packer = FlatPacker
    #: Name of the archive without extension, for packers that make one.
    archive_name: str | None = None
    #: ``"refuse"`` the whole parcel, or ``"skip"`` the invalid output and list it.
    on_invalid: OnInvalid = "refuse"
    #: ``"remove"`` what we published, or push a ``"tombstone"``, when the object is deleted.
    push_deletions: PushDeletions = False
    #: Treat an object that ``filter_by_state`` no longer accepts as deleted there.
    push_withdrawals: bool = False
    #: Names of the fields whose changes count; ``None``: all concrete fields.
    tracked_fields: Sequence[str] | None = None
    #: Items with a higher priority go first.
    priority: int = 0
    #: Seconds (or a ``timedelta``) after which an item that was not delivered is no longer
    #: wanted; ``None``: never. Deletions and withdrawals never expire.
    expires_after: float | timedelta | None = None

    #: Whether saving an object can select it; mass pushes are only started by command.
    selects_on_save: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in cls.__dict__:
            cls.name = cls.__name__.lower()

    def get_push_urls(self) -> Sequence[str]:
        """URLs or destination names, from the class or from ``PIGEON_PUSH_URLS``."""
        if self.push_urls is not None:
            return self.push_urls
        return conf.PUSH_URLS.get(self.name, ())

    def model_labels(self) -> frozenset[str]:
        """Lower-cased labels of ``models``."""
        return _labels(tuple(self.models))

    # Selecting

    def filter_by_instance_type(self, instance: Model) -> bool:
        """Whether the rule is about this object at all: is it one of ``models``?"""
        return self.models == ALL_MODELS or _is_named(tuple(self.models), type(instance))

    def filter_by_updates(self, instance: Model) -> bool:
        """Whether what changed matters: see ``instance.modified_attrs``.

        Not asked when the object was created.
        """
        return True

    def filter_by_state(self, instance: Model) -> bool:
        """Whether the object may go out; asked at the save, and again before the push."""
        return True

    def post_select(self, instance: Model) -> None:
        """Called in the save's transaction after the object was selected."""

    def get_supervisor_for_item(self, instance: Model) -> BaseSupervisor:
        """Who answers the hooks for ``instance``: this rule, unless overridden."""
        return BaseSupervisor(self, instance)

    # Exporting

    def initialize_push(self) -> None:
        """Called once before a batch of this rule's items is exported."""

    def get_output_makers(self, instance: Model) -> Sequence[BaseOutputMaker]:
        """What makes the object's outputs: one template."""
        return [TemplateOutputMaker(self, instance)]

    def get_related_items(self, instance: Model) -> Iterable[Model]:
        """Objects whose outputs join the same parcel; theirs follow, cycles are cut."""
        return []

    def get_template_names(self, instance: Model) -> Sequence[str]:
        """Templates to look for, the first that exists is taken."""
        return [f"export/{self.name}/{_stem(instance)}.{self.extension}"]

    def get_tombstone_template_names(self, instance: Model) -> Sequence[str]:
        """Templates that say that an object is gone, for ``push_deletions = "tombstone"``."""
        return [f"export/{self.name}/{_stem(instance)}_deleted.{self.extension}"]

    def get_context(self, instance: Model) -> Mapping[str, Any]:
        """What the template knows; call ``super()`` and add to it."""
        return {"object": instance}

    def get_directory(self, instance: Model) -> str:
        """Folder of the outputs below the destination's own; empty for none."""
        return ""

    def get_filename(self, instance: Model) -> str:
        """Name of the object's output file."""
        return f"{_stem(instance)}_{instance.pk}.{self.extension}"

    def get_archive_name(self, instance: Model | None) -> str:
        """Name of the archive without extension; ``instance`` is ``None`` for a batch."""
        if self.archive_name is not None:
            return self.archive_name
        if instance is None:
            return self.name
        return f"{self.name}_{_stem(instance)}_{instance.pk}"


class SequentialPusherConfiguration(DefaultConfiguration):
    """The same as :class:`DefaultConfiguration`, under its old name."""


class MassPusherConfiguration(DefaultConfiguration):
    """A rule that puts many objects into one parcel, when a command or a schedule says so.

    ``manage.py pigeon_mass_push <rule> [arguments…]`` queues it.
    """

    on_invalid: OnInvalid = "skip"
    selects_on_save: ClassVar[bool] = False

    def get_items_to_push(self, *args: str) -> Iterable[Model]:
        """The objects of one parcel.

        Args:
            *args: the arguments of ``pigeon_mass_push`` after the rule's name.
        """
        raise NotImplementedError(f"{type(self).__name__} must define get_items_to_push(*args).")


#: Classes that are only there to be subclassed; they cannot be registered themselves.
BASES: frozenset[Callable[..., Any]] = frozenset(
    {DefaultConfiguration, SequentialPusherConfiguration, MassPusherConfiguration}
)


# Asked at every save, so remembered for as long as the process lives.


@cache
def _labels(models: tuple[type[Model] | str, ...]) -> frozenset[str]:
    return frozenset(
        model.lower() if isinstance(model, str) else model._meta.label_lower for model in models
    )


@cache
def _is_named(models: tuple[type[Model] | str, ...], model: type[Model]) -> bool:
    return not _labels(models).isdisjoint(labels_of(model))


@cache
def labels_of(model: type[Model]) -> tuple[str, ...]:
    """Labels of ``model``, of what it is a proxy of, and of its concrete parents."""
    return tuple(
        parent._meta.label_lower
        for parent in model.__mro__
        if issubclass(parent, Model) and parent is not Model and not parent._meta.abstract
    )


def _stem(instance: Model) -> str:
    options = instance._meta
    concrete = options.concrete_model
    assert concrete is not None
    return f"{options.app_label}_{concrete._meta.model_name}"
