"""Which objects a person means by "story 42"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Model

from pigeon.configuration import ALL_MODELS, labels_of
from pigeon.registry import registry

#: Characters of a model and a key; to look for them in a very long text takes very long.
LONGEST = 500
#: As :class:`Subject` writes it: its key may hold spaces.
_WRITTEN = re.compile(r"(?P<model>\w+\.\w+)\s*:\s*(?P<key>\S.*)")
_MODEL_AND_KEY = re.compile(r"(?P<model>.+?)(?:\s+|\s*:\s*)(?P<key>\S+)")


@dataclass(frozen=True, slots=True)
class Subject:
    """One object, whether or not it exists.

    Attributes:
        model: its model's label, such as ``"news.Story"``.
        key: its primary key as text.
    """

    model: str
    key: str

    @property
    def model_class(self) -> type[Model]:
        """Its model. Raises ``LookupError`` when there is none of that name."""
        return apps.get_model(self.model)

    @property
    def labels(self) -> tuple[str, ...]:
        """Lower-cased labels under which its items may stand."""
        try:
            return labels_of(self.model_class)
        except (LookupError, ValueError):
            return (self.model.lower(),)

    def __str__(self) -> str:
        return f"{self.model}:{self.key}"


def subject_of(label: str, key: str) -> Subject:
    """The object of an item, whose label is in lower case."""
    try:
        return Subject(apps.get_model(label)._meta.label, key)
    except (LookupError, ValueError):
        return Subject(label, key)


def subjects_in(text: str) -> tuple[Subject, ...]:
    """The objects that ``text`` names by model and key; none if it does not.

    The model may be called as in ``news.Story``, ``story``, or as people call it. A word that
    cannot be a key makes it a title, as in "story time", unless a point or a colon says
    otherwise.
    """
    text = text.strip()
    if len(text) > LONGEST:
        return ()
    found = _WRITTEN.fullmatch(text) or _MODEL_AND_KEY.fullmatch(text)
    if found is None:
        return ()
    models = _models_called(found["model"].strip().lower())
    is_explicit = "." in found["model"] or ":" in text
    keys = [(model, _key(model, found["key"])) for model in models]
    return tuple(
        Subject(model._meta.label, key or found["key"])
        for model, key in keys
        if key or is_explicit
    )


def subjects_of_file(name: str) -> tuple[Subject, ...]:
    """The objects whose outputs are called ``name`` unless a rule says otherwise."""
    stem = name.rpartition("/")[2].rpartition(".")[0]
    return tuple(
        Subject(model._meta.label, stem.removeprefix(start))
        for model in pushed_models()
        if (start := f"{model._meta.app_label}_{model._meta.model_name}_")
        and stem.startswith(start)
        and stem != start
    )


def pushed_models() -> list[type[Model]]:
    """The models that rules are about."""
    named = frozenset[str]().union(*(rule.model_labels() for rule in registry.rules()))
    return [
        model
        for model in apps.get_models()
        if ALL_MODELS in named or not named.isdisjoint(labels_of(model))
    ]


def _key(model: type[Model], text: str) -> str:
    """``text`` in the notation of the model's keys; empty if it cannot be one."""
    field = model._meta.pk
    try:
        return str(field.to_python(text)) if field is not None else text
    except ValidationError:
        return ""


def _models_called(name: str) -> list[type[Model]]:
    """Those that rules are about come before all others."""
    return _called(name, pushed_models()) or _called(name, apps.get_models())


def _called(name: str, models: Iterable[type[Model]]) -> list[type[Model]]:
    return [
        model
        for model in models
        if name
        in (
            model._meta.label_lower,
            model._meta.model_name,
            str(model._meta.verbose_name).lower(),
            str(model._meta.verbose_name_plural).lower(),
        )
    ]
