"""The pages of operators on a queue with a million items and five million attempts.

Each page is asked for as a browser does, by somebody who may do everything. Printed are its number
of queries and the slowest of them by PostgreSQL's own ``EXPLAIN ANALYZE``; both have a bar. The
figures are written to ``benchmarks/results/pages.json``. Options: ``--rows N`` instead of a
million, ``--only TEXT`` for pages whose names hold it, ``--show`` for slow plans.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from benchmarks import full_queue
from tests import settings as site
from tests.capabilities import postgresql
from tests.servers.postgresql import run_postgresql

RESULTS = Path(__file__).parent / "results" / "pages.json"
#: Queries of a page, and milliseconds of the slowest one, at the most.
QUERIES, MILLISECONDS = 15, 50.0
#: Each query is explained so often; what the machine did beside it is not the query's.
TURNS = 3
#: The verdict at the top is kept for seconds; whoever comes after that waits for a new one.
ANEW = "dashboard, verdict anew"


@dataclass(frozen=True)
class Figure:
    """What one page costs: queries, and milliseconds of the slowest and of all by their plans."""

    page: str
    queries: int
    slowest: float
    all: float
    seconds: float

    @property
    def is_met(self) -> bool:
        return self.queries <= QUERIES and self.slowest <= MILLISECONDS


@dataclass
class Asked:
    """A query of a page with its parameters, and its plan."""

    sql: str
    params: Any
    milliseconds: float = 0.0
    plan: str = ""


def main() -> int:
    arguments = _arguments()
    if not postgresql():
        print(f"Left out: {postgresql().reason}")
        return 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pigeon-bench-")))
        folder.chmod(0o755)
        host = stack.enter_context(run_postgresql(folder / "postgresql")).host
        _start_django(host, folder)
        stack.callback(connection.close)
        _set_up(arguments.rows)
        pages = [(page, url) for page, url in _pages() if arguments.only in page]
        figures = [_measure(page, url, arguments) for page, url in pages]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")
    return int(not all(figure.is_met for figure in figures))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="items in the queue")
    parser.add_argument("--only", default="", help="pages whose names hold this text")
    parser.add_argument("--show", action="store_true", help="show plans that are over the bar")
    return parser.parse_args()


def _start_django(host: str, folder: Path) -> None:
    """The site of the tests, with another database, rules and partners."""
    names = {name: getattr(site, name) for name in dir(site) if name.isupper()}
    names |= {
        "DATABASES": {
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "postgres",
                "USER": "pigeon",
                "HOST": host,
            }
        },
        "ALLOWED_HOSTS": ["testserver"],
        "LOGGING_CONFIG": None,
        "PIGEON_DATABASES": ["default"],
        "PIGEON_OUTPUT_DIRECTORY": folder / "export",
        "PIGEON_DESTINATIONS": {
            f"partner-{number}": {"URL": f"dummy://partner-{number}"}
            for number in range(full_queue.PARTNERS)
        },
    }
    settings.configure(**names)
    django.setup()


def _set_up(rows: int) -> None:
    import pigeon
    from pigeon.registry import registry

    everywhere = list(settings.PIGEON_DESTINATIONS)
    for number in range(1, 6):
        facts = {"name": f"rule-{number}", "models": ["newsroom.Story"], "push_urls": everywhere}
        registry.register(type("Rule", (pigeon.DefaultConfiguration,), facts))
    print(f"Making {rows:,} items …", flush=True)
    started = time.monotonic()
    call_command("migrate", run_syncdb=True, verbosity=0)
    full_queue.fill(rows)
    print(f"… took {time.monotonic() - started:.0f} s\n", flush=True)
    print(f"{'page':<32}{'queries':>8}{'slowest':>11}{'all':>11}{'page':>10}")


# The pages


def _pages() -> Iterator[tuple[str, str]]:
    """What is asked for: a name for people, and the address."""
    from django.urls import reverse

    from pigeon.models import ItemToPush, Publication

    def at(view: str, query: str = "", /, **parts: Any) -> str:
        return reverse(f"pigeon:{view}", kwargs=parts) + (f"?{query}" if query else "")

    partner = "partner-0"
    failed = ItemToPush.objects.filter(status=130).latest("pk")
    yield "dashboard", at("home")
    yield ANEW, at("home")
    yield "destination", at("destination", name=partner)
    yield "rule", at("rule", name="rule-1")
    yield "live numbers", at("live")
    yield "chart of a month", at("series", "range=month")
    yield "chart of a destination's week", at("series", f"range=week&destination={partner}")
    yield "items", at("items")
    yield "items of a destination", at("items", f"destination={partner}")
    yield "items of a rare destination", at("items", "destination=partner-19")
    yield "items that failed", at("items", f"destination={partner}&status=130")
    yield "items of a rule that failed", at("items", "rule=rule-2&status=180")
    yield "search by object", at("items", "q=story 4242")
    yield "search by file name", at("items", f"q={Publication.objects.latest('pk').file_name}")
    yield "search by title", at("items", "q=about the abcd")
    yield "search that finds nothing", at("items", "q=no such words anywhere")
    nothing = f"q=no such words&destination={partner}"
    yield "search in one destination", at("items", nothing)
    day = f"since={_ago(2)}&until={_ago(1)}"
    yield "items tried in a day", at("items", f"destination={partner}&{day}")
    yield "failed items tried in a day", at("items", f"status=failed&{day}")
    yield "failed items", at("items", "status=failed")
    yield "item", at("item", alias="default", pk=failed.pk)
    yield "delivered", at("delivered", f"destination={partner}")
    yield "API: summary", at("api-summary")
    yield "metrics", at("metrics")
    yield "admin: items", reverse("admin:pigeon_itemtopush_changelist")
    yield "admin: attempts", reverse("admin:pigeon_pushattempt_changelist")
    yield "API: items", at("api-items", f"destination={partner}")
    yield "API: attempts", at("api-attempts", f"destination={partner}&outcome=failed")
    yield "API: the log", at("api-logs")
    yield "API: files that failed", at("api-logs", "status=FAILED")
    yield "API: a file", at("api-logs", "filename=story_4242.xml")
    yield "API: destinations", at("api-destinations")


def _ago(days: int) -> str:
    return f"{timezone.now() - timedelta(days=days):%Y-%m-%dT%H:%M}"


def _measure(page: str, url: str, arguments: argparse.Namespace) -> Figure:
    """Ask twice, so that nothing is asked for the first time; explain what the second asked."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    from pigeon.health.view import latest

    user, _ = get_user_model().objects.get_or_create(
        username="operator", defaults={"is_staff": True, "is_superuser": True}
    )
    client = Client()
    client.force_login(user)
    _get(client, url)
    if page == ANEW:
        latest.forget()
    started = time.perf_counter()
    with _listening() as asked:
        _get(client, url)
    seconds = time.perf_counter() - started
    for query in asked:
        _explain(query)
    plans = [query.milliseconds for query in asked]
    figure = Figure(page, len(asked), max(plans, default=0.0), sum(plans), seconds)
    _show(figure, asked, arguments)
    return figure


