"""One tree of loggers, records that programs can read, and no word in how a site logs."""

from __future__ import annotations

import ast
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pigeon.exceptions import NothingToPush, PermanentError, TransientError, Unreachable
from pigeon.management.log import _is_not_said_otherwise
from pigeon.models import ItemToPush, Status
from tests.apps.newsroom.models import Story
from tests.capabilities import PROJECT
from tests.engine.conftest import scripted, site
from tests.engine.scripted import Scripted
from tests.flows.site import Site

__all__ = ["scripted", "site"]
PIGEON = PROJECT / "pigeon"
METHODS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
#: Beginnings of records that are about no item, rule, destination, object or database.
ABOUT_ALL = (
    "%s lists %a",
    "Alerts could not be read",
    "It could not be found out whether items wait",
    "Leases could not be renewed",
    "Metrics cannot be read",
    "Nobody could tell whose request",
    "Progress could not be shown",
    "The alert %r",
    "The probe had to leave this",
    "The queue cannot be read",
)
FACTS = {"item", "rule", "destination", "attempt", "database"}
#: What every record has.
USUAL = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def calls() -> Iterator[tuple[Path, ast.Call]]:
    """All calls of methods in Pigeon."""
    for path in sorted(PIGEON.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield path, node


def called(*names: str) -> list[tuple[str, ast.Call]]:
    """Place and node of each call of a method with one of ``names``."""
    return [
        (f"{path.relative_to(PROJECT)}:{node.lineno}", node)
        for path, node in calls()
        if isinstance(node.func, ast.Attribute) and node.func.attr in names
    ]


def logged() -> list[tuple[str, ast.Call]]:
    return [
        (place, node)
        for place, node in called(*METHODS)
        if isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "logger"
    ]


def test_every_logger_is_named_after_its_room() -> None:
    foreign = {"paramiko", "pyftpdlib"}
    for place, node in called("getLogger"):
        parts = Path(place.partition(":")[0]).with_suffix("").parts
        name = node.args[0] if node.args else None
        if isinstance(name, ast.Name) and (name.id == "__name__" or place in LIBRARIES):
            continue
        text = name.values[0] if isinstance(name, ast.JoinedStr) else name
        assert isinstance(text, ast.Constant), place
        if text.value in foreign:
            continue
        room = text.value.split(".")[:2]
        # What came of an attempt is told by the engine on behalf of the sender.
        assert room in (["pigeon", parts[1]], ["pigeon", "sender"]), (place, text.value)


#: Where other libraries' loggers are named by a variable.
LIBRARIES = {
    place
    for place, node in called("getLogger")
    if place.startswith("pigeon/remotes/library_logs.py")
}


def words(node: ast.Call) -> str:
    """The message of a call, as far as it stands there."""
    for each in node.args:
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            return each.value
    return ""


def test_every_record_about_something_says_about_what() -> None:
    assert len(logged()) > 25
    without = [
        f"{place}: {words(node)}"
        for place, node in logged()
        if not any(keyword.arg == "extra" for keyword in node.keywords)
        and not words(node).startswith(ABOUT_ALL)
    ]
    assert without == []


def test_pigeon_sets_up_no_logging() -> None:
    forbidden = called("setLevel", "basicConfig", "dictConfig", "fileConfig", "removeHandler")
    assert [place for place, _ in forbidden] == []
    for place, node in called("addHandler"):
        # Of libraries that would print by themselves where a site has set up nothing.
        assert ast.unparse(node.args[0]) == "logging.NullHandler()", place


def test_no_logger_of_ours_has_handlers_or_a_level() -> None:
    ours = [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "pigeon"]
    assert len(ours) > 5
    for name in ours:
        logger = logging.getLogger(name)
        assert not logger.handlers and logger.level == logging.NOTSET and logger.propagate, name


def extra(record: logging.LogRecord) -> dict[str, Any]:
    """What the record says to programs."""
    return {name: value for name, value in vars(record).items() if name not in USUAL}


def answers(delivery: Any) -> Exception | None:
    """What the partner says, by the story's title."""
    return {
        "later": TransientError("Busy, \udcff says secret!.\nItem 1 for us: pushed."),
        "never": PermanentError("No, says secret!."),
        "bug": RuntimeError("bug with secret!"),
    }.get(delivery.title)


@pytest.fixture
def records(
    db: None, site: Site, scripted: type[Scripted], caplog: pytest.LogCaptureFixture
) -> list[logging.LogRecord]:
    """What a push with all kinds of outcomes says."""

    def maker(self: Any, instance: Any) -> Any:
        if instance.title == "cancelled":
            raise NothingToPush("Nobody wants it.")
        if instance.title == "unmade":
            raise ValueError("no output with secret!")
        return original(self, instance)

    rule = site.rule("partner", site.destination("beloved", "scripted://host", password="secret!"))
    original = rule.get_output_makers
    rule.get_output_makers = maker
    for title in ("good", "later", "never", "bug", "cancelled", "unmade", "lost"):
        Story.objects.create(title=title)
    scripted.script = answers
    caplog.set_level(logging.DEBUG, "pigeon")
    site.push()
    site.later(days=1)
    scripted.script, scripted.opening = None, Unreachable("No route to secret!.")
    site.push()
    return caplog.records


def test_every_record_of_a_push_can_be_read_by_programs(
    records: list[logging.LogRecord],
) -> None:
    by_title = dict(ItemToPush.objects.values_list("pk", "title"))
    told = set()
    for record in records:
        assert record.name.startswith("pigeon."), record
        facts = extra(record)
        assert "secret!" not in json.dumps(facts) and "secret!" not in record.getMessage()
        if record.getMessage().startswith("Item "):
            assert set(facts) >= FACTS, record.getMessage()
            assert facts["rule"] == "partner" and facts["destination"] == "beloved"
            told.add((by_title[facts["item"]], facts.get("outcome"), record.levelname))
        else:
            assert facts["destination"] == "beloved"
    assert told >= {
        ("good", "pushed", "INFO"),
        ("later", "retry", "WARNING"),
        ("never", "failed", "ERROR"),
        ("bug", None, "ERROR"),
        ("bug", "failed", "ERROR"),
        ("cancelled", "cancelled", "INFO"),
        ("unmade", "failed", "ERROR"),
    }


def test_attempts_are_counted(records: list[logging.LogRecord]) -> None:
    tried = [extra(record) for record in records if record.name == "pigeon.sender.scripted"]
    later = ItemToPush.objects.get(title="later").pk
    assert [facts["attempt"] for facts in tried if facts["item"] == later] == [1, 2]


def test_a_server_cannot_write_records_of_its_own(records: list[logging.LogRecord]) -> None:
    tried = [record for record in records if record.name == "pigeon.sender.scripted"]
    assert any("Busy" in record.getMessage() for record in tried)
    assert all("\n" not in record.getMessage() for record in tried)
    for record in records:
        said = record.getMessage() + json.dumps(extra(record), ensure_ascii=False)
        said.encode()  # a file in UTF-8 takes all of it


def test_a_destination_that_fails_says_why(records: list[logging.LogRecord]) -> None:
    [record] = [record for record in records if hasattr(record, "reason")]
    assert extra(record) == {"destination": "beloved", "reason": "No route to [redacted]."}


@pytest.mark.django_db
def test_what_a_lost_worker_had(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    from django.utils import timezone

    site.rule("partner", "dummy://host")
    Story.objects.create(title="one")
    ItemToPush.objects.update(
        status=Status.IN_PROGRESS, lease_token="gone", lease_owner="w1", lease_until=timezone.now()
    )
    site.push()
    [record] = [record for record in caplog.records if "without a word" in record.getMessage()]
    assert record.name == "pigeon.queue"
    item = site.item().pk
    told = {"item": item, "rule": "partner", "destination": "dummy://host", "attempt": 1}
    assert extra(record) == told | {"database": "default"}


def test_a_push_prints_only_what_it_does_not_say_itself(
    records: list[logging.LogRecord],
) -> None:
    printed = [record.getMessage() for record in records if _is_not_said_otherwise(record)]
    assert printed and all("failed unexpectedly" in text for text in printed)
