"""Run a push for a command, and say what came of it."""

from __future__ import annotations

from dataclasses import asdict

from django.core.management.base import CommandError

from pigeon import engine
from pigeon.condition import moment
from pigeon.conf import conf
from pigeon.engine import Counts, Options, Summary
from pigeon.management.command import PigeonCommand
from pigeon.management.crew import Crew
from pigeon.management.log import say_once
from pigeon.management.progress import shown_progress
from pigeon.management.text import one_line, size
from pigeon.queue import survey
from pigeon.registry import registry

_COUNTS = ("pushed", "retry", "failed", "cancelled", "bytes_sent")
_HEADINGS = ("destination", "pushed", "to be tried again", "failed", "cancelled", "sent")


def push(command: PigeonCommand, options: Options, *, format: str, verbosity: int) -> None:
    """Push, then print the counts of each destination to stdout.

    Raises:
        CommandError: not all that was tried arrived; the text says why, by destination.
        ImproperlyConfigured: there is no folder for parcels. Nothing is tried then, since each
            item would fail.
    """
    _ = conf.OUTPUT_DIRECTORY
    if command.from_command_line and not options.forever:
        say_once()
    watched = format == "text" and verbosity > 0 and command.stderr.isatty()
    summary, troubles = _run(options, watched)
    if format == "json":
        command.print_json(as_data(summary))
    elif verbosity > 0:
        _print(command, summary)
    # A worker that stays ends by a signal only: that is no alarm about what had its turn before.
    if not options.forever:
        troubles += _troubles(summary)
    if troubles:
        raise CommandError("\n".join(["Not everything was pushed.", *troubles]))


def _run(options: Options, watched: bool) -> tuple[Summary, list[str]]:
    """The summary of all processes, and sentences about those that ended before their time."""
    with shown_progress(options, is_terminal=watched) as progress:
        crew = Crew(options, progress.show if progress else None)
        crew.start()
        try:
            summary = engine.push(options, progress, crew.stop)
        except BaseException:
            crew.stop()
            crew.join(Summary())
            raise
        crew.join(summary)
    return summary, crew.failures


def as_data(summary: Summary) -> dict[str, object]:
    """``summary`` for programs: totals, then each destination."""
    return {
        **{name: summary.total(name) for name in _COUNTS},
        "stopped": summary.stopped,
        "out_of_hours": summary.out_of_hours,
        "errors": [one_line(error) for error in summary.errors],
        "destinations": {
            name: {**asdict(counts), "last_error": _last_error(name, counts)}
            for name, counts in summary.destinations.items()
        },
    }


def _print(command: PigeonCommand, summary: Summary) -> None:
    rows = [
        (name, each.pushed, each.retry, each.failed, each.cancelled, size(each.bytes_sent))
        for name, each in sorted(summary.destinations.items())
        if each.pushed or each.retry or each.failed or each.cancelled
    ]
    command.print_table(_HEADINGS, rows)
    if rows or command.stdout.isatty():
        for name, opens in sorted(summary.out_of_hours.items()):
            text = f"{name} is out of its hours; what waits for it goes from {moment(opens)} on."
            command.stdout.write(text)
    # Silence elsewhere: cron mails every word.
    if not rows and not summary.errors and command.stdout.isatty():
        command.stdout.write(_idle())


def _idle() -> str:
    """What to say when nothing was tried: perhaps all that waits must go on waiting."""
    names = registry.destinations()
    if any(survey.count_waiting(name, using) for name in names for using in conf.DATABASES):
        return (
            "Nothing can go now: pigeon_push --dry-run says what waits, and why. What waits for "
            "its next try goes at once with --retry-now."
        )
    return "Nothing to push."


def _troubles(summary: Summary) -> list[str]:
    found = [
        f"{name}: {_fate(counts)}. Last error: {_last_error(name, counts)}"
        for name, counts in sorted(summary.destinations.items())
        if counts.failed or counts.retry
    ]
    found += [f"The work for {one_line(error)}" for error in summary.errors]
    if summary.stopped:
        found.append("A signal ended the push; what it left goes with the next one.")
    return found


def _fate(counts: Counts) -> str:
    parts = [(counts.failed, "failed"), (counts.retry, "will be tried again")]
    return ", ".join(f"{number} {word}" for number, word in parts if number)


def _last_error(name: str, counts: Counts) -> str:
    destination = registry.destinations().get(name)
    if not counts.last_error or destination is None:
        return one_line(counts.last_error)
    return one_line(destination.redact(counts.last_error))
