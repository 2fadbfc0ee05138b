from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest
from django.db import DatabaseError, connections, transaction

from pigeon.engine.pool import CallerPool, ThreadPool
from pigeon.models import DestinationState


def run_in(pool: Any, function: Any, *args: Any) -> Any:
    async def all_of_it() -> Any:
        try:
            return await pool.run(function, *args)
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
