"""2,000 stories of 8 KB to OpenSSH's server: Pigeon end to end beside ``sftp -b``.

Run it as ``python -m benchmarks.push [stories] [turns]``. End to end means: the items are in
the queue; Pigeon claims, renders, stores, delivers (temporary name, rename) and records them.
``sftp -b`` moves the same files, which lie ready, in the same manner. "sender alone" delivers
parcels that lie ready, without a database. All take turns within one run; medians are compared.
CPU seconds are the client's own, without the server's. Set ``TMPDIR`` to choose the disk.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
from django.conf import settings

STORIES, TURNS = 2000, 5
TEMPLATE = "<story><title>{{ object.title }}</title><body>{{ object.body }}</body></story>\n"


def configure(folder: Path) -> None:
    templates = folder / "templates" / "export" / "partner"
    templates.mkdir(parents=True)
    (templates / "newsroom_story.xml").write_text(TEMPLATE)
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(folder / "db.sqlite3"),
                "OPTIONS": {
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
                },
            }
        },
        INSTALLED_APPS=["django.contrib.contenttypes", "pigeon", "tests.apps.newsroom"],
        MIGRATION_MODULES={"newsroom": None},
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [folder / "templates"],
            }
        ],
        PIGEON_OUTPUT_DIRECTORY=folder / "export",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        SECRET_KEY="only for benchmarks",
        USE_TZ=True,
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)


@dataclass(frozen=True)
class Took:
    """Seconds on the clock, and of the client's CPU."""

    wall: float
    cpu: float


def timed(run: Callable[[], Any]) -> Took:
    """How long ``run`` takes, with the processes that it waits for."""
    cpu, started = sum(os.times()[:4]), time.perf_counter()
    run()
    return Took(time.perf_counter() - started, sum(os.times()[:4]) - cpu)


class Bench:
    """One server, and the three ways to get the files there."""

    def __init__(self, folder: Path, server: Any, stories: int) -> None:
        self.folder = folder
        self.server = server
        self.stories = stories
        self.turn = 0

    def target(self) -> Path:
        """A new folder at the partner for each measurement."""
        self.turn += 1
        return self.server.folder(f"turn{self.turn}")

    def pigeon(self) -> Took:
        import pigeon
        from pigeon import engine
        from tests.apps.newsroom.models import Story

        target = self.target()
        settings.PIGEON_DESTINATIONS = {
            f"partner{self.turn}": {
                "URL": self.server.url(target.name),
                "OPTIONS": self.server.options(),
            }
        }
        facts = {"models": [Story], "name": "partner", "push_urls": [f"partner{self.turn}"]}
        rule = pigeon.register(type("Partner", (pigeon.DefaultConfiguration,), facts))
        queued = pigeon.enqueue(Story.objects.all(), "partner")
        assert queued == self.stories, queued
        took = timed(lambda: engine.push(engine.Options(threads=1)))
        pigeon.unregister(rule)
        self.check(target)
        return took

    def sender_alone(self) -> Took:
        target = self.target()
        deliveries = self._deliveries()
        took = timed(lambda: asyncio.run(self._send(target, deliveries)))
        self.check(target)
        return took

    async def _send(self, target: Path, deliveries: list[Any]) -> None:
        from pigeon.destinations import Destination
        from pigeon.senders.registry import make_sender

        url = self.server.url(target.name)
        destination = Destination(
            "partner", "sftp", self.server.host, self.server.port, self.server.username,
            url.split(str(self.server.port), 1)[1], options=self.server.options(),
        )  # fmt: skip
        sender = make_sender(destination)
        await sender.open()
        waiting = iter(deliveries)

        async def work() -> None:
            for delivery in waiting:
                await sender.send(delivery)

        try:
            await asyncio.gather(*(work() for _ in range(sender.in_flight)))
        finally:
            await sender.close()

    def _deliveries(self) -> list[Any]:
        from pigeon.models import Parcel
        from pigeon.senders.base import Delivery

        async def ours() -> None:
            return

        rows = Parcel.objects.order_by("-pk")[: self.stories]
        return [
            Delivery(
                action="put", rule="partner", title="", parcel=row.files(), held=(),
                remove_stale=False, idempotency_key=str(row.pk), token=f"t{self.turn}",
                stale_tokens=(), check_lease=ours,
            )
            for row in rows
        ]  # fmt: skip

    def openssh(self) -> Took:
        target = self.target()
        where = f"{self.server.prefix}/{target.name}"
        batch = self.folder / "batch"
        lines = [
            f'put "{path}" {where}/.{path.name}.part\n'
            f"rename {where}/.{path.name}.part {where}/{path.name}"
            for path in sorted((self.folder / "ready").iterdir())
        ]
        batch.write_text("\n".join(lines) + "\n")
        command = [
            "sftp", "-q", "-b", str(batch), "-P", str(self.server.port),
            "-i", str(self.server.key_file), "-o", "IdentitiesOnly=yes",
            "-o", f"UserKnownHostsFile={self.server.known_hosts}",
            f"{self.server.username}@{self.server.host}",
        ]  # fmt: skip
        took = timed(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))
        self.check(target)
        return took

    def check(self, target: Path) -> None:
        """Everything arrived whole; then make room."""
        ready = {path.name: path.read_bytes() for path in (self.folder / "ready").iterdir()}
        there = {path.name: path.read_bytes() for path in target.iterdir()}
        assert there == ready
        shutil.rmtree(target)


