"""Nothing is lost, whatever becomes of the transaction."""

from __future__ import annotations

import copy
import gc
import pickle
from typing import Any

import pytest
from django.core import serializers
from django.db import IntegrityError, connections, transaction
from django.db.models import F
from django.db.models.signals import post_save, pre_save
from django.test import TestCase

from pigeon import tracking
from tests.apps.tracked.models import LongPage, Page
from tests.tracking.conftest import Ear

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "other"])


class Stop(Exception):
    pass


@pytest.fixture(autouse=True)
def _always_attached(_attached: None) -> None:
    pass


@pytest.mark.parametrize("signal", [pre_save, post_save])
def test_an_exception_in_a_handler_loses_nothing(page: Page, ear: Ear, signal: Any) -> None:
    def fail(**kwargs: Any) -> None:
        raise Stop

    page.title = "new"
    signal.connect(fail, sender=Page)
    try:
        with pytest.raises(Stop):
            page.save()
    finally:
        signal.disconnect(fail, sender=Page)
    assert "title" in page.modified_attrs
    assert Page.objects.using(page._state.db).get().title == "old"
    page.save()
    assert ear.last == {"title", "changed"}


def test_an_integrity_error_loses_nothing(page: Page, ear: Ear) -> None:
    Page.objects.using(page._state.db).create(title="taken")
    page.title, page.body = "taken", "new"
    with pytest.raises(IntegrityError):
        page.save()
    page.title = "free"
    page.save()
    assert ear.last == {"title", "body", "changed"}


def test_a_rollback_loses_nothing(page: Page, ear: Ear) -> None:
    page.title = "new"
    with pytest.raises(Stop), transaction.atomic(page._state.db):
        page.save()
        raise Stop
    assert page.modified_attrs == {"title", "changed"}
    page.save()
    assert ear.last == {"title", "changed"}
    assert page.modified_attrs == frozenset()


def test_a_creation_that_was_rolled_back_is_new_again(ear: Ear, alias: str) -> None:
    page = Page(title="x")
    with pytest.raises(Stop), transaction.atomic(alias):
        page.save(using=alias)
        raise Stop
    page.save(using=alias)
    assert ear.last == {field.name for field in Page._meta.concrete_fields}


def test_two_saves_in_a_transaction_give_the_union(page: Page, ear: Ear) -> None:
    with transaction.atomic(page._state.db):
        page.title = "new"
        page.save(update_fields=["title"])
        page.body = "new"
        page.save(update_fields=["body"])
        assert ear.heard[-2:] == [{"title"}, {"title", "body"}]
        assert page.modified_attrs == {"title", "body"}
    assert page.modified_attrs == frozenset()


def test_what_was_set_back_within_the_transaction_is_no_change(page: Page, ear: Ear) -> None:
    with transaction.atomic(page._state.db):
        page.title = "new"
        page.save(update_fields=["title"])
        page.title = "old"
        page.save(update_fields=["title"])
    assert ear.last == frozenset()


def test_an_inner_rollback_takes_back_what_it_wrote(page: Page, ear: Ear) -> None:
    with transaction.atomic(page._state.db):
        page.body = "new"
        page.save(update_fields=["body"])
        page.title = "new"
        with pytest.raises(Stop), transaction.atomic(page._state.db):
            page.save(update_fields=["title"])
            raise Stop
        page.views = 1
        page.save(update_fields=["views"])
        assert ear.last == {"body", "views"}
    assert page.modified_attrs == {"title"}
    page.save(update_fields=["title"])
    assert ear.last == {"title"}


def test_an_inner_block_that_ended_well_falls_with_the_outer(page: Page, ear: Ear) -> None:
    page.title = "new"
    with pytest.raises(Stop), transaction.atomic(page._state.db):
        with transaction.atomic(page._state.db):
            page.save()
        page.save()
        raise Stop
    page.save()
    assert ear.last == {"title", "changed"}


