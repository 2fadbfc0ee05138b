"""Every button does what stands on it; none can be forgotten."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from pigeon.models import Status
from tests.browser.site import Site
from tests.browser.test_on_call import row, said, search

#: Pages that have buttons, as far as they can be reached without pressing any.
PAGES = (
    "/pigeon/", "/pigeon/destinations/metro/", "/pigeon/destinations/agency/",
    "/pigeon/destinations/north/", "/pigeon/rules/daily/", "/pigeon/items/",
    "/pigeon/items/default/1/", "/pigeon/items/default/11/", "/pigeon/items/default/29/",
    "/pigeon/items/default/30/", "/pigeon/items/default/1/preview",
    "/pigeon/delivered/?destination=north",
)  # fmt: skip
#: What the tests below press.
TESTED = {
    "Log out", "Try now", "Resume", "Pause", "Search", "Clear", "Show", "Send again as sent",
    "Send again although something newer went", "Render anew and send", "Cancel", "Reset",
    "Preview", "Copy the parcel (ZIP)", "All of it as CSV",
}  # fmt: skip


def plain(text: str) -> str:
    """What stands on a button, without the name that only readers of screens are told."""
    return " ".join(re.sub(r"\b(metro|agency)\b", "", text).split())


def press(page: Page, name: str, **more: Any) -> None:
    page.get_by_role("button", name=name, exact=True, **more).first.click()


def status(site: Site, pk: int) -> int:
    """The status of one item."""
    ((*_, found),) = site.desk.items(pk=pk)
    return int(found)


def go(page: Page, pk: int) -> None:
    """To the page of an item."""
    search(page, f"#{pk}")
    page.get_by_role("link", name=str(pk), exact=True).first.click()
    page.wait_for_url(f"**/items/default/{pk}/")


def test_there_are_no_other_buttons(page: Page) -> None:
    found = set()
    for address in PAGES:
        page.goto(address)
        for each in page.locator("button:visible, a.button:visible").all():
            found.add(plain(each.inner_text()))
    assert found - TESTED == set()


def test_log_out(page: Page) -> None:
    press(page, "Log out")
    page.goto("/pigeon/")
    expect(page.get_by_label("Password")).to_be_visible()


def test_pause_and_resume(page: Page, site: Site) -> None:
    page.get_by_role("link", name="north", exact=True).first.click()
    page.get_by_label("Pause it, because").fill("<b>Easter</b>")
    press(page, "Pause")
    expect(said(page)).to_contain_text("north is paused.")
    expect(page.get_by_text("<b>Easter</b>").first).to_be_visible()
    site.desk.save("ada", title="A quiet day", is_online=True)
    site.desk.push()
    assert len(site.partners.holds("north")) == 9
    press(page, "Resume")
    expect(said(page)).to_contain_text("north is tried with the next push.")
    site.desk.push()
    assert len(site.partners.holds("north")) == 10
    assert [each[:2] for each in site.desk.operations()[-2:]] == [
        ["ada", "paused"],
        ["ada", "resumed"],
    ]


def test_try_now(page: Page, site: Site) -> None:
    page.get_by_role("link", name="metro", exact=True).first.click()
    site.partners.metro.change_password()
    press(page, "Try now")
    expect(said(page)).to_contain_text("metro is tried with the next push.")
    site.desk.push()
    assert len(site.partners.holds("metro")) == 1
    page.reload()
    expect(page.get_by_text("Nothing is in the way.")).to_be_visible()


def test_search_and_clear(page: Page) -> None:
    search(page, "newsroom_story_3.xml")
    expect(row(page, "alert(1)").first).to_be_visible()
    expect(row(page, "Trams run again")).to_have_count(0)
    page.get_by_role("link", name="Clear").click()
    expect(row(page, "Trams run again").first).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("")


def test_render_anew(page: Page, site: Site) -> None:
    site.desk.save("ada", pk=1, title="The bridge stays shut", is_online=True)
    site.desk.push()
    go(page, 2)
    press(page, "Render anew and send")
    expect(said(page)).to_contain_text("1 item will be rendered anew and sent")
    site.partners.lose("south")
    site.desk.push()
    assert b"stays shut" in site.partners.holds("south")["newsroom_story_1.xml"]


def test_send_although_something_newer_went(page: Page, site: Site) -> None:
    site.desk.save("ada", pk=1, title="The bridge stays shut", is_online=True)
    site.desk.push()
    assert b"stays shut" in site.partners.holds("north")["newsroom_story_1.xml"]
    go(page, 1)
    press(page, "Send again although something newer went")
    expect(page.get_by_role("heading", level=1)).to_contain_text("over whatever is newer?")
    press(page, "Send again although something newer went: 1 item")
    expect(said(page)).to_contain_text("1 item will be sent again")
    site.desk.push()
    assert b"The bridge opens" in site.partners.holds("north")["newsroom_story_1.xml"]


def test_cancel(page: Page, site: Site) -> None:
    go(page, 29)
    press(page, "Cancel")
    expect(said(page)).to_contain_text("1 item cancelled")
    assert status(site, 29) == Status.CANCELLED


def test_reset(page: Page, site: Site) -> None:
    go(page, 11)
    press(page, "Reset")
    expect(said(page)).to_contain_text("1 item made new again")
    assert status(site, 11) == Status.NEW
    site.desk.push()
    assert "newsroom_story_4.xml" in site.partners.holds("south")


def test_preview_and_copy(page: Page, site: Site) -> None:
    go(page, 7)
    with page.expect_download() as download:
        page.get_by_role("link", name="Copy the parcel (ZIP)").click()
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as parcel:
        assert (
            parcel.read("newsroom_story_3.xml")
            == (site.partners.holds("north")["newsroom_story_3.xml"])
        )
    page.get_by_role("link", name="Preview", exact=True).click()
    expect(page.get_by_role("heading", name="newsroom_story_3.xml")).to_be_visible()
    expect(page.locator("pre")).to_contain_text("&lt;img src=x")


def test_what_was_delivered_from_when_to_when(page: Page, site: Site) -> None:
    page.get_by_role("link", name="Delivered").click()
    page.get_by_label("Destination").select_option("north")
    page.get_by_label("From").fill(f"{site.told.yesterday}T02:00")
    page.get_by_label("Before").fill(f"{site.told.yesterday}T04:00")
    press(page, "Show")
    expect(page.locator("tbody").get_by_role("row")).to_have_count(4)


@pytest.mark.parametrize(
    ("label", "statuses"),
    [
        ("Send again as sent", [Status.RETRY, Status.RETRY]),
        ("Render anew and send", [Status.RETRY, Status.RETRY]),
        ("Reset", [Status.NEW, Status.NEW]),
    ],
)
def test_the_ticked_items(label: str, statuses: list[int], page: Page, site: Site) -> None:
    search(page, "Night story 2")
    for number in (11, 14):
        page.get_by_label(f"Choose item {number}", exact=True).check()
    press(page, label)
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 items")
    assert [status(site, 11), status(site, 14)] == [Status.SEND_ERROR] * 2
    page.get_by_role("button", name=f"{label}: 2 items").click()
    expect(said(page)).to_contain_text("2 items")
    assert [status(site, 11), status(site, 14)] == statuses
    assert status(site, 12) == Status.PUSHED


def test_cancel_what_the_search_finds_or_rather_not(page: Page, site: Site) -> None:
    page.get_by_role("link", name="Items", exact=True).click()
    page.get_by_label("Status").select_option("waiting")
    press(page, "Search")
    page.get_by_label("Which").select_option("everything that this search finds")
    press(page, "Cancel")
    page.get_by_role("link", name="Back, change nothing").click()
    assert status(site, 29) == Status.NEW
    page.get_by_label("Which").select_option("everything that this search finds")
    press(page, "Cancel")
    page.get_by_role("button", name="Cancel: 2 items").click()
    expect(said(page)).to_contain_text("2 items cancelled")
    assert [status(site, pk) for pk in (29, 30)] == [Status.CANCELLED] * 2


def test_nothing_ticked(page: Page) -> None:
    page.get_by_role("link", name="Items", exact=True).click()
    press(page, "Reset")
    expect(said(page)).to_contain_text("No item is ticked.")


def test_who_may_only_look_has_no_buttons(open_page: Callable[..., Page]) -> None:
    page = open_page("vera")
    seen = set()
    for address in PAGES:
        page.goto(address)
        seen |= {each.inner_text() for each in page.locator("main button:visible").all()}
    assert seen <= {"Search", "Show"}
