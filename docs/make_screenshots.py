"""Takes the pictures of the dashboard in ``docs/images``, of a site that really pushes.

Run it from the project's folder when pages have changed; it needs Chromium, as the tests do::

    python -m docs.make_screenshots

Names, times and failures are those of the site that the browser tests look at.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser import chrome
from tests.browser.site import Site, filled

IMAGES = Path(__file__).resolve().parent / "images"
DESK = {"viewport": {"width": 1200, "height": 720}}
PHONE = {"viewport": {"width": 390, "height": 780}, "is_mobile": True, "has_touch": True}


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes:
        name: of its file, without ending.
        address: of the page; ``{yesterday}`` is the day before this one.
        look: options of Playwright's browser context.
    """

    name: str
    address: str
    look: dict[str, Any] = field(default_factory=lambda: DESK)


PICTURES = (
    Picture("dashboard", "/pigeon/"),
    Picture("dashboard-dark", "/pigeon/", {**DESK, "color_scheme": "dark"}),
    Picture("dashboard-phone", "/pigeon/", PHONE),
    Picture("why", "/pigeon/items/?q=story+42"),
    Picture("item", "/pigeon/items/default/11/", {"viewport": {"width": 1200, "height": 960}}),
    Picture(
        "delivered",
        "/pigeon/delivered/?destination=south&since={yesterday}T00:00:00&until={yesterday}T23:59:59",
    ),
)


def take(picture: Picture, browser: Browser, site: Site, folder: Path) -> Path:
    """Write ``picture`` into ``folder``; its path."""
    path = folder / f"{picture.name}.png"
    with chrome.context(browser, site.url, **picture.look) as context:
        page = context.new_page()
        chrome.log_in(page, "ada")
        page.goto(picture.address.format(yesterday=site.told.yesterday))
        _wait_until_drawn(page)
        page.screenshot(path=path, animations="disabled")
    return path


def _wait_until_drawn(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")


def take_all(site: Site, browser: Browser, folder: Path = IMAGES) -> Iterator[Path]:
    """Take all of :data:`PICTURES`."""
    folder.mkdir(exist_ok=True)
    for picture in PICTURES:
        yield take(picture, browser, site, folder)


def main() -> None:
    """Fill a site, look at it, and say what was written."""
    with (
        tempfile.TemporaryDirectory(prefix="pigeon-") as folder,
        filled(Path(folder).resolve() / "site") as site,
        chrome.launched() as browser,
    ):
        for path in take_all(site, browser):
            print(path)


if __name__ == "__main__":
    main()
