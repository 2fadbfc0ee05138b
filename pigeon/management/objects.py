"""The model and the object that arguments of a command name."""

from __future__ import annotations

from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.management.base import CommandError
from django.db.models import Model

from pigeon.conf import conf


def model_class(label: str) -> type[Model]:
    """The model called ``label``, such as ``"news.Story"``.

    Raises:
        CommandError: there is none.
    """
    app, _, name = label.partition(".")
    try:
        return apps.get_model(app, name)
    except LookupError as error:
        reason = str(error) if name else "An app or a name is missing."
        raise CommandError(
            f"{label!r} is not an installed model. {reason} Write app_label.ModelName, such as "
            "news.Story."
        ) from None


def find(model: type[Model], pk: str, using: str | None = None) -> Model:
    """The object of ``model`` with the key ``pk``, from the first queue's database or ``using``.

    Raises:
        CommandError: there is none.
    """
    alias = using or conf.DATABASES[0]
    try:
        return model._base_manager.using(alias).get(pk=pk)
    except (ObjectDoesNotExist, ValueError, ValidationError):
        raise CommandError(
            f"There is no {model._meta.label} with the primary key {pk!r} in the database "
            f"{alias!r}."
        ) from None
