"""The pages are fit to be seen: light and dark, on a desk and on a phone.

That nothing is asked of another host, and that the console is quiet under a strict content
security policy, is looked after in every test of this folder (:mod:`tests.browser.chrome`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_buttons import PAGES

DESK = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
LOOKS = {
    "light desk": {**DESK, "color_scheme": "light"},
    "dark desk": {**DESK, "color_scheme": "dark"},
    "light phone": {**PHONE, "color_scheme": "light"},
    "dark phone": {**PHONE, "color_scheme": "dark"},
}
MORE = ("/pigeon/?range=month", "/pigeon/items/?q=story+42", "/pigeon/items/?q=nothing+such")
#: Texts that can hardly be told from what is behind them; WCAG AA asks for 4.5, and 3 for
#: what is large. See https://www.w3.org/TR/WCAG22/#contrast-minimum.
FAINT = """() => {
  const parts = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = (colour) => {
    const [r, g, b] = parts(colour).map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      const [, , , alpha = 1] = parts(colour);
      if (alpha === 1) return colour;
    }
    return getComputedStyle(document.documentElement).backgroundColor;
  };
  const faint = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !element.checkVisibility() || element.disabled) continue;
    const style = getComputedStyle(element);
    const [one, two] = [light(style.color), light(behind(element))];
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (style.fontWeight >= 700 && size >= 18.66);
    const words = `${element.tagName} ${element.className} ${element.textContent.slice(0, 40)}`;
    if (ratio < (large ? 3 : 4.5)) faint.push(`${words}: ${ratio}`);
  }
  return faint;
}"""

#: How much red is in what is behind the page.
DARKNESS = """() => {
  const behind = (element) => getComputedStyle(element).backgroundColor.match(/\\d+/g).map(Number);
  const [red, , , alpha = 1] = behind(document.body);
  return alpha ? red : behind(document.documentElement)[0];
}"""


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_can_be_read(look: str, open_page: Callable[..., Page]) -> None:
    page = open_page(**LOOKS[look])
    for address in (*PAGES, *MORE):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 0, f"{address} is wider than the screen"
        assert page.evaluate(FAINT) == [], address
        red = page.evaluate(DARKNESS)
        assert (red < 80) is look.startswith("dark")


def test_charts_are_drawn(page: Page) -> None:
    for span in ("Hour", "Day", "Week", "Month"):
        page.get_by_role("link", name=span, exact=True).click()
        expect(page.get_by_role("link", name=span, exact=True)).to_have_attribute(
            "aria-current", "true"
        )
        expect(page.locator("canvas")).to_have_count(2)
        painted = """() => [...document.querySelectorAll("canvas")].every((canvas) => {
          const all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return all.data.some((value) => value > 0);
        })"""
        page.wait_for_function(painted)


def test_pages_work_without_javascript(open_page: Callable[..., Page]) -> None:
    page = open_page(java_script_enabled=False)
    for address in PAGES:
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto("/pigeon/destinations/north/")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_text("north is paused.")).to_be_visible()


def test_by_keyboard_alone(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    focused: list[Any] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        focused.append(page.evaluate("document.activeElement.textContent"))
    found = {" ".join(str(each).split()) for each in focused}
    assert {"Items", "Delivered", "Log out", "Try metro now", "metro"} - found == set()


def test_html_stays_text(page: Page) -> None:
    for address in ("/pigeon/items/", "/pigeon/items/default/7/", "/pigeon/items/?q=story+3"):
        page.goto(address)
        expect(page.get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()
        assert page.locator("img[src=x]").count() == 0
