"""A name that is no name stays here, and the next story goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pigeon
from pigeon.models import ItemToPush, Status
from tests.apps.newsroom.models import Story
from tests.flows.site import Site

pytestmark = pytest.mark.django_db

UNSAFE = {
    "up": "..",
    "up and away": "../../away",
    "absolute": "/etc/passwd",
    "folder": "a/b",
    "backslash": "a\\b",
    "NUL": "a\0b",
    "line": "a\nb",
    "long": "x" * 300,
    "right to left": "a\u202egpj",
    "mark": "a\u200fb",
    "nothing": "",
}
#: Where a rule may say such a name; with a folder, or with an ending, some of them are no harm.
HARMLESS = {
    "get_filename": (),
    "get_directory": ("folder", "nothing"),
    "get_archive_name": ("up", "nothing"),
}
CASES = [
    pytest.param(packer, hook, name, id=f"{packer.__name__}-{hook}-{kind}")
    for packer in (pigeon.FlatPacker, pigeon.ZIPPacker)
    for hook, harmless in HARMLESS.items()
    for kind, name in UNSAFE.items()
    if kind not in harmless and (packer, hook) != (pigeon.FlatPacker, "get_archive_name")
]


@pytest.mark.parametrize(("packer", "hook", "name"), CASES)
def test_it_is_refused_and_the_next_one_goes(
    site: Site, tmp_path: Path, packer: Any, hook: str, name: str
) -> None:
    usual = getattr(pigeon.DefaultConfiguration, hook)

    def named(self: Any, instance: Any) -> str:
        return name if instance.title == "unsafe" else str(usual(self, instance))

    site.rule("partner", f"file://{tmp_path}/partner/in", packer=packer, **{hook: named})
    for title in ("unsafe", "fine"):
        Story.objects.create(title=title)
    before = _files(tmp_path)
    site.push()
    unsafe, fine = ItemToPush.objects.order_by("pk")
    assert (unsafe.status, fine.status) == (Status.GET_DIRECTORY_ERROR, Status.PUSHED)
    assert unsafe.message
    assert "\n" not in unsafe.message and "\u202e" not in unsafe.message
    new = _files(tmp_path) - before
    assert len([path for path in new if path.is_relative_to(tmp_path / "partner" / "in")]) == 1
    assert len([path for path in new if path.is_relative_to(tmp_path / "export")]) == 1
    assert len(new) == 2, "nothing is written anywhere else"


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}
