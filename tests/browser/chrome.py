"""Chromium from the system, and a page that notices everything that is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

from tests import capabilities
from tests.browser.desk import PASSWORD

#: Milliseconds that a page may take; machines that test are busy.
PATIENCE = 60_000
#: What Chromium complains of and is not the pages' fault: answers that tests ask for, and the
#: admin's login, which has no icon.
EXPECTED = ("status of 401", "status of 403", "/favicon.ico")


@contextmanager
def launched() -> Iterator[Browser]:
    """The system's Chromium. While it runs, this thread cannot use Django's ORM."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(capabilities.chromium().where), args=arguments, timeout=PATIENCE
        )
        yield browser
        browser.close()


@dataclass
class Noticed:
    """What pages did that none should do.

    Attributes:
        host: the only one that may be asked for anything.
        wrong: a sentence each.
    """

    host: str
    wrong: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        """Listen to all that happens in ``context``."""
        context.on("console", self._said)
        context.on("weberror", lambda error: self.wrong.append(f"error: {error.error}"))
        context.on("request", self._asked)
        context.on("dialog", lambda dialog: self._opened(dialog))

    def _said(self, message: ConsoleMessage) -> None:
        text = f"{message.text} ({message.location.get('url', '')})"
        if message.type in ("error", "warning") and not any(each in text for each in EXPECTED):
            self.wrong.append(f"console: {text}")

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self.host:
            self.wrong.append(f"a request to another host: {request.url}")

    def _opened(self, dialog: Any) -> None:
        self.wrong.append(f"a dialogue that no person asked for: {dialog.message}")
        dialog.dismiss()


@contextmanager
def context(browser: Browser, url: str, **options: Any) -> Iterator[BrowserContext]:
    """A fresh browser that looks at ``url`` only; fails at the end if something was wrong."""
    made = browser.new_context(base_url=url, **options)
    made.set_default_timeout(PATIENCE)
    noticed = Noticed(urlsplit(url).netloc)
    noticed.watch(made)
    yield made
    made.close()
    assert noticed.wrong == [], noticed.wrong


def log_in(page: Page, name: str) -> None:
    """Go to the first page and log in, as everybody does."""
    page.goto("/pigeon/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/pigeon/")
