"""What ``modified_attrs`` says outside a save, in its handlers and after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models import F
from django.db.models.signals import m2m_changed, post_save, pre_save
from django.test.utils import CaptureQueriesContext

from pigeon import tracking
from tests.apps.tracked.models import Headstrong, LongPage, Mixed, Page, PageProxy, Writer
from tests.tracking.conftest import Ear

pytestmark = pytest.mark.django_db(transaction=True)

ALL = {field.name for field in Page._meta.concrete_fields}


@pytest.fixture(autouse=True)
def _always_attached(_attached: None) -> None:
    pass


# Outside a save


def test_a_never_saved_instance_has_all_fields_modified() -> None:
    assert Page().modified_attrs == ALL
    assert Page(pk=7, title="by hand").modified_attrs == ALL


def test_a_loaded_instance_has_none(page: Page) -> None:
    assert page.modified_attrs == frozenset()


def test_what_is_assigned_is_modified_and_may_be_set_back(page: Page) -> None:
    page.title = "new"
    page.writer_id = 9
    assert page.modified_attrs == {"title", "writer"}
    assert page._modified_attrs == {"title", "writer"}
    page.title, page.writer_id = "old", None
    assert page.modified_attrs == frozenset()


def test_the_same_value_in_a_forms_words_is_no_change(page: Page) -> None:
    page.views, page.price = "0", "1.5"
    assert page.modified_attrs == frozenset()
    page.views, page.price = "1", "not a number"
    assert page.modified_attrs == {"views", "price"}


def test_changes_in_place_are_seen(page: Page) -> None:
    page.metadata["tags"].append("b")
    assert page.modified_attrs == {"metadata"}
    page.metadata["tags"].pop()
    assert page.modified_attrs == frozenset()


def test_json_knows_one_from_true(page: Page) -> None:
    page.metadata["flag"] = True
    assert page.modified_attrs == {"metadata"}


def test_reading_costs_no_query(page: Page) -> None:
    alias = page._state.db or DEFAULT_DB_ALIAS
    deferred = Page.objects.using(alias).only("title").get()
    with CaptureQueriesContext(connections[alias]) as queries:
        deferred.modified_attrs
    assert not queries.captured_queries


# Saves


def test_a_creation_reports_all_and_is_done_after_the_commit(ear: Ear, alias: str) -> None:
    page = Page.objects.using(alias).create(title="x")
    assert ear.last == ALL
    assert page.modified_attrs == frozenset()


def test_a_save_reports_what_it_changed(page: Page, ear: Ear) -> None:
    page.title = "new"
    page.save()
    assert ear.last == {"title", "changed"}  # ``changed`` is auto_now
    assert page.modified_attrs == frozenset()
    page.body = "new"
    page.save()
    assert ear.last == {"body", "changed"}


def test_update_fields_count_alone(page: Page, ear: Ear) -> None:
    page.title, page.body = "new", "new"
    page.save(update_fields=["title"])
    assert ear.last == {"title"}
    assert page.modified_attrs == {"body"}
    page.save()
    assert ear.last == {"body", "changed"}


def test_update_fields_may_be_attnames(page: Page, ear: Ear) -> None:
    page.writer = Writer.objects.using(page._state.db).create(name="Ada")
    page.save(update_fields=["writer_id"])
    assert ear.last == {"writer"}


def test_pre_save_handlers_see_what_is_about_to_be_written(page: Page) -> None:
    seen: list[Any] = []

    def look(instance: Any, **kwargs: Any) -> None:
        seen.append(instance.modified_attrs)

    pre_save.connect(look, sender=Page)
    try:
        page.title, page.body = "new", "new"
        page.save(update_fields=["title"])
    finally:
        pre_save.disconnect(look, sender=Page)
    assert seen == [{"title"}]


def test_a_handler_that_changes_memory_changes_nothing_written(page: Page) -> None:
    """Given a handler, connected first, that assigns and does not save."""

    def meddle(instance: Any, **kwargs: Any) -> None:
        instance.body = "not saved"

    ear = Ear()
    post_save.connect(meddle, sender=Page)
    post_save.connect(ear, sender=Page)
    try:
        page.title = "new"
        page.save()
    finally:
        post_save.disconnect(meddle, sender=Page)
        post_save.disconnect(ear, sender=Page)
    assert ear.last == {"title", "changed"}
    assert page.modified_attrs == {"body"}


def test_a_save_within_a_handler_is_a_save_of_its_own(page: Page, ear: Ear) -> None:
    def save_again(instance: Any, **kwargs: Any) -> None:
        if instance.views == 0:
            instance.views, instance.body = 1, "left in memory"
            instance.save(update_fields=["views"])

    post_save.connect(save_again, sender=Page)
    try:
        page.title = "new"
        page.save(update_fields=["title"])
    finally:
        post_save.disconnect(save_again, sender=Page)
    assert ear.heard == [{"title"}, {"title", "views"}]
    assert page.modified_attrs == {"body"}


def test_post_save_runs_in_the_transaction(alias: str) -> None:
    seen: list[bool] = []

    def look(using: str, **kwargs: Any) -> None:
        seen.append(connections[using].in_atomic_block)

    post_save.connect(look, sender=Page)
    try:
        Page.objects.using(alias).create(title="x")
    finally:
        post_save.disconnect(look, sender=Page)
    assert seen == [True]


def test_a_row_that_vanished_is_created_again(page: Page, ear: Ear) -> None:
    Page.objects.using(page._state.db).all().delete()
    page.save()
    assert ear.last == ALL


@pytest.mark.parametrize("change", [{"pk": None}, {"pk": None, "id": None}, {"pk": 4711}])
def test_a_copy_under_another_key_is_new(page: Page, ear: Ear, change: dict[str, Any]) -> None:
    for name, value in change.items():
        setattr(page, name, value)
    page.title = "copy"
    page.save()
    assert ear.last == ALL
    assert page.modified_attrs == frozenset()


async def _save(page: Page) -> None:
    await page.asave()
    await page.arefresh_from_db()


def test_async_saves_and_refreshes(alias: str, ear: Ear, page: Page) -> None:
    from asgiref.sync import async_to_sync

    page.title = "new"
    async_to_sync(_save)(page)
    assert ear.last == {"title", "changed"}
    assert page.modified_attrs == frozenset()


# Particular fields


def test_binary_values(page: Page, ear: Ear) -> None:
    page.payload = bytearray(b"ab")
    page.save(update_fields=["payload"])
    page.payload[0:1] = b"x"
    assert page.modified_attrs == {"payload"}
    page.save(update_fields=["payload"])
    page.refresh_from_db()
    assert page.modified_attrs == frozenset()


@pytest.fixture
def storage() -> Iterator[InMemoryStorage]:
    field = Page._meta.get_field("image")
    assert isinstance(field, models.FileField)
    kept, field.storage = field.storage, InMemoryStorage()
    yield field.storage
    field.storage = kept


def test_a_file_is_modified_until_it_is_committed(
    page: Page, ear: Ear, storage: InMemoryStorage
) -> None:
    assert not page.image  # reading it puts a FieldFile in place of the name
    assert page.modified_attrs == frozenset()
    page.image = ContentFile(b"1", name="a.txt")
    assert page.modified_attrs == {"image"}
    page.save(update_fields=["image"])
    assert ear.last == {"image"}
    assert page.modified_attrs == frozenset()
    page.refresh_from_db()
    assert page.image.name == "pages/a.txt"
    assert page.modified_attrs == frozenset()


def test_a_file_under_the_same_name_is_a_change(
    page: Page, ear: Ear, storage: InMemoryStorage
) -> None:
    for content in (b"1", b"2"):
        storage.delete("pages/a.txt")
        page.image = ContentFile(content, name="a.txt")
        page.save(update_fields=["image"])
        assert ear.last == {"image"}
    assert page.image.name == "pages/a.txt"


def test_an_expression_is_modified_until_its_value_is_known(page: Page, ear: Ear) -> None:
    page.views = F("views") + 1
    assert page.modified_attrs == {"views"}
    page.save(update_fields=["views"])
    assert ear.last == {"views"}
    page.refresh_from_db(fields=["views"])
    assert page.views == 1
    assert page.modified_attrs == frozenset()


def test_auto_now_counts_when_it_is_written(page: Page, ear: Ear) -> None:
    page.title = "new"
    page.save(update_fields=["title", "changed"])
    assert ear.last == {"title", "changed"}


# Loading and refreshing


def test_deferred_fields(page: Page, ear: Ear) -> None:
    deferred = Page.objects.using(page._state.db).defer("body", "views").get()
    assert deferred.modified_attrs == frozenset()
    deferred.body = ""
    assert deferred.modified_attrs == {"body"}  # nobody knows what it was
    assert deferred.views == 0
    assert deferred.modified_attrs == {"body"}
    deferred.views = 1
    deferred.save()
    assert ear.last == {"body", "views", "changed"}
    assert deferred.modified_attrs == frozenset()


def test_a_save_with_deferred_fields_does_not_name_them(page: Page, ear: Ear) -> None:
    deferred = Page.objects.using(page._state.db).only("title").get()
    deferred.title = "new"
    deferred.save()
    assert ear.last == {"title"}


def test_a_refresh_starts_anew(page: Page) -> None:
    page.title = page.body = "new"
    Page.objects.using(page._state.db).update(views=5)
    page.refresh_from_db(fields=iter(["title", "views"]))
    assert (page.title, page.views) == ("old", 5)
    assert page.modified_attrs == {"body"}
    page.refresh_from_db()
    assert page.modified_attrs == frozenset()


def test_a_refresh_from_a_queryset_starts_anew_what_it_loads(page: Page) -> None:
    rows = Page.objects.using(page._state.db)
    page.title = page.body = "new"
    page.refresh_from_db(from_queryset=rows.only("title"))
    assert page.modified_attrs == {"body"}
    page.title = "new"
    page.refresh_from_db(from_queryset=rows.defer("title"))
    assert page.modified_attrs == {"title"}
    page.refresh_from_db(from_queryset=rows.all())
    assert page.modified_attrs == frozenset()


def test_what_was_made_without_us_reports_all(page: Page, ear: Ear) -> None:
    """Too much is safe; nothing would be a change lost."""
    [bulky] = Page.objects.using(page._state.db).bulk_create([Page(title="bulk")])
    assert bulky.modified_attrs >= ALL - {"id"}
    bulky.refresh_from_db()
    assert bulky.modified_attrs == frozenset()


# Classes


def test_children_track_their_own_fields_whoever_is_attached(alias: str, ear: Ear) -> None:
    for classes in [(Page,), (LongPage,), (Page, LongPage)]:
        tracking.detach(Page)
        for each in classes:
            tracking.attach(each)
        LongPage.objects.using(alias).create(title=f"{classes}")
        assert ear.last == ALL | {"page_ptr", "chapters"}
        child = LongPage.objects.using(alias).get(title=f"{classes}")
        assert child.modified_attrs == frozenset()
        child.chapters, child.title = 2, child.title + "!"
        child.save()
        assert ear.last == {"chapters", "title", "changed"}
        assert child.modified_attrs == frozenset()
        child.chapters = 3
        child.save(update_fields=["chapters"])
        assert ear.last == {"chapters"}
        tracking.detach(LongPage)


def test_a_childs_deferred_parent_key_is_no_change(alias: str) -> None:
    LongPage.objects.using(alias).create(title="x")
    child = LongPage.objects.using(alias).only("chapters").get()
    assert child.id == child.pk
    assert child.title == "x"
    assert child.modified_attrs == frozenset()


def test_proxies(page: Page, ear: Ear) -> None:
    proxy = PageProxy.objects.using(page._state.db).get()
    proxy.title = "new"
    proxy.save()
    assert ear.last == {"title", "changed"}
    assert proxy.modified_attrs == frozenset()


def test_the_mixin_needs_no_rule(alias: str, ear: Ear) -> None:
    mixed = Mixed.objects.using(alias).create(title="x")
    assert ear.last == {"id", "title", "body"}
    mixed = Mixed.objects.using(alias).get()
    mixed.body = "new"
    assert mixed.modified_attrs == mixed._modified_attrs == {"body"}
    mixed.save()
    assert ear.last == {"body"}
    assert mixed.modified_attrs == frozenset()


def test_a_models_own_methods_are_kept(alias: str, ear: Ear) -> None:
    tracking.attach(Headstrong)
    try:
        Headstrong.objects.using(alias).create(title="x")
        headstrong = Headstrong.objects.using(alias).get()
        assert headstrong.title == "X"
        assert headstrong.body == "by save_base"
        assert headstrong.modified_attrs == frozenset()
        headstrong.body = "mine"
        headstrong.save()
        assert headstrong.body == "by save_base"
        assert ear.last == frozenset()
        headstrong.refresh_from_db()
        assert headstrong.refreshed
    finally:
        tracking.detach(Headstrong)


def test_only_the_wanted_fields(page: Page, ear: Ear) -> None:
    tracking.attach(Page, fields=["title", "writer_id", "tags"])
    page = Page.objects.using(page._state.db).get()
    page.title, page.body, page.writer_id = "new", "new", 5
    assert page.modified_attrs == {"title", "writer"}


# Relations


def test_m2m_changes_are_named_while_they_are_handled(page: Page) -> None:
    page.body = "not saved"
    with tracking.m2m_changed(page, {"tags"}):
        assert page.modified_attrs == {"tags"}
    assert page.modified_attrs == {"body"}


def test_m2m_changes_may_be_handled_by_djangos_signal(page: Page) -> None:
    seen: list[Any] = []

    def look(instance: Any, **kwargs: Any) -> None:
        with tracking.m2m_changed(instance, {"tags"}):
            seen.append(instance.modified_attrs)

    m2m_changed.connect(look, sender=Page.tags.through)
    try:
        page.tags.add(Writer.objects.using(page._state.db).create(name="Ada"))
    finally:
        m2m_changed.disconnect(look, sender=Page.tags.through)
    assert seen == [{"tags"}, {"tags"}]  # pre_add, post_add