def _get(client: Any, url: str) -> None:
    response = client.get(url)
    if response.status_code != 200:
        raise SystemExit(f"{url} answers {response.status_code}")
    if response.streaming:
        b"".join(response.streaming_content)


@contextmanager
def _listening() -> Iterator[list[Asked]]:
    """All queries, in the order in which they are asked."""
    asked: list[Asked] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append(Asked(sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        yield asked


def _explain(query: Asked) -> None:
    """Ask PostgreSQL for the plan and its time; the quickest of several turns counts."""
    if not query.sql.lstrip("( ").upper().startswith(("SELECT", "WITH")):
        return
    with connection.cursor() as cursor:
        times = []
        for _ in range(TURNS):
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query.sql}", query.params)
            ((found,),) = cursor.fetchall()
            times.append(found[0]["Execution Time"])
        query.milliseconds = min(times)
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {query.sql}", query.params)
        query.plan = "\n".join(line for (line,) in cursor.fetchall())


def _show(figure: Figure, asked: Sequence[Asked], arguments: argparse.Namespace) -> None:
    mark = "" if figure.is_met else "   MISSED"
    print(
        f"{figure.page:<32}{figure.queries:>8}{figure.slowest:>8.1f} ms{figure.all:>8.1f} ms"
        f"{figure.seconds * 1000:>7.0f} ms{mark}",
        flush=True,
    )
    for query in asked:
        if arguments.show and query.milliseconds > MILLISECONDS:
            print(f"    {query.sql[:2000]}\n    {query.params}\n{query.plan}\n")


if __name__ == "__main__":
    sys.exit(main())
