"""Paragraphs of plain text, out of the HTML and the text of news agencies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import html

#: Elements that are a paragraph of their own.
BLOCKS = "self::p|self::blockquote|self::li|self::h2|self::h3|self::h4"
#: What is no text of the story, or is within a block already.
ELSEWHERE = "ancestor::figure or ancestor::head or ancestor::blockquote or ancestor::li"
#: What XML cannot hold, and nobody wants in a story.
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def paragraphs_of_html(text: str) -> Iterator[str]:
    """The text of each block; all of it as one paragraph if there are no blocks."""
    if not text.strip():
        return
    tree = html.fragment_fromstring(CONTROLS.sub("", _without_declaration(text)), "div")
    found = [
        _joined(block.text_content()) for block in tree.xpath(f"//*[{BLOCKS}][not({ELSEWHERE})]")
    ]
    yield from filter(None, found or [_joined(tree.text_content())])


def paragraphs_of_text(text: str) -> Iterator[str]:
    """The lines of ``text`` that are not empty."""
    yield from filter(None, map(_joined, CONTROLS.sub("", text).splitlines()))


def _joined(text: str) -> str:
    return " ".join(text.split())


def _without_declaration(text: str) -> str:
    return re.sub(r"\A\s*<\?xml[^>]*\?>", "", text)
