from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connections, transaction

from pigeon.engine import pool as module
from pigeon.engine.pool import CallerPool, ThreadPool
from pigeon.models import DestinationState


def run_in(pool: Any, function: Any, *args: Any) -> Any:
    return run_each(pool, lambda: function(*args))[0]


def run_each(pool: Any, *functions: Callable[[], Any]) -> list[Any]:
    async def all_of_it() -> Any:
        try:
            return [await pool.run(function) for function in functions]
        finally:
            await pool.close()

    return asyncio.run(all_of_it())


def test_threads_have_names_and_end() -> None:
    assert run_in(ThreadPool(2), lambda: threading.current_thread().name).startswith("pigeon")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pigeon_")]


def test_what_a_function_raises_comes_out() -> None:
    with pytest.raises(ZeroDivisionError):
        run_in(ThreadPool(1), lambda: 1 // 0)


@pytest.mark.django_db(transaction=True)
def test_the_callers_thread_sees_its_own_transaction(alias: str) -> None:
    from asgiref.sync import async_to_sync

    with transaction.atomic(using=alias):
        DestinationState.objects.using(alias).create(name="uncommitted")
        count = DestinationState.objects.using(alias).count
        assert async_to_sync(CallerPool().run)(count) == 1


@pytest.mark.django_db(transaction=True)
def test_connections_of_the_threads_are_closed(alias: str) -> None:
    found: list[Any] = []

    def query() -> None:
        found.append(connections[alias])
        DestinationState.objects.using(alias).count()

    run_in(ThreadPool(1), query)
    assert found[0].connection is None


def used_by(alias: str, jobs: int) -> set[int]:
    """The connections to the database that so many jobs of one thread used."""

    def query() -> Any:
        DestinationState.objects.using(alias).count()
        return connections[alias].connection

    found = run_each(ThreadPool(1), *[query] * jobs)  # kept, so that no two have the same id
    return {id(connection) for connection in found}


@pytest.mark.django_db(transaction=True)
def test_a_connection_serves_one_job_after_another(alias: str) -> None:
    assert connections[alias].settings_dict["CONN_MAX_AGE"] == 0
    assert len(used_by(alias, jobs=3)) == 1


@pytest.mark.django_db(transaction=True)
def test_but_not_for_ever(alias: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if connections[alias].vendor == "sqlite":
        pytest.skip("Django never closes an SQLite database in memory.")
    monkeypatch.setattr(module, "KEPT", 0.0)
    assert len(used_by(alias, jobs=3)) == 3


@pytest.mark.django_db(transaction=True)
def test_a_site_may_keep_them_longer(alias: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ages: list[float | None] = []

    def look(max_age: float | None) -> None:
        monkeypatch.setitem(connections[alias].settings_dict, "CONN_MAX_AGE", max_age)
        connections[alias].close()
        connections[alias].connect()
        close_at = connections[alias].close_at
        ages.append(close_at and close_at - time.monotonic())

    run_each(ThreadPool(1), lambda: look(None), lambda: look(600), lambda: look(30))
    assert ages == [None, pytest.approx(600, abs=20), pytest.approx(60, abs=20)]


@pytest.mark.django_db(transaction=True, databases=["postgresql"])
def test_a_connection_that_the_server_has_closed_is_replaced(
    request: pytest.FixtureRequest,
) -> None:
    request.getfixturevalue("postgresql_server")

    def backend() -> int:
        with connections["postgresql"].cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])

    backends: list[int] = []

    def close_it() -> None:
        backends.append(backend())
        other = connections["postgresql"].copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", backends)
        other.close()

    run_each(ThreadPool(1), close_it, lambda: backends.append(backend()))
    assert backends[0] != backends[1]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, databases=["postgresql"])
def test_a_worker_that_falls_silent_in_a_transaction_loses_its_locks(
    settings: Any, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("postgresql_server")
    settings.PIGEON_LEASE_DURATION = 0.5
    states = DestinationState.objects.using("postgresql")
    states.create(name="partner")

    def fall_silent() -> None:
        with transaction.atomic(using="postgresql"):
            states.select_for_update().get()
            time.sleep(1.5)
            states.update(failures=7)

    with pytest.raises(DatabaseError):
        run_in(ThreadPool(1), fall_silent)
    assert states.get().failures == 0
