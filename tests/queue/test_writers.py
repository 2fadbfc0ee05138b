"""Only the queue writes statuses; only its package calls the verbs that do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pigeon
from pigeon.models.destination_state import DestinationStateQuerySet
from pigeon.models.item_queryset import ItemQuerySet

PACKAGE = Path(pigeon.__file__).parent
MODELS, QUEUE = PACKAGE / "models", PACKAGE / "queue"
VERBS = {
    name
    for queryset in (ItemQuerySet, DestinationStateQuerySet)
    for name in vars(queryset)
    if name.startswith("set_")
}


def sources() -> Iterator[tuple[Path, ast.AST]]:
    for path in PACKAGE.rglob("*.py"):
        if QUEUE not in path.parents and MODELS not in path.parents:
            yield path, ast.parse(path.read_text())


def test_there_are_verbs() -> None:
    assert {"set_in_progress", "set_pushed", "set_retry", "set_failed", "set_stopped"} <= VERBS


def test_the_verbs_are_called_by_the_queue_only() -> None:
    assert [
        f"{path}:{node.lineno} calls {node.func.attr}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in VERBS
    ] == []


def test_nobody_else_updates_a_status() -> None:
    assert [
        f"{path}:{node.lineno}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"update", "aupdate"}
        and any(word.arg == "status" for word in node.keywords)
    ] == []


def test_nobody_assigns_a_status() -> None:
    assert [
        f"{path}:{node.lineno}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Attribute)
        and target.attr == "status"
        and isinstance(target.value, ast.Name)
        and target.value.id == "item"
    ] == []
