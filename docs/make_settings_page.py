"""Writes ``docs/reference/settings.rst`` from ``pigeon/conf.py``, which knows every setting.

Run it from the project's folder after changing a setting::

    python docs/make_settings_page.py

A test fails when the page is not what this makes.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PAGE = PROJECT / "docs/reference/settings.rst"
PREFIX = "PIGEON_"
TYPES = {
    "int": "whole number",
    "float": "number",
    "str": "string",
    "str | Path": "path",
    "Sequence[str]": "list of strings",
    "Sequence[float]": "list of numbers",
    "Mapping[str, Sequence[str]]": "dictionary of lists of strings",
    "Mapping[str, Mapping[str, Any]]": "dictionary of dictionaries",
}
HEAD = """\
Settings
========

Every setting of Pigeon, from ``pigeon/conf.py``. Only ``PIGEON_OUTPUT_DIRECTORY`` is required.
Times are in seconds and sizes in bytes. A value of the wrong type and a misspelt name are found by
the system checks, see `Checks <checks.rst>`_. Settings are read whenever they are needed, so
``override_settings`` works.

"""


@dataclass(frozen=True)
class Setting:
    """One setting; ``default`` is an expression, empty if there is none."""

    name: str
    type: str
    default: str
    meaning: str


def read(source: str) -> Iterator[Setting]:
    """The settings in the source of ``pigeon/conf.py``; ``#:`` comments are their meanings."""
    lines = source.splitlines()
    [cls] = [
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == "Settings"
    ]
    for node in cls.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            comment: list[str] = []
            at = node.lineno - 2
            while lines[at].strip().startswith("#:"):
                comment.insert(0, lines[at].strip().removeprefix("#:").strip())
                at -= 1
            default = ast.unparse(node.value) if node.value else ""
            kind = TYPES[ast.unparse(node.annotation)]
            yield Setting(node.target.id, kind, default, " ".join(comment))


def page(settings: Iterator[Setting]) -> str:
    """The page, one section per setting."""
    return HEAD + "\n".join(section(setting) for setting in settings)


def section(setting: Setting) -> str:
    """One setting's heading, type, default and meaning."""
    title = PREFIX + setting.name
    fact = f"A {setting.type}; {default(setting.default)}."
    meaning = textwrap.fill(setting.meaning, 98, break_long_words=False, break_on_hyphens=False)
    return f"\n{title}\n{'-' * len(title)}\n\n{fact}\n\n{meaning}\n"


def default(expression: str) -> str:
    """What holds if the setting is not there; numbers of seconds are worked out."""
    if not expression:
        return "required"
    if re.fullmatch(r"[\d *]+", expression):
        return f"{eval(expression):,} if not set"
    if expression in ("{}", "()", "''"):
        return "empty if not set"
    return f"``{expression}`` if not set"


if __name__ == "__main__":
    PAGE.write_text(page(read((PROJECT / "pigeon/conf.py").read_text(encoding="utf-8"))), "utf-8")
