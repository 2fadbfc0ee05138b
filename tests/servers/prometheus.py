"""A Prometheus of the test's own, which scrapes one address."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.capabilities import ALL, need
from tests.servers.process import free_port, running

#: Seconds that Prometheus gets to scrape.
PATIENCE = 60


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus on loopback."""

    port: int

    def ask(self, path: str, **parameters: str) -> Any:
        """The data that its HTTP API has at ``path``."""
        query = urllib.parse.urlencode(parameters)
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{query}"
        with urllib.request.urlopen(url, timeout=PATIENCE) as response:
            return json.load(response)["data"]

    def value(self, expression: str) -> float | None:
        """The value of an expression with one result; ``None`` while it has none."""
        found = self.ask("query", query=expression)["result"]
        return float(found[0]["value"][1]) if found else None

    def wait_for(self, expression: str) -> float:
        """The value of an expression as soon as there is one."""
        deadline = time.monotonic() + PATIENCE
        while (found := self.value(expression)) is None:
            assert time.monotonic() < deadline, (expression, self.ask("targets"))
            time.sleep(0.2)
        return found


@contextmanager
def run_prometheus(
    folder: Path, target: str, *, path: str, token: str, rules: Path
) -> Iterator[Prometheus]:
    """Scrape ``path`` of the host and port ``target`` again and again, judge by ``rules``."""
    need("promtool")
    program = Path(ALL["promtool"]().where).with_name("prometheus")
    config, port = folder / "prometheus.yml", free_port()
    job = {
        "job_name": "pigeon",
        "metrics_path": path,
        "authorization": {"credentials": token},
        "static_configs": [{"targets": [target]}],
    }
    settings = {
        "global": {"scrape_interval": "3s", "scrape_timeout": "3s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [job],
    }
    config.write_text(json.dumps(settings))  # JSON is YAML
    command = [
        str(program), f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    with running(command, folder / "prometheus.log", lambda: _is_ready(port), cwd=folder):
        yield Prometheus(port)


def _is_ready(port: int) -> bool:
    """Whether it answers questions; it listens before it does."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=PATIENCE):
            return True
    except OSError:
        return False
