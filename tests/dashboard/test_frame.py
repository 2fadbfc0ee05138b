"""What holds of every page: it works under a strict Content-Security-Policy, and for everybody."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

import pigeon
from pigeon.models import ItemToPush
from tests.dashboard.test_home import queue

pytestmark = pytest.mark.usefixtures("desk")
PACKAGE = Path(pigeon.__file__).parent
TEMPLATES = sorted((PACKAGE / "templates" / "pigeon").rglob("*.html"))
SCRIPTS = sorted((PACKAGE / "static" / "pigeon").glob("*.js"))
PAGES: dict[str, tuple[object, ...]] = {
    "home": (),
    "destination": ("beloved",),
    "rule": ("partner",),
    "items": (),
    "item": (),
    "delivered": (),
}


class Page(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture(params=sorted(PAGES))
def page(request: pytest.FixtureRequest, operator: Client) -> Page:
    queue(1)
    arguments = PAGES[request.param]
    if request.param == "item":
        arguments = ("default", ItemToPush.objects.get().pk)
    answer = operator.get(reverse(f"pigeon:{request.param}", args=arguments))
    assert answer.status_code == 200
    return Page(answer.content.decode())


def test_nothing_is_inline(page: Page) -> None:
    assert not page.all("style")
    assert all(script.get("src") for script in page.all("script"))
    for tag, attributes in page.tags:
        inline = [name for name in attributes if name == "style" or name.startswith("on")]
        assert not inline, tag


def test_everything_comes_from_the_site_itself(page: Page) -> None:
    asked = [tag.get("src") for tag in [*page.all("script"), *page.all("img")]]
    asked += [tag.get("href") for tag in page.all("link")]
    assert asked
    for url in asked:
        assert url is not None
        assert url.startswith("/static/pigeon/"), url
        assert finders.find(url.removeprefix("/static/")), url


def test_what_screen_readers_need(page: Page) -> None:
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("main")) == 1
    assert len(page.all("h1")) == 1
    assert all("alt" in image for image in page.all("img"))
    labelled = {label.get("for") for label in page.all("label")}
    for tag in ("input", "select", "textarea"):
        for field in page.all(tag):
            named = field.get("id") in labelled or field.get("aria-label")
            assert named or field.get("type") == "hidden", field
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids)), "an id twice"
    for _, attributes in page.tags:
        for name in ("aria-labelledby", "aria-describedby"):
            assert set((attributes.get(name) or "").split()) <= set(ids)


def test_every_form_that_changes_something_has_a_token(page: Page) -> None:
    posts = [form for form in page.all("form") if form.get("method") == "post"]
    tokens = [field for field in page.all("input") if field.get("name") == "csrfmiddlewaretoken"]
    assert len(posts) == len(tokens) > 0


def test_it_fits_a_phone(page: Page) -> None:
    [viewport] = [meta for meta in page.all("meta") if meta.get("name") == "viewport"]
    assert viewport["content"] == "width=device-width, initial-scale=1"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_trusts_what_is_stored(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe\b|autoescape off|mark_safe|\bonclick=", text)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_tables_can_be_read_aloud_and_moved_by_keyboard(template: Path) -> None:
    page = Page(template.read_text(encoding="utf-8"))
    assert all("scope" in heading for heading in page.all("th"))
    moved = [tag for _, tag in page.tags if tag.get("class") in ("scroll", "contents")]
    for box in moved:
        assert box.get("tabindex") == "0"
        assert box.get("role") == "group"
        assert box.get("aria-label") or box.get("aria-labelledby")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_html_of_text(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", text)


def test_what_others_made_has_its_licence_beside_it() -> None:
    folder = PACKAGE / "static" / "pigeon" / "uplot"
    assert "The MIT License" in (folder / "LICENSE").read_text(encoding="utf-8")
