"""Reads ninjs, the IPTC's news in JSON, of any version: what agencies publish differs widely.

Version 1 has one ``headline``, ``body_html`` or ``body_text``, and objects of renditions and
associations by name; since version 2 there are lists of ``headlines`` and ``bodies`` by role;
version 3 made lists of the others, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.utils.dateparse import parse_datetime

from example_project.news.prose import paragraphs_of_html, paragraphs_of_text

#: ``pubStatus`` → ``Story.State``.
STATES = {"usable": "online", "withheld": "draft", "canceled": "withdrawn"}
#: Longest texts that the models hold.
SHORT, LONG = 100, 300


class NotNinjs(ValueError):
    """The file is not ninjs; the sentence says why."""


@dataclass(frozen=True)
class Picture:
    """A picture of a story; ``href`` is where its largest rendition is."""

    uri: str
    caption: str
    credit: str
    href: str


@dataclass(frozen=True)
class NewsItem:
    """What a newsroom takes of a ninjs document."""

    uri: str
    headline: str
    summary: str
    paragraphs: tuple[str, ...]
    language: str
    byline: str
    authors: tuple[str, ...]
    section: str
    state: str
    published: datetime | None
    pictures: tuple[Picture, ...]

    @property
    def body(self) -> str:
        return "\n\n".join(self.paragraphs)


def read(path: Path) -> NewsItem:
    """The news item in the file ``path``.

    Raises:
        NotNinjs: it is not JSON, or has neither a ``uri`` nor any headline.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise NotNinjs(f"{path} is not JSON in UTF-8: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("uri"), str):
        raise NotNinjs(f"{path} is not ninjs: it is no object with a 'uri'.")
    return parse(document, path)


def parse(document: Mapping[str, Any], path: Path) -> NewsItem:
    """What ``document`` says, whatever its version."""
    headline = _main(document, "headline") or document.get("title") or document.get("slugline")
    if not headline:
        raise NotNinjs(f"{path} has no headline, title or slugline.")
    summary, paragraphs = _main(document, "description"), _paragraphs(document)
    if not paragraphs:
        summary, paragraphs = "", tuple(paragraphs_of_text(summary))
    return NewsItem(
        uri=document["uri"],
        headline=_line(headline)[:LONG],
        summary=_line(summary),
        paragraphs=paragraphs,
        language=document.get("language") or "en",
        byline=_line(document.get("by") or document.get("byline") or "")[:LONG],
        authors=tuple(_authors(document)),
        section=next(iter(_names(document, "subjects", "subject")), "")[:SHORT],
        state=STATES.get(_either(document, "pubStatus") or "usable", "draft"),
        published=_moment(document),
        pictures=tuple(_pictures(document)),
    )


def _either(document: Mapping[str, Any], name: str) -> str:
    """A property whose name version 1 writes in lower case."""
    return document.get(name) or document.get(name.lower()) or ""


def _line(text: str) -> str:
    return " ".join(text.split())


def _main(document: Mapping[str, Any], name: str) -> str:
    """The text of a property that is ``name`` in version 1 and a list ``name`` + s since."""
    texts = [each for each in _each(document.get(f"{name}s")) if each.get("value")]
    texts.sort(key=lambda each: each.get("role") not in ("main", "text", "caption", "summary"))
    if texts:
        return texts[0]["value"]
    keys = (name, f"{name}_text", f"{name}_summary", f"{name}_caption", f"{name}_main")
    return next((document[key] for key in keys if isinstance(document.get(key), str)), "")


def _paragraphs(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Of all the forms of the body, HTML first: only there are paragraphs certain."""
    for body in _each(document.get("bodies")):
        if body.get("contentType") == "text/html" and body.get("role") != "teaser":
            return tuple(paragraphs_of_html(body["value"]))
    for key in ("body_html5", "body_xhtml", "body_html"):
        if document.get(key):
            return tuple(paragraphs_of_html(document[key]))
    plain = [each for each in _each(document.get("bodies")) if _is_plain(each)]
    text = plain[0]["value"] if plain else document.get("body_text", "")
    return tuple(paragraphs_of_text(text))


def _is_plain(body: Mapping[str, Any]) -> bool:
    return body.get("contentType", "text/plain") == "text/plain"


def _authors(document: Mapping[str, Any]) -> Iterator[str]:
    for each in (*_each(document.get("people")), *_each(document.get("person"))):
        if each.get("rel") == "author" and each.get("name"):
            yield each["name"]


def _names(document: Mapping[str, Any], *keys: str) -> Iterator[str]:
    for key in keys:
        yield from (each["name"] for each in _each(document.get(key)) if each.get("name"))


def _pictures(document: Mapping[str, Any]) -> Iterator[Picture]:
    """The item itself if it is one, and those associated with it."""
    candidates = [document, *_each(document.get("associations"))]
    for each in candidates:
        if each.get("type") == "picture" and each.get("uri"):
            yield Picture(
                uri=each["uri"],
                caption=_line(_main(each, "description") or _main(each, "headline")),
                credit=_line(each.get("by") or each.get("byline") or _credit(each)),
                href=_largest(each),
            )


def _credit(document: Mapping[str, Any]) -> str:
    lines = [each for each in _each(document.get("descriptions")) if each.get("value")]
    credit = [each["value"] for each in lines if each.get("role") == "creditline"]
    return (credit or [document.get("copyrightHolder", "")])[0]


def _largest(document: Mapping[str, Any]) -> str:
    images = [each for each in _each(document.get("renditions")) if each.get("href")]
    images.sort(key=lambda each: each.get("width") or 0)
    return images[-1]["href"] if images else ""


def _moment(document: Mapping[str, Any]) -> datetime | None:
    text = _either(document, "versionCreated")
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


def _each(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a list, or in an object by name; what is something else is left out."""
    found = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [each for each in found if isinstance(each, dict)]
