"""Rules with templates of their own, and items as a claim would give them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Model

from pigeon.export import Exported, export
from pigeon.models import Action, ItemToPush, Status
from pigeon.registry import Registry, registry

TOKEN = "t" * 32


@pytest.fixture
def rules() -> Iterator[Registry]:
    with registry.isolated() as empty:
        yield empty


@pytest.fixture
def template(tmp_path: Path, settings: Any) -> Callable[[str, str], Path]:
    """Write a template under ``export/<rule>/``, given as ``rule/name``."""
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [tmp_path / "templates"],
        }
    ]

    def write(name: str, text: str) -> Path:
        path = tmp_path / "templates" / "export" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write


def claimed(instance: Model | None, rule: str = "partner", **values: Any) -> ItemToPush:
    """An item of ``instance`` that a worker holds."""
    if instance is not None:
        values.setdefault("model_label", instance._meta.label_lower)
        values.setdefault("object_id", str(instance.pk))
    values.setdefault("destination", "there")
    values.setdefault("action", Action.UPDATED)
    values.setdefault("event_id", uuid.uuid4())
    using = (instance._state.db if instance is not None else None) or "default"
    return ItemToPush.objects.using(using).create(
        rule_name=rule, status=Status.IN_PROGRESS, lease_token=TOKEN, **values
    )


def sent(item: ItemToPush) -> dict[str, bytes]:
    """What one item would send: path → content."""
    outcome = export([item])[item.pk]
    if isinstance(outcome, Exception):
        raise outcome
    return content_of(outcome)


def content_of(outcome: Exported | Exception) -> dict[str, bytes]:
    assert isinstance(outcome, Exported), outcome
    assert outcome.parcel
    parcel = outcome.parcel.files()
    return {file.path: parcel.local_path(file).read_bytes() for file in parcel.files}


def refused(item: ItemToPush) -> Exception:
    """Why one item cannot be sent."""
    outcome = export([item])[item.pk]
    assert isinstance(outcome, Exception)
    return outcome


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
