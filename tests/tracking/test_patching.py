"""Attaching leaves a class as it was found."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from django.db import models

from pigeon import tracking
from pigeon.exceptions import ConfigurationError
from pigeon.tracking import patching
from tests.apps.tracked.models import Headstrong, LongPage, Mixed, OddlyNamed, Page


@pytest.mark.parametrize("model", [Page, LongPage, Headstrong, Mixed])
def test_detaching_restores_the_class(model: type[models.Model]) -> None:
    before = dict(vars(model))
    tracking.attach(model)
    tracking.attach(model, fields=["title"])
    assert dict(vars(model)) != before
    tracking.detach(model)
    tracking.detach(model)
    assert dict(vars(model)) == before


def test_a_detached_model_is_not_tracked() -> None:
    tracking.attach(Page)
    tracking.detach(Page)
    assert not hasattr(Page(), "modified_attrs")


def test_detaching_leaves_the_mixin_at_work() -> None:
    tracking.attach(Mixed)
    tracking.detach(Mixed)
    assert Mixed().modified_attrs == {"id", "title", "body"}


def test_save_base_keeps_djangos_marks() -> None:
    tracking.attach(Page)
    try:
        assert Page.save_base.alters_data  # templates must not call it
        assert Page.save_base.__name__ == "save_base"
    finally:
        tracking.detach(Page)


def test_a_field_called_modified_attrs_stays_a_field() -> None:
    tracking.attach(OddlyNamed)
    try:
        assert OddlyNamed(modified_attrs="x").modified_attrs == "x"
        assert tracking.modified_fields(OddlyNamed()) == {"id", "modified_attrs"}
    finally:
        tracking.detach(OddlyNamed)


def test_an_unknown_field_is_refused_with_the_known_ones() -> None:
    before = dict(vars(Headstrong))
    text = "tracked.Headstrong has no field 'titel' to track. It has: id, title, body."
    with pytest.raises(ConfigurationError, match=text):
        tracking.attach(Headstrong, fields=["titel"])
    assert dict(vars(Headstrong)) == before


def test_the_mixin_must_come_first() -> None:
    with pytest.raises(ConfigurationError, match="Put it first: class Wrong"):
        type("Wrong", (models.Model, tracking.DirtyFieldsMixin), {"__module__": __name__})


def test_the_mixin_can_be_imported_before_the_apps_are_loaded() -> None:
    code = "from pigeon.tracking import DirtyFieldsMixin; print(DirtyFieldsMixin.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "DirtyFieldsMixin\n", done.stderr


@pytest.mark.django_db
def test_a_model_that_is_not_attached_has_no_history() -> None:
    page: Any = Page.objects.create(title="x")
    assert set(vars(page._state)) <= {"db", "adding", "fields_cache", "fetch_mode"}
    assert "pigeon_history" not in vars(Page.objects.get()._state)


@pytest.mark.django_db
def test_one_class_does_the_work_for_parent_and_child(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    for name in ("save", "note_loaded"):
        kept = getattr(patching, name)
        monkeypatch.setattr(
            patching, name, lambda *args, kept=kept, name=name: (calls.append(name), kept(*args))
        )
    tracking.attach(Page)
    tracking.attach(LongPage)
    try:
        LongPage.objects.create(title="x")
        LongPage.objects.get()
    finally:
        tracking.detach(LongPage)
        tracking.detach(Page)
    assert calls == ["save", "note_loaded"]
