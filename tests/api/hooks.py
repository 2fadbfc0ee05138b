"""What the document cannot say of requests: which models and destinations the site has.

Loaded by schemathesis, in its own process.
"""

from __future__ import annotations

import re
from typing import Any

import schemathesis

_OBJECT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*:\S.*")


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    for part in (case.query, case.body):
        if isinstance(part, dict):
            _name_what_is_there(part)


def _name_what_is_there(part: dict[str, Any]) -> None:
    """Where a name has the right form, take one that exists; leave what is wrong as it is."""
    named = part.get("object")
    if isinstance(named, str) and len(named) <= 400 and _OBJECT.fullmatch(named):
        part["object"] = f"newsroom.Story:{named.partition(':')[2]}"[:400]
    if part.get("ordering") == "created":
        for name in ("text", "since", "until"):
            part.pop(name, None)
    names = part.get("destinations")
    if isinstance(names, list) and names and all(map(_is_name, names)):
        part["destinations"] = ["beloved"]


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= 200
