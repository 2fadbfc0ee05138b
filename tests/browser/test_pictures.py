"""The pictures in the docs can be taken again, and are those that the docs show."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docs.make_screenshots import IMAGES, PICTURES, take
from tests.browser.site import Site
from tests.capabilities import PROJECT


def test_pictures_can_be_taken(site: Site, chromium: Any, tmp_path: Path) -> None:
    taken = take(PICTURES[0], chromium, site, tmp_path)
    assert taken.read_bytes().startswith(b"\x89PNG")


def test_the_docs_show_what_there_is() -> None:
    shown = {
        (page.parent / found).resolve()
        for page in [*PROJECT.glob("docs/**/*.rst"), PROJECT / "README.rst"]
        for found in re.findall(r"\.\. (?:image|figure):: (\S+)", page.read_text("utf-8"))
        if "://" not in found
    }
    made = {IMAGES / f"{picture.name}.png" for picture in PICTURES}
    assert made == {*IMAGES.glob("*.png")}
    assert made <= shown
    assert all(path.is_file() for path in shown)
    assert max(path.stat().st_size for path in made) < 160_000
