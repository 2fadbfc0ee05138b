"""What a row of the queue keeps of an object: its key, its name, its fields."""

from __future__ import annotations

import json
import logging
from typing import Any

from django.core import serializers
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model

from pigeon.actor import current_actor
from pigeon.guard import guarded
from pigeon.text import storable

logger = logging.getLogger("pigeon.select")

#: Characters of a title, of a primary key as text, and of a name; the columns' lengths.
MAX_TITLE = MAX_KEY = MAX_ACTOR = 255


def key_of(model: type[Model], instance: Model) -> str:
    """The primary key of ``instance`` under ``model`` as text, in the notation of the field."""
    key = model._meta.pk
    assert key is not None
    value = key.value_from_object(instance)
    if isinstance(value, str):  # a key that was assigned as text, perhaps in another notation
        return str(key.to_python(value))
    return str(key.value_to_string(instance))


def title_of(instance: Model) -> str:
    """The object's name for people; a failing ``__str__`` must not break a save."""
    try:
        with guarded():
            return storable(str(instance))[:MAX_TITLE]
    except Exception:  # noqa: BLE001 - see above
        return f"{instance._meta.verbose_name} {instance.pk}"[:MAX_TITLE]


def actor_of_now() -> str:
    """Who is at work; empty when nobody knows: to find it out must not break a save."""
    try:
        with guarded():
            return storable(current_actor())[:MAX_ACTOR]
    except Exception:
        logger.exception("Nobody could tell whose request this is.")
        return ""


def snapshot_of(instance: Model) -> Any:
    """The object's fields and those of its parents, ready for JSON, as a fixture has them.

    ``None``, and a line in the log, when they cannot be serialized.
    """
    try:
        with guarded():
            text = json.dumps([_row(instance)], cls=DjangoJSONEncoder)
    except Exception:
        label, text = instance._meta.label, "No snapshot of %s %s could be made."
        extra = {"object": f"{label}:{instance.pk}"}
        logger.exception(text, label, instance.pk, extra=extra)
        return None
    # Infinity and NaN are no JSON, but the fields understand them as text.
    return json.loads(text, parse_constant=str)


def _row(instance: Model) -> dict[str, Any]:
    row: dict[str, Any] = serializers.serialize("python", [instance])[0]
    for parent in instance._meta.get_parent_list():
        part = serializers.serialize("python", [_as_parent(instance, parent)])[0]
        key = parent._meta.pk
        assert key is not None
        row["fields"] = {key.name: part["pk"], **part["fields"], **row["fields"]}
    return row


def _as_parent(instance: Model, parent: type[Model]) -> Model:
    """A serializer leaves out what is in a parent's table; so the parent is asked for it."""
    names = [field.attname for field in parent._meta.concrete_fields]
    values = [getattr(instance, name) for name in names]
    return parent.from_db(instance._state.db, names, values)
