"""What every test may use: databases to run on, folders, and the real servers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import capabilities
from tests import scratch as scratch_folder
from tests.capabilities import need

pytest_plugins = ["tests.servers.fixtures"]

TESTS = Path(__file__).parent
#: The databases that have a queue; a test that takes ``alias`` runs once on each.
QUEUES = ("default", "postgresql")
#: Folders whose tests wait for real faults, and so are marked ``slow`` as a whole.
SLOW = {"browser", "faults", "flows"}
#: Folders whose tests talk to servers, and care for the Python but hardly for the Django.
WIRE = {"contracts", "doctor", "remotes", "senders", "servers"}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "slow: takes seconds; left out by `make quick` and most of the matrix"
    )
    config.addinivalue_line(
        "markers", "wire: talks to servers; the matrix runs it once for each Python"
    )


def pytest_unconfigure(config: pytest.Config) -> None:
    scratch_folder.remove()


def pytest_report_header(config: pytest.Config) -> list[str]:
    return ["what this machine offers:", *(f"  {line}" for line in capabilities.table())]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow tests, and let each test that takes ``alias`` use that database."""
    for item in items:
        if SLOW & set(item.path.relative_to(TESTS).parts):
            item.add_marker("slow")
        if WIRE & set(item.path.relative_to(TESTS).parts):
            item.add_marker("wire")
        if "alias" not in getattr(item, "fixturenames", ()):
            continue
        alias = item.callspec.params["alias"]  # type: ignore[attr-defined]
        mark = item.get_closest_marker("django_db")
        said: dict[str, Any] = dict(mark.kwargs) if mark else {}
        said["databases"] = sorted({alias, *said.get("databases", ())} & _configured())
        item.add_marker(pytest.mark.django_db(**said), append=False)


def _configured() -> set[str]:
    from django.conf import settings

    return set(settings.DATABASES)


def _wants_postgresql(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("django_db")
    return bool(mark) and "postgresql" in (mark.kwargs.get("databases") or ())


@pytest.fixture(scope="session")
def scratch() -> Path:
    """The folder of this run, gone when it ends; anybody may look into it."""
    assert scratch_folder.FOLDER
    return scratch_folder.FOLDER


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> None:
    """Start PostgreSQL before its test database is made, if any test wants it."""
    if any(_wants_postgresql(item) for item in request.session.items):
        request.getfixturevalue("postgresql_server")


def _require_alias(name: str) -> None:
    if name not in _configured():
        need(name)


@pytest.fixture(params=QUEUES)
def alias(request: pytest.FixtureRequest) -> Any:
    """The database that the test runs on, which is then the only one with a queue.

    Takes the place of ``@pytest.mark.django_db``; with threads, processes or commits, say
    ``@pytest.mark.django_db(transaction=True)`` as well.
    """
    _require_alias(request.param)
    settings = request.getfixturevalue("settings")
    settings.PIGEON_DATABASES = [request.param]
    return request.param


@pytest.fixture
def output_directory(settings: Any, tmp_path: Path) -> Path:
    """A folder of the test's own that is ``PIGEON_OUTPUT_DIRECTORY``."""
    settings.PIGEON_OUTPUT_DIRECTORY = tmp_path / "export"
    return tmp_path / "export"
