"""Pages that stay open: numbers that replace themselves, charts, and when that cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chrome import PATIENCE, log_in
from tests.browser.site import Site

STATE = "[data-live-state]"
#: Milliseconds after which a page has asked again, several times.
LATER = 30_000


@pytest.fixture
def rough(site: Site, chromium: Any) -> Iterator[Page]:
    """A page of which the browser may complain: its connection is going to break."""
    context = chromium.new_context(base_url=site.url)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    log_in(page, "ada")
    expect(page.locator(STATE)).to_have_text("Live")
    yield page
    context.close()


@pytest.mark.slow
def test_numbers_change_without_reloading(page: Page, site: Site) -> None:
    page.get_by_role("link", name="archive", exact=True).first.click()
    waiting = page.locator('[data-live="waiting"]')
    expect(waiting).to_have_text("0")
    page.evaluate("window.notReloaded = true")
    site.desk.save(title="<b>Live</b>")
    expect(waiting).to_have_text("1")
    site.desk.pause("archive", "grace", "<i>they move</i>")
    expect(page.locator(".badge").first).to_have_text("Paused")
    expect(page.get_by_text("Paused by grace")).to_contain_text("<i>they move</i>")
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_be_hidden()
    assert page.evaluate("window.notReloaded")


@pytest.mark.slow
def test_a_lost_connection_is_said_and_so_is_its_return(rough: Page) -> None:
    rough.context.set_offline(True)
    expect(rough.locator(STATE)).to_contain_text("The connection is lost")
    expect(rough.locator(STATE)).to_contain_text("The numbers are those of")
    rough.context.set_offline(False)
    expect(rough.locator(STATE)).to_have_text("Live")


@pytest.mark.slow
def test_who_is_logged_out_is_told(rough: Page) -> None:
    rough.context.clear_cookies()
    expect(rough.locator(STATE)).to_contain_text("You are logged out")


def test_a_page_that_nobody_sees_asks_nothing(rough: Page) -> None:
    rough.clock.install()
    rough.reload()
    expect(rough.locator(STATE)).to_have_text("Live")
    asked: list[str] = []
    rough.on("request", lambda request: asked.append(request.url))
    hide(rough, True)
    rough.clock.run_for(LATER)
    assert asked == []
    with rough.expect_request("**/pigeon/live"):
        hide(rough, False)


def hide(page: Page, hidden: bool) -> None:
    """As if the reader had gone to another tab, or come back."""
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def test_charts_and_the_table_that_says_the_same(page: Page) -> None:
    page.get_by_role("link", name="south", exact=True).first.click()
    for name, lines in (("Hour", 60), ("Day", 24), ("Week", 168), ("Month", 31)):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("link", name=name, exact=True)).to_have_attribute(
            "aria-current", "true"
        )
        expect(page.locator("[data-chart] canvas")).to_have_count(2)
        page.get_by_text("The same as a table").click()
        expect(page.locator("[data-points] tr")).to_have_count(lines)
    page.locator('[data-plot="attempts"] .u-over').hover()
    expect(page.locator("[data-reading]")).to_contain_text("pushed")