def test_a_failed_save_in_a_block_of_its_own_leaves_the_outer_alone(page: Page, ear: Ear) -> None:
    using = page._state.db
    Page.objects.using(using).create(title="taken")
    with transaction.atomic(using):
        page.body = "new"
        page.save(update_fields=["body"])
        page.title = "taken"
        with pytest.raises(IntegrityError), transaction.atomic(using):
            page.save()
        page.views = 1
        page.save(update_fields=["views"])
        assert ear.last == {"body", "views"}
    assert page.modified_attrs == {"title", "changed"}


def test_a_failed_save_dooms_the_block_it_is_in(page: Page) -> None:
    """Else the row could be committed although a rule was never asked about it."""

    def fail(**kwargs: Any) -> None:
        raise Stop

    using = page._state.db
    page.title = "new"
    post_save.connect(fail, sender=Page)
    try:
        with transaction.atomic(using):
            with pytest.raises(Stop):
                page.save()
            assert connections[using].needs_rollback
    finally:
        post_save.disconnect(fail, sender=Page)
    assert Page.objects.using(using).get().title == "old"


def test_on_commit_callbacks_see_a_clean_instance(page: Page) -> None:
    seen: list[frozenset[str]] = []

    def register(instance: Any, using: str, **kwargs: Any) -> None:
        transaction.on_commit(lambda: seen.append(instance.modified_attrs), using=using)

    post_save.connect(register, sender=Page)
    try:
        page.title = "new"
        page.save()
    finally:
        post_save.disconnect(register, sender=Page)
    assert seen == [frozenset()]


def test_a_refresh_within_the_transaction_is_as_uncommitted_as_what_it_reads(
    page: Page, ear: Ear
) -> None:
    with pytest.raises(Stop), transaction.atomic(page._state.db):
        page.title, page.views = "new", F("views") + 1
        page.save(update_fields=["title", "views"])
        page.refresh_from_db()
        assert page.views == 1
        assert page.modified_attrs == {"title", "views"}
        raise Stop
    assert page.modified_attrs == {"title", "views"}
    with transaction.atomic(page._state.db):
        page.views = F("views") + 1
        page.save(update_fields=["title", "views"])
        page.refresh_from_db()
    assert page.modified_attrs == frozenset()


def test_many_saves_in_a_transaction_leave_one_callback(page: Page, ear: Ear) -> None:
    using = page._state.db
    with transaction.atomic(using):
        for page.views in range(1, 51):
            page.save(update_fields=["views"])
        assert len(connections[using].run_on_commit) == 1
        for page.views in range(51, 101):
            with transaction.atomic(using):
                page.save(update_fields=["views"])
        assert len(page._state.__dict__["pigeon_history"].writes) <= 2
        assert ear.last == {"views"}
    assert page.modified_attrs == frozenset()


def test_waiting_for_a_commit_does_not_keep_instances_alive(page: Page) -> None:
    import weakref

    using = page._state.db
    with transaction.atomic(using):
        other = Page.objects.using(using).get()
        other.save()
        ghost = weakref.ref(other)
        del other
        gc.collect()
        assert ghost() is None


# Databases


def test_the_first_save_to_another_database_creates_there(ear: Ear) -> None:
    page = Page.objects.create(title="x")
    page.save(using="other")
    assert ear.last == {field.name for field in Page._meta.concrete_fields}
    assert page.modified_attrs == frozenset()
    page.title = "new"
    page.save()  # goes where the last one went
    assert ear.last == {"title", "changed"}


