"""What the person on call at three in the morning has to find out, with the dashboard alone.

Each test starts from the home page, and clicks and types what is written there. What it
comes to is checked where the partners are.
"""

from __future__ import annotations

import csv
import hashlib
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.filling import REFUSED
from tests.browser.site import Site


def row(page: Page, *words: str) -> Any:
    """The line of a table in which all of ``words`` stand."""
    found = page.get_by_role("row")
    for each in words:
        found = found.filter(has_text=each)
    return found


def search(page: Page, text: str) -> None:
    page.get_by_role("link", name="Items", exact=True).first.click()
    page.get_by_role("searchbox").fill(text)
    page.get_by_role("button", name="Search").click()


def said(page: Page) -> Any:
    """What the page says of what was just done."""
    return page.locator(".messages")


def test_is_everything_all_right(page: Page, site: Site) -> None:
    verdict = page.get_by_role("region").filter(has=page.get_by_role("heading", level=1))
    expect(verdict).to_contain_text("Something is wrong")
    expect(verdict).to_contain_text("metro is stopped")
    expect(verdict).to_contain_text("refused the login")
    expect(verdict).to_contain_text("agency is paused by ada")
    expect(verdict).to_contain_text("They move house")
    expect(page.get_by_text("What to do: The login is refused.").first).to_be_visible()
    assert not site.partners.holds("metro") and not site.partners.holds("agency")

    # The partner mends the password; the rest is for the person on call.
    site.partners.metro.change_password()
    page.get_by_role("button", name="Try metro now").click()
    expect(said(page)).to_contain_text("metro is tried with the next push")
    page.get_by_role("link", name="Overview").first.click()
    page.get_by_role("button", name="Resume agency").click()
    expect(said(page)).to_contain_text("agency is tried with the next push")
    page.get_by_role("link", name="Items", exact=True).click()
    page.get_by_label("Status").select_option("failed (any error)")
    page.get_by_role("button", name="Search").click()
    send_everything_again(page)
    site.desk.push()

    page.get_by_role("link", name="Overview").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Everything is all right")
    for name in ("metro", "agency"):
        (content,) = site.partners.holds(name).values()
        assert b"Flood warning" in content


def test_what_did_partner_get_yesterday(page: Page, site: Site) -> None:
    page.get_by_role("link", name="south", exact=True).first.click()
    page.get_by_role("link", name="What south got").click()
    page.get_by_role("link", name="Yesterday").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What south got")
    expected = [*site.told.morning, *site.told.later]
    expect(page.locator("tbody").get_by_role("row")).to_have_count(len(expected))
    for title in expected:
        expect(row(page, title, str(site.told.yesterday))).to_have_count(1)

    with page.expect_download() as download:
        page.get_by_role("link", name="All of it as CSV").click()
    with open(download.value.path(), encoding="utf-8-sig", newline="") as file:  # noqa: PTH123
        rows = list(csv.DictReader(file))
    assert [each["title"] for each in rows] == expected
    held = site.partners.holds("south")
    for each in rows:
        content = held[each["remote_path"].lstrip("/")]
        assert each["sha256"] == hashlib.sha256(content).hexdigest()
        assert each["size"] == str(len(content))


def test_why_did_story_not_go(page: Page, site: Site) -> None:
    assert f"newsroom_story_{REFUSED}.xml" not in site.partners.holds("north")
    search(page, f"story {REFUSED}")
    answer = page.get_by_role("region", name="The mayor's wedding")
    expect(answer).to_contain_text("daily: Not pushed: filter_by_state refuses it.")
    expect(answer).to_contain_text("north")

    # Another one was selected, and then something went wrong.
    search(page, "Night story 2-1")
    row(page, "daily → south").get_by_role("link").first.click()
    expect(page.get_by_text("send error").first).to_be_visible()
    expect(page.get_by_role("region", name="What happens next")).to_contain_text(
        "The partner's disk is full"
    )
    expect(page.get_by_text("No space left on device").first).to_be_visible()

    # And one waits, since somebody wants it to.
    search(page, "Flood warning")
    row(page, "wire → agency").get_by_role("link").first.click()
    now = page.get_by_role("region", name="What happens next")
    expect(now).to_contain_text("paused by ada")
    expect(now).to_contain_text("They move house")


def test_send_it_again(page: Page, site: Site) -> None:
    title = site.told.morning[0]
    before = site.partners.holds("north")
    site.partners.lose("north")
    search(page, title)
    row(page, "daily → north").get_by_role("link").first.click()
    page.get_by_role("button", name="Send again as sent").click()
    expect(said(page)).to_contain_text("1 item will be sent again")
    assert not site.partners.holds("north")
    site.desk.push()
    assert site.partners.holds("north") == {"newsroom_story_1.xml": before["newsroom_story_1.xml"]}
    assert site.desk.operations()[-1][:3] == ["ada", "sent again", 1]
    page.reload()
    expect(page.get_by_role("heading", name="Sent again as sent by ada")).to_be_visible()


def test_disk_was_full_send_all_again(page: Page, site: Site) -> None:
    lost = {f"newsroom_story_{key}.xml" for key in site.told.lost}
    before = set(site.partners.holds("south"))
    elsewhere = {name: site.partners.holds(name) for name in ("north", "archive")}
    assert len(lost) == 4 and not lost & before
    page.get_by_role("link", name="south", exact=True).first.click()
    page.get_by_role("link", name="Everything for south").click()
    page.get_by_label("Tried from").fill(f"{site.told.yesterday}T02:00")
    page.get_by_label("Tried before").fill(f"{site.told.yesterday}T04:00")
    page.get_by_role("button", name="Search").click()
    send_everything_again(page, number=4)
    site.desk.push()
    held = site.partners.holds("south")
    assert set(held) == before | lost
    assert all(b"Night story" in held[name] for name in lost)
    assert {name: site.partners.holds(name) for name in elsewhere} == elsewhere
    assert site.desk.operations()[-1] == ["ada", "sent again", 4, "south"]


def send_everything_again(page: Page, number: int | None = None) -> None:
    """Whatever the search found."""
    page.get_by_label("Which").select_option("everything that this search finds")
    page.get_by_role("button", name="Send again as sent").click()
    said_number = "" if number is None else f": {number} items"
    page.get_by_role("button", name=f"Send again as sent{said_number}").click()
    expect(said(page)).to_contain_text("sent again")