def prepare(folder: Path, stories: int) -> None:
    """Stories in the database, and the files that they become."""
    from tests.apps.newsroom.models import Story

    body = "All the news that is fit to push. " * 240
    Story.objects.bulk_create(
        (Story(title=f"Story {number}", body=body) for number in range(stories)), batch_size=500
    )
    ready = folder / "ready"
    ready.mkdir()
    for story in Story.objects.iterator():
        text = TEMPLATE.replace("{{ object.title }}", story.title)
        content = text.replace("{{ object.body }}", story.body)
        (ready / f"newsroom_story_{story.pk}.xml").write_text(content)


def report(name: str, took: list[Took], stories: int) -> float:
    walls = [each.wall for each in took]
    median, cpu = statistics.median(walls), statistics.median(each.cpu for each in took)
    spread = f"{min(walls):.2f}-{max(walls):.2f} s"
    speed = f"{stories / median:8.0f} files/s   median {median:.2f} s ({spread})"
    print(f"{name:<16} {speed}, CPU {cpu:.2f} s")
    return median


def main() -> None:
    stories, turns = [int(each) for each in sys.argv[1:]] + [STORIES, TURNS][len(sys.argv) - 1 :]
    from tests.servers.account import session_account
    from tests.servers.sshd import run_sshd

    with tempfile.TemporaryDirectory() as name, session_account() as account:
        folder = Path(name)
        folder.chmod(0o755)
        configure(folder)
        prepare(folder, stories)
        with run_sshd(folder / "sshd", account) as server:
            bench = Bench(folder, server, stories)
            ways: dict[str, Callable[[], Took]] = {
                "pigeon": bench.pigeon,
                "sender alone": bench.sender_alone,
                "sftp -b": bench.openssh,
            }
            times: dict[str, list[Took]] = {way: [] for way in ways}
            for _ in range(turns):
                for way, run in ways.items():
                    times[way].append(run())
    print(f"{stories} stories of 8 KB to sshd on loopback, {turns} turns, {datetime.now(UTC):%F}")
    medians = {way: report(way, taken, stories) for way, taken in times.items()}
    peer = medians["sftp -b"]
    print(f"ratio pigeon / sftp -b:       {peer / medians['pigeon']:.2f} (1.0 is as fast)")
    print(f"ratio sender alone / sftp -b: {peer / medians['sender alone']:.2f}")


if __name__ == "__main__":
    main()
