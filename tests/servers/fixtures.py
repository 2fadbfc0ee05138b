"""The fixtures; ``tests/conftest.py`` makes them known to every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.capabilities import need
from tests.servers.postgresql import PostgreSQL, run_postgresql


@pytest.fixture(scope="session")
def postgresql_server(scratch: Path) -> Iterator[PostgreSQL]:
    """The cluster behind the database alias "postgresql"."""
    need("postgresql")
    with run_postgresql(scratch / "postgresql") as server:
        yield server
