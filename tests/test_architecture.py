"""The house rules that a machine can hold: who may import, who may change a status, sizes."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from pigeon.models.item_queryset import ItemQuerySet
from tests.capabilities import PROJECT

PACKAGE = PROJECT / "pigeon"
CODE = [*PACKAGE.rglob("*.py"), *(PROJECT / "example_project").rglob("*.py")]
SOURCES = [path for path in CODE if "migrations" not in path.parts]
#: The rooms that may change an item's status: the verbs' own module, and the only caller.
WRITERS = [PACKAGE / "models" / "item_queryset.py", PACKAGE / "queue"]
VERBS = {name for name in vars(ItemQuerySet) if name.startswith("set_")}
LONGEST_FUNCTION = 45
LONGEST_MODULE = 350
NAMELESS = ("utils", "helpers", "misc", "common")


def name(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_imports_go_one_way() -> None:
    """In a process of its own: import-linter silences the loggers of the one it runs in."""
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", lint, "--no-cache"], cwd=PROJECT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def changes(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and kind of everything that changes a status, or looks like it."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from _suspicious_call(node, node.func.attr)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            yield from _suspicious_assignment(node)


def _suspicious_call(node: ast.Call, verb: str) -> Iterator[tuple[int, str]]:
    if verb in VERBS:
        yield node.lineno, f"calls {verb}()"
    if verb in ("update", "aupdate") and any(word.arg == "status" for word in node.keywords):
        yield node.lineno, "updates a status"
    if verb in ("bulk_update", "abulk_update") and "'status'" in ast.dump(node):
        yield node.lineno, "updates statuses in bulk"


def _suspicious_assignment(
    node: ast.Assign | ast.AnnAssign | ast.AugAssign,
) -> Iterator[tuple[int, str]]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        is_status = isinstance(target, ast.Attribute) and target.attr == "status"
        if is_status and ast.unparse(target) != "self.status":
            yield node.lineno, f"assigns to {ast.unparse(target)}"


def test_only_the_queue_changes_a_status() -> None:
    readers = [
        path for path in SOURCES if not any(w == path or w in path.parents for w in WRITERS)
    ]
    found = [
        f"{name(path)}:{line} {what}" for path in readers for line, what in changes(tree(path))
    ]
    assert not found, "an item's status is changed by verbs of pigeon.queue only"


def test_the_guard_of_statuses_sees_what_it_must() -> None:
    bad = """
items.held(token).set_pushed(now)
items.filter(pk=1).update(status=50, message="")
ItemToPush.objects.bulk_update(found, ["status"])
item.status = 50
"""
    assert sorted(line for line, _ in changes(ast.parse(bad))) == [2, 3, 4, 5]
    good = "ItemToPush(status=150)\nanswer = item.status\nself.status = 1\nrows.update(path='')"
    assert not list(changes(ast.parse(good)))


def test_functions_fit_on_a_page() -> None:
    long = [
        f"{name(path)}:{node.lineno} {node.name} has {lines} lines"
        for path in SOURCES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    ]
    assert not long


def test_modules_have_one_idea() -> None:
    nameless = [name(path) for path in SOURCES if path.stem in NAMELESS]
    assert not nameless, "name the idea"
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert not {path: lines for path, lines in lengths.items() if lines > LONGEST_MODULE}


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in SOURCES}
    bare = [name(folder) for folder in folders if not (folder / "__init__.py").exists()]
    assert not bare, "the wheel would leave it out"


def test_pigeon_can_be_imported_before_django_is_ready() -> None:
    """The public names are loaded lazily, so that a settings file may import the package."""
    code = (
        "import sys, pigeon; from pigeon.version import __version__; "
        "sys.exit(any(name.startswith('django') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False)
    assert done.returncode == 0
