"""The pages of the documentation, and what a reader is to do with each block on them.

A block says it in one of two ways. The paragraph before it: "In ``path``" (the block is that
file), "Append to ``path``", "Put at the top of ``path``" or "Add to ``Class`` in ``path``". Or
a comment before it::

    .. test: background      start the command and let it run while the page is read
    .. test: fails           commands of which the last one must fail
    .. test: shell           Python that runs within the site
    .. test: rule            rules that the site could have; they must pass the checks
    .. test: cron            lines of a crontab, of which the commands are run
    .. test: unit            a systemd unit, whose command is run until SIGTERM
    .. test: skip because …  not run, for that reason

Blocks of ``console`` need no word: each line ``$ command`` is run, and lines below it are its
output (``...`` stands for anything). A page that begins with ``.. test: after other.rst`` goes
on with the project that the other page has built.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from functools import cache

from docutils import nodes
from docutils.core import publish_doctree

from tests.capabilities import PROJECT

PAGES = sorted(
    [*PROJECT.glob("*.rst"), *(PROJECT / "docs").rglob("*.rst")],
    key=lambda path: path.relative_to(PROJECT).as_posix(),
)
NAMES = [path.relative_to(PROJECT).as_posix() for path in PAGES]

_ACTIONS = {
    "in": "write",
    "append to": "append",
    "put at the top of": "prepend",
    "add to": "extend",
}
_SAID = re.compile(rf"(?:^|[.!?;:,] )({'|'.join(_ACTIONS)}) $", re.I)
_WORDS = ("background", "fails", "shell", "rule", "cron", "unit")


@dataclass(frozen=True)
class Block:
    """A literal block.

    Attributes:
        place: page and line, for people.
        text: its content.
        action: what to do with it: "write", "append", "prepend", "extend", "console", a word
            of a comment, "skip", or "" if the page does not say.
        argument: a path or a reason.
        target: the class that is to be extended.
    """

    place: str
    text: str
    action: str
    argument: str = ""
    target: str = ""


@dataclass(frozen=True)
class Page:
    """One page: its tree, what docutils complained about, and what it goes on from."""

    name: str
    tree: nodes.document
    complaints: str

    @property
    def blocks(self) -> list[Block]:
        return [_block(self.name, node) for node in self.tree.findall(nodes.literal_block)]

    @property
    def after(self) -> str:
        """Name of the page whose project this one goes on with, or ""."""
        for comment in self.tree.findall(nodes.comment):
            if found := re.match(r"test: after (\S+)$", comment.astext()):
                other = (PROJECT / self.name).parent / found[1]
                return other.resolve().relative_to(PROJECT).as_posix()
        return ""

    @property
    def links(self) -> set[tuple[str, str]]:
        """The files of the project that the page refers to, each with a fragment or ""."""
        found: set[tuple[str, str]] = set()
        for node in self.tree.findall(nodes.reference):
            link, _, fragment = node.get("refuri", "").partition("#")
            if link and ":" not in link:
                path = ((PROJECT / self.name).parent / link).resolve()
                found.add((path.relative_to(PROJECT).as_posix(), fragment))
        return found

    @property
    def linked_pages(self) -> set[str]:
        """Names of the files of the project that the page refers to."""
        return {path for path, _ in self.links}


@cache
def page(name: str) -> Page:
    """The page ``name``, a path relative to the project."""
    complaints = io.StringIO()
    tree = publish_doctree(
        (PROJECT / name).read_text(encoding="utf-8"),
        source_path=name,
        settings_overrides={
            "warning_stream": complaints,
            "report_level": 1,
            "halt_level": 5,
            "syntax_highlight": "none",
            "_disable_config": True,
        },
    )
    return Page(name, tree, complaints.getvalue())


def _block(name: str, node: nodes.literal_block) -> Block:
    before = _before(node)
    said = _instruction(before)
    if not said and "console" in node["classes"]:
        said = ("console",)
    return Block(f"{name}, line {_line(node, before)}", node.astext(), *(said or ("",)))


def _before(node: nodes.Node) -> nodes.Node | None:
    siblings = node.parent.children
    at = siblings.index(node)
    return siblings[at - 1] if at else None


def _line(node: nodes.Node, before: nodes.Node | None) -> int:
    return int(node.line or (before is not None and before.line) or node.parent.line or 0)


def _instruction(before: nodes.Node | None) -> tuple[str, ...]:
    if isinstance(before, nodes.comment):
        return _of_comment(before.astext())
    if isinstance(before, nodes.paragraph):
        return _of_paragraph(before)
    return ()


def _of_comment(text: str) -> tuple[str, ...]:
    said = " ".join(text.split()).removeprefix("test: ")
    if said.startswith("skip because "):
        return "skip", said
    return (said,) if said in _WORDS else ()


def _of_paragraph(paragraph: nodes.paragraph) -> tuple[str, ...]:
    """What it says of the first name after one of our words; "Add to" has two names."""
    text, names = "", [each.astext() for each in paragraph.findall(nodes.literal)]
    for child in paragraph.children:
        if isinstance(child, nodes.literal) and (found := _SAID.search(text)):
            action = _ACTIONS[found[1].lower()]
            if action == "extend":
                target, path = names[:2]
                return action, path, target
            return action, child.astext()
        if isinstance(child, nodes.literal):
            names.pop(0)
        text += child.astext().replace("\n", " ")
    return ()
