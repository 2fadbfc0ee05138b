"""A worker in a process of its own, which tests may kill: ``python -m tests.flows.worker``.

Reads one line of JSON: what :class:`Orders` holds. Prints "ready" before it starts.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Orders:
    """What a worker is to do.

    Attributes:
        folder: of the site's templates and exports.
        url: where stories go, as destination "partner".
        options: of the destination.
        alias: database whose queue is worked off.
        settings: further settings, without prefix.
        push: options of the engine.
        to: where the rule sends; other names than "partner" come with ``settings``.
    """

    folder: str
    url: str
    options: dict[str, Any] = field(default_factory=dict)
    alias: str = "default"
    settings: dict[str, Any] = field(default_factory=dict)
    push: dict[str, Any] = field(default_factory=dict)
    to: list[str] = field(default_factory=lambda: ["partner"])


@contextmanager
def worker(orders: Orders) -> Iterator[subprocess.Popen[str]]:
    """A running worker; killed, if it still runs at the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.flows.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
    )
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(json.dumps(asdict(orders)) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait(30)
        process.stdin.close()
        process.stdout.close()


def wait_until(condition: Any, seconds: float = 30) -> None:
    """Until ``condition()`` is true; an error if it is not in time."""
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f"{condition} did not come true")


def main() -> None:
    import django

    django.setup()
    from django.test import override_settings

    from pigeon import engine
    from tests.flows.site import Site, isolated

    orders = Orders(**json.loads(sys.stdin.readline()))
    folder = Path(orders.folder)
    changed = {
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [folder / "templates"],
            }
        ],
        "PIGEON_OUTPUT_DIRECTORY": folder / "export",
        "PIGEON_DATABASES": [orders.alias],
        "PIGEON_DESTINATIONS": {"partner": {"URL": orders.url, "OPTIONS": orders.options}},
        **{f"PIGEON_{name}": value for name, value in orders.settings.items()},
    }
    with override_settings(**changed), isolated():
        Site(None, folder).rule("partner", *orders.to)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        summary = engine.push(engine.Options(**{"threads": 1, **orders.push}))
        sys.stdout.write(f"pushed {summary.total('pushed')}\n")


if __name__ == "__main__":
    main()