class Replicas:
    """Reads ``other``, writes ``default``."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "other"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"

    def allow_relation(self, *args: Any, **hints: Any) -> bool:
        return True


def test_what_a_replica_gave_is_saved_to_the_primary(ear: Ear, settings: Any) -> None:
    for alias in ("default", "other"):
        Page.objects.using(alias).create(pk=1, title="x")
    settings.DATABASE_ROUTERS = [Replicas()]
    page = Page.objects.get()
    assert page._state.db == "other"
    page.title = "new"
    page.save()
    assert ear.last == {"title", "changed"}
    page.refresh_from_db(using="default")
    assert page.modified_attrs == frozenset()


# Copies


DUPLICATES = [copy.copy, copy.deepcopy, lambda page: pickle.loads(pickle.dumps(page))]


@pytest.mark.parametrize("duplicate", DUPLICATES)
def test_copies_know_of_commits_that_nobody_asked_about(page: Page, duplicate: Any) -> None:
    page.title = "new"
    page.save()
    assert duplicate(page).modified_attrs == frozenset()


@pytest.mark.parametrize("duplicate", DUPLICATES)
def test_copies_know_what_changed_and_go_their_own_way(page: Page, duplicate: Any) -> None:
    page.title = "new"
    twin = duplicate(page)
    assert twin.modified_attrs == {"title"}
    page.save()
    twin.body = "twin"
    assert page.modified_attrs == frozenset()
    assert twin.modified_attrs == {"title", "body"}


@pytest.mark.parametrize("duplicate", DUPLICATES)
def test_copies_may_be_made_while_a_save_is_handled(page: Page, duplicate: Any) -> None:
    twins: list[Page] = []

    def keep(instance: Any, **kwargs: Any) -> None:
        twins.append(duplicate(instance))

    page.title = "new"
    post_save.connect(keep, sender=Page)
    try:
        page.save(update_fields=["title"])
    finally:
        post_save.disconnect(keep, sender=Page)
    [twin] = twins
    twin.body = "twin"
    assert twin.modified_attrs >= {"body"}
    twin.save(update_fields=["body"])
    assert "body" not in twin.modified_attrs
    assert page.modified_attrs == frozenset()


# Fixtures and tests


def test_fixtures_report_all_and_break_nothing(page: Page, ear: Ear) -> None:
    text = serializers.serialize("json", [page])
    [loaded] = serializers.deserialize("json", text, using=page._state.db)
    loaded.save(using=page._state.db)
    assert ear.last == {field.name for field in Page._meta.concrete_fields}
    loaded.object.refresh_from_db()
    assert loaded.object.modified_attrs == frozenset()


def test_a_raw_save_leaves_the_parents_fields_unknown(alias: str) -> None:
    """Given a fixture's child, whose parent is a fixture of its own."""
    parent = Page.objects.using(alias).create(title="x")
    child = LongPage(page_ptr_id=parent.pk, chapters=2)
    child.save_base(raw=True, using=alias)
    assert not child.modified_attrs & {"chapters", "page_ptr"}
    assert "title" in child.modified_attrs


class InATestCase(TestCase):
    """Given Django's TestCase, where nothing is ever committed."""

    def setUp(self) -> None:
        tracking.attach(Page)
        self.addCleanup(tracking.detach, Page)
        self.ear = Ear()
        post_save.connect(self.ear, sender=Page)
        self.addCleanup(post_save.disconnect, self.ear, sender=Page)
        self.page = Page.objects.create(title="old")

    def test_the_tests_level_counts_as_committed(self) -> None:
        assert self.page.modified_attrs == frozenset()
        self.page.title = "new"
        self.page.save()
        assert self.ear.last == {"title", "changed"}
        assert self.page.modified_attrs == frozenset()

    @transaction.atomic
    def change(self, name: str) -> None:
        setattr(self.page, name, "new")
        self.page.save(update_fields=[name])

    def test_so_does_the_end_of_the_tests_own_transactions(self) -> None:
        self.change("title")
        self.change("body")
        assert self.ear.heard[-2:] == [{"title"}, {"body"}]
        assert self.page.modified_attrs == frozenset()

    def test_and_their_rollback_loses_nothing(self) -> None:
        with pytest.raises(Stop), transaction.atomic():
            self.change("title")
            raise Stop
        assert self.page.modified_attrs == {"title"}

    def test_captured_callbacks_are_a_commit(self) -> None:
        with self.captureOnCommitCallbacks(execute=True), transaction.atomic():
            self.change("title")
        assert self.page.modified_attrs == frozenset()
