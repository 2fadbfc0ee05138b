"""What happens behind the pages, in a process of its own: saving, pushing, time passing.

The sync API of Playwright runs an event loop in the thread of the test, where Django's ORM
refuses to work. :class:`Desk` asks; ``python -m tests.browser.desk`` answers, one line each.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout, suppress
from datetime import timedelta
from typing import Any

PASSWORD = "only for tests"


class DeskError(Exception):
    """Something went wrong at the desk; the message is its traceback."""


class Desk:
    """Asks the process that works for the site whose environment is ``environment``."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=dict(environment), text=True,
        )  # fmt: skip

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        def ask(*args: Any, **facts: Any) -> Any:
            assert self._process.stdin and self._process.stdout
            print(json.dumps([verb, args, facts]), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
            answer = json.loads(line) if line else {"error": "the desk is gone"}
            if "error" in answer:
                raise DeskError(answer["error"])
            return answer["found"]

        return ask

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=30)


def prepare() -> None:
    """Make the database, ``ada`` who may do everything, and ``vera`` who may only look."""
    from django.contrib.auth.models import Permission, User
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)
    User.objects.create_superuser("ada", password=PASSWORD)
    vera = User.objects.create_user("vera", password=PASSWORD, is_staff=True)
    vera.user_permissions.add(Permission.objects.get(codename="view_itemtopush"))


def save(actor: str = "", **fields: Any) -> int:
    """Make or change a story; its key."""
    from pigeon.actor import acting_as
    from tests.apps.newsroom.models import Story

    with acting_as(actor):
        story = Story.objects.filter(pk=fields.get("pk")).first() or Story()
        for name, value in fields.items():
            setattr(story, name, value)
        story.save()
    return int(story.pk)


def push(*words: str) -> str:
    """One run of ``pigeon_push``; what it says."""
    from django.core.management import call_command
    from django.core.management.base import CommandError

    said = io.StringIO()
    with said, redirect_stdout(said):
        with suppress(CommandError, SystemExit):  # which is not our end
            call_command("pigeon_push", *words, stdout=said, stderr=said)
        return said.getvalue()


def pause(name: str, actor: str, reason: str) -> None:
    """Pause a destination."""
    from pigeon import operations
    from pigeon.models.operation import Door

    operations.pause([name], operations.By(actor, Door.COMMAND), reason)


def items(**facts: Any) -> list[list[Any]]:
    """Key, rule, destination, object and status of items."""
    from pigeon.models import ItemToPush

    found = ItemToPush.objects.filter(**facts).order_by("pk")
    return [list(row) for row in found.values_list(
        "pk", "rule_name", "destination", "object_id", "status"
    )]  # fmt: skip


def operations() -> list[list[Any]]:
    """Who did what to how many, the oldest first."""
    from pigeon.models import Operation

    rows = Operation.objects.order_by("pk").values_list("actor", "verb", "number", "destination")
    return [list(row) for row in rows]


def pass_time(seconds: float) -> None:
    """Let everything that has happened so far have happened ``seconds`` earlier."""
    from django.apps import apps
    from django.db.models import DateTimeField, F

    from pigeon.models import PushAttempt
    from pigeon.models.tally import Tally
    from pigeon.queue import tallies

    for model in apps.get_app_config("pigeon").get_models():
        dates = [each.name for each in model._meta.fields if isinstance(each, DateTimeField)]
        if dates and model is not Tally:
            shift = timedelta(seconds=seconds)
            model._base_manager.update(**{name: F(name) - shift for name in dates})
    Tally.objects.all().delete()
    for attempt in PushAttempt.objects.all():
        tallies.count([attempt], "default", attempt.ended)


def _answer(line: str) -> dict[str, Any]:
    from django.db import connections

    verb, args, facts = json.loads(line)
    try:
        return {"found": VERBS[verb](*args, **facts)}
    except Exception:  # noqa: BLE001 - whoever asked is told
        return {"error": traceback.format_exc()}
    finally:
        connections.close_all()


VERBS: dict[str, Callable[..., Any]] = {
    verb.__name__: verb for verb in (prepare, save, push, pause, items, operations, pass_time)
}


def _main() -> None:
    import django

    django.setup()
    out = sys.stdout
    for line in sys.stdin:
        with redirect_stdout(sys.stderr):
            answer = _answer(line)
        print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    _main()
