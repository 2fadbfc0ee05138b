"""Why an object is, or is not, pushed: for people."""

from __future__ import annotations

from collections.abc import Iterator

from pigeon.condition import moment
from pigeon.explain import Explanation
from pigeon.explain.answers import Answer
from pigeon.explain.object import RuleReport
from pigeon.explain.records import Item, Place
from pigeon.management.command import PigeonCommand
from pigeon.management.text import one_line, size
from pigeon.text import counted

_SAYS = {True: "yes", False: "no", None: "depends"}


def print_explanation(command: PigeonCommand, explanation: Explanation) -> None:
    """Print all of it to stdout, from the general to the particular."""
    title = f" “{explanation.title}”" if explanation.title else ""
    lines = [f"{explanation.object}{title}", *explanation.notes]
    for report in explanation.rules:
        lines += ["", *_of_rule(report)]
    if explanation.others:
        lines += ["", f"Rules about other models: {', '.join(explanation.others)}"]
    for line in lines:
        indent = line[: len(line) - len(line.lstrip(" "))]
        command.stdout.write(indent + one_line(line))


def _of_rule(report: RuleReport) -> Iterator[str]:
    yield f"{report.rule}: {report.verdict}"
    for answer in report.answers:
        yield f"  {_of_answer(answer)}"
    for place in report.places:
        yield from _of_place(place)


def _of_answer(answer: Answer) -> str:
    reason = f" ({answer.reason.rstrip('.')})" if answer.reason else ""
    return f"{answer.filter}: {_SAYS[answer.accepts]}{reason}"


def _of_place(place: Place) -> Iterator[str]:
    url = f" ({place.url})" if place.url not in ("", place.destination) else ""
    yield f"  → {place.destination}{url}: {place.condition}"
    for item in place.items:
        yield f"    {_of_item(item)}"
    for held in place.publications:
        yield f"    holds {held.path} ({size(held.size)}) since {moment(held.published)}"
    if not place.items:
        yield "    no item"


def _of_item(item: Item) -> str:
    parts = [f"item {item.item}: {item.status}", item.action, f"queued {moment(item.created)}"]
    if item.attempts:
        parts.append(counted(item.attempts, "attempt"))
    if item.pushed:
        parts.append(f"pushed {moment(item.pushed)}")
    if item.next_attempt:
        parts.append(f"next attempt {moment(item.next_attempt)}")
    if item.message:
        parts.append(item.message)
    return ", ".join(parts)
