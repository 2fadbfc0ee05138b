"""A hook's SQL runs in a savepoint of its own, which exists only if there is any SQL."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connections, transaction
from django.test.utils import CaptureQueriesContext

from pigeon.guard import guarded
from tests.apps.newsroom.models import Author


class Broken(Exception):
    pass


def write(alias: str, name: str) -> None:
    Author.objects.using(alias).create(name=name)


def names(alias: str) -> list[str]:
    return sorted(Author.objects.using(alias).values_list("name", flat=True))


def break_it(alias: str) -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT x FROM nowhere")


def in_atomic(alias: str) -> Callable[[], None]:
    def hook() -> None:
        with transaction.atomic(using=alias):
            write(alias, "hook")
            raise Broken

    return hook


def in_atomic_without_savepoint(alias: str) -> Callable[[], None]:
    def hook() -> None:
        with transaction.atomic(using=alias, savepoint=False):
            write(alias, "hook")
            raise Broken

    return hook


def in_deep_atomics(alias: str) -> Callable[[], None]:
    def hook() -> None:
        with (
            transaction.atomic(using=alias, savepoint=False),
            transaction.atomic(using=alias),
            transaction.atomic(using=alias, savepoint=False),
        ):
            write(alias, "hook")
            break_it(alias)

    return hook


@pytest.mark.parametrize("make", [in_atomic, in_atomic_without_savepoint, in_deep_atomics])
def test_blocks_of_the_hook_itself_do_not_break_the_transaction(
    alias: str, make: Callable[[str], Callable[[], None]]
) -> None:
    with transaction.atomic(using=alias):
        write(alias, "before")
        with pytest.raises((Broken, DatabaseError)), guarded():
            make(alias)()
        write(alias, "after")
    assert names(alias) == ["after", "before"]


@pytest.mark.parametrize("savepoint", [True, False])
def test_a_good_hook_with_blocks_of_its_own_keeps_what_it_wrote(
    alias: str, savepoint: bool
) -> None:
    with transaction.atomic(using=alias):
        with guarded(), transaction.atomic(using=alias, savepoint=savepoint):
            write(alias, "hook")
        write(alias, "after")
    assert names(alias) == ["after", "hook"]


def test_the_lists_of_the_connection_are_as_before(alias: str) -> None:
    connection = connections[alias]
    with transaction.atomic(using=alias):
        before = [*connection.savepoint_ids], [*connection.atomic_blocks]
        with guarded() as guard:
            write(alias, "one")
            guard.settle(failed=False)
            write(alias, "two")
            guard.settle(failed=True)
            write(alias, "three")
        assert ([*connection.savepoint_ids], [*connection.atomic_blocks]) == before
    assert connection.execute_wrappers == []
    assert names(alias) == ["one", "three"]


def test_one_guard_serves_many_hooks(alias: str) -> None:
    with CaptureQueriesContext(connections[alias]) as queries, guarded() as guard:
        for number in range(3):
            guard.settle(failed=False)
            if number == 1:
                write(alias, "hook")
                write(alias, "again")
    kinds = [query["sql"].split()[0] for query in queries]
    assert kinds == ["SAVEPOINT", "INSERT", "INSERT", "RELEASE"]


def test_guards_within_guards_open_in_their_order(alias: str) -> None:
    with guarded():
        with pytest.raises(Broken), guarded():
            write(alias, "inner")
            raise Broken
        write(alias, "outer")
    assert names(alias) == ["outer"]
    with pytest.raises(Broken), guarded():
        with guarded():
            write(alias, "inner")
        raise Broken
    assert names(alias) == ["outer"]


def test_callbacks_of_a_failed_hook_are_dropped(
    alias: str, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    called: list[str] = []
    with django_capture_on_commit_callbacks(using=alias, execute=True):  # type: ignore[attr-defined]
        with pytest.raises(Broken), guarded():
            write(alias, "hook")
            transaction.on_commit(lambda: called.append("failed"), using=alias)
            raise Broken
        with guarded():
            write(alias, "hook")
            transaction.on_commit(lambda: called.append("good"), using=alias)
    assert called == ["good"]


@pytest.mark.django_db(transaction=True)
def test_without_a_transaction_there_is_nothing_to_keep(alias: str) -> None:
    with pytest.raises(Broken), guarded():
        write(alias, "hook")
        raise Broken
    assert names(alias) == ["hook"]


@pytest.mark.django_db(databases=["default", "other"])
def test_every_open_transaction_is_guarded() -> None:
    with transaction.atomic(), transaction.atomic(using="other"):
        with pytest.raises(Broken), guarded():
            write("default", "hook")
            write("other", "hook")
            raise Broken
        assert names("default") == names("other") == []
