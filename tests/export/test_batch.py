from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core import serializers
from django.db import DatabaseError, IntegrityError, connections, transaction
from django.utils import timezone

import pigeon
from pigeon.exceptions import (
    FilterByStateError,
    GetDirectoryError,
    ItemError,
    NothingToPush,
    OutputGenerationError,
    OutputMakerError,
    SupervisorError,
    TransientError,
    ValidationError,
)
from pigeon.export import Exported, export
from pigeon.models import Action, ItemToPush, Parcel, Status
from pigeon.registry import Registry
from tests.apps.newsroom.models import Author, Story
from tests.export.conftest import claimed, content_of, files_below, refused, sent

Template = Callable[[str, str], Path]


@pytest.fixture
def folder(output_directory: Path) -> Path:
    return output_directory


@pytest.fixture
def partner(
    rules: Registry, template: Template, folder: Path
) -> type[pigeon.DefaultConfiguration]:
    template("partner/newsroom_story.xml", "<story>{{ object.title }}</story>\n")

    @pigeon.register
    class Partner(pigeon.DefaultConfiguration):
        models = [Story]

    return Partner


@pytest.fixture
def story(alias: str) -> Story:
    return Story.objects.using(alias).create(title="Été")


class TestOneItem:
    def test_it_becomes_a_parcel_with_a_record(
        self, partner: Any, story: Story, alias: str, folder: Path
    ) -> None:
        item = claimed(story)
        before = timezone.now()
        outcome = export([item])[item.pk]
        assert isinstance(outcome, Exported)
        row = Parcel.objects.using(alias).get()
        assert outcome.parcel == row
        parcel = row.files()
        content = "<story>Été</story>\n".encode()
        assert content_of(outcome) == {f"newsroom_story_{story.pk}.xml": content}
        [file] = parcel.files
        assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert before <= parcel.rendered_at <= timezone.now()
        assert row.rendered_at == parcel.rendered_at
        assert (row.size, row.event_id, row.object_id) == (
            len(content),
            item.event_id,
            str(story.pk),
        )
        assert files_below(parcel.directory) == {file.path}, "and nothing else"
        assert parcel.directory.parent.parent == folder / "partner"
        stored = ItemToPush.objects.using(alias).get()
        assert stored.parcel_id == row.pk
        assert stored.status == Status.IN_PROGRESS

    def test_a_worker_that_lost_its_lease_changes_no_item(
        self, partner: Any, story: Story, alias: str
    ) -> None:
        item = claimed(story)
        ItemToPush.objects.using(alias).update(lease_token="somebody else's")
        assert sent(item)
        assert ItemToPush.objects.using(alias).get().parcel_id is None

    def test_a_retry_sends_the_stored_parcel(self, partner: Any, story: Story, alias: str) -> None:
        item = claimed(story)
        first = sent(item)
        Story.objects.using(alias).update(title="changed")
        again = ItemToPush.objects.using(alias).get()
        assert sent(again) == first
        assert Parcel.objects.using(alias).count() == 1

    @pytest.mark.parametrize("damage", ["missing", "shorter"])
    def test_a_damaged_parcel_is_rendered_anew_and_says_so(
        self, partner: Any, story: Story, alias: str, damage: str
    ) -> None:
        item = claimed(story)
        sent(item)
        assert item.parcel
        parcel = item.parcel.files()
        path = parcel.local_path(parcel.files[0])
        path.unlink() if damage == "missing" else path.write_bytes(b"x")
        again = ItemToPush.objects.using(alias).get()
        outcome = export([again])[again.pk]
        assert content_of(outcome)
        assert isinstance(outcome, Exported)
        assert "rendered anew" in outcome.note
        assert (
            ItemToPush.objects.using(alias).get().parcel_id
            == Parcel.objects.using(alias).latest("pk").pk
        )

    def test_what_was_asked_to_be_rendered_anew_is(
        self, partner: Any, story: Story, alias: str
    ) -> None:
        item = claimed(story)
        sent(item)
        Story.objects.using(alias).update(title="newer")
        ItemToPush.objects.using(alias).update(parcel=None, render_after=timezone.now())
        again = ItemToPush.objects.using(alias).get()
        assert list(sent(again).values()) == [b"<story>newer</story>\n"]


class TestSharing:
    def test_destinations_share_one_rendering(
        self, partner: Any, story: Story, alias: str
    ) -> None:
        here = claimed(story)
        there = claimed(story, destination="elsewhere", event_id=here.event_id)
        first = sent(here)
        Story.objects.using(alias).update(title="changed")
        assert sent(there) == first
        assert Parcel.objects.using(alias).count() == 1

    def test_an_event_of_two_objects_has_two_parcels(
        self, partner: Any, story: Story, alias: str
    ) -> None:
        other = Story.objects.using(alias).create(title="other")
        first = claimed(story)
        second = claimed(other, event_id=first.event_id)
        assert sent(first) != sent(second)

    def test_threads_render_an_event_once(
        self, partner: Any, story: Story, alias: str, template: Template, transactional_db: None
    ) -> None:
        rendered: list[int] = []
        both = threading.Event()

        def get_context(self: Any, instance: Any) -> Any:
            rendered.append(1)
            both.wait(0.3)
            return {"object": instance}

        partner.get_context = get_context
        here = claimed(story)
        there = claimed(story, destination="elsewhere", event_id=here.event_id)

        def work(item: ItemToPush) -> None:
            sent(item)
            connections.close_all()

        threads = [threading.Thread(target=work, args=[item]) for item in (here, there)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(rendered) == 1
        assert Parcel.objects.using(alias).count() == 1


class TestPointlessItems:
    def test_the_object_is_gone(self, partner: Any, story: Story, folder: Path) -> None:
        item = claimed(story)
        story.delete()
        error = refused(item)
        assert isinstance(error, NothingToPush)
        assert "was deleted before its turn" in str(error)
        assert not files_below(folder)

    def test_the_state_is_no_longer_accepted(self, partner: Any, story: Story) -> None:
        partner.filter_by_state = lambda self, instance: instance.is_online
        error = refused(claimed(story))
        assert isinstance(error, NothingToPush)
        assert "no longer accepted by filter_by_state" in str(error)


class TestDeletions:
    def test_there_is_only_something_to_remove(self, partner: Any, story: Story) -> None:
        partner.push_deletions = "remove"
        item = claimed(story, action=Action.DELETED)
        assert export([item]) == {item.pk: Exported(None)}

    def test_a_tombstone_is_rendered_from_the_snapshot(
        self, partner: Any, story: Story, template: Template
    ) -> None:
        partner.push_deletions = "tombstone"
        template("partner/newsroom_story_deleted.xml", "<gone>{{ object.title }}</gone>")
        item = claimed(
            story,
            action=Action.DELETED,
            snapshot=json.loads(serializers.serialize("json", [story])),
        )
        pk = story.pk
        story.delete()
        assert sent(item) == {f"newsroom_story_{pk}.xml": "<gone>Été</gone>".encode()}

    def test_without_a_snapshot_there_is_nothing_to_say(self, partner: Any, story: Story) -> None:
        partner.push_deletions = "tombstone"
        item = claimed(story, action=Action.DELETED)
        story.delete()
        assert isinstance(refused(item), NothingToPush)


def fail(*args: Any) -> Any:
    raise ValueError("no luck")


#: Hook → the error that its item gets.
HOOKS: dict[str, type[ItemError]] = {
    "initialize_push": ItemError,
    "get_supervisor_for_item": SupervisorError,
    "filter_by_state": FilterByStateError,
    "get_output_makers": OutputMakerError,
    "get_related_items": SupervisorError,
    "get_directory": GetDirectoryError,
    "get_filename": GetDirectoryError,
    "get_template_names": OutputGenerationError,
    "get_context": OutputGenerationError,
}


class TestFailures:
    @pytest.mark.parametrize("name", HOOKS)
    def test_a_hook_that_raises_is_named(
        self, partner: Any, story: Story, alias: str, folder: Path, name: str
    ) -> None:
        setattr(partner, name, fail)
        error = refused(claimed(story))
        assert type(error) is HOOKS[name]
        for word in ("'partner'", "ValueError: no luck"):
            assert word in str(error)
        assert isinstance(error.__cause__, ValueError)
        assert not files_below(folder)
        assert not Parcel.objects.using(alias).exists()

    def test_others_are_unaffected(
        self, partner: Any, story: Story, alias: str, folder: Path
    ) -> None:
        stories = [Story.objects.using(alias).create(title=str(number)) for number in range(5)]

        def get_filename(self: Any, instance: Any) -> str:
            return {0: "../up", 1: "a/b", 2: "nul\0", 3: "x" * 300}.get(
                int(instance.title), f"{instance.title}.xml"
            )

        partner.get_filename = get_filename
        items = [claimed(each) for each in stories]
        outcomes = export(items)
        assert content_of(outcomes[items[4].pk]) == {"4.xml": b"<story>4</story>\n"}
        for item in items[:4]:
            assert isinstance(outcomes[item.pk], GetDirectoryError)
        [parcel] = Parcel.objects.using(alias).all()
        place = parcel.directory
        assert files_below(folder) == {f"{place}/4.xml"}
        assert files_below(folder.parent) - {f"export/{path}" for path in files_below(folder)} <= {
            "templates/export/partner/newsroom_story.xml"
        }

    def test_a_rule_that_is_gone_says_what_to_do(
        self, rules: Registry, story: Story, folder: Path
    ) -> None:
        error = refused(claimed(story, rule="forgotten"))
        assert type(error) is ItemError
        assert "No rule is called 'forgotten'" in str(error)
        assert "Restore the rule" in str(error)

    def test_a_model_that_is_gone_harms_only_its_items(self, partner: Any, story: Story) -> None:
        gone = claimed(story, model_label="newsroom.gone")
        strange = claimed(story, object_id="not a number")
        good = claimed(story)
        outcomes = export([gone, strange, good])
        assert content_of(outcomes[good.pk])
        assert "Install the model's app again" in str(outcomes[gone.pk])
        assert isinstance(outcomes[strange.pk], NothingToPush)

    def test_a_key_that_the_database_refuses_harms_only_its_item(
        self, partner: Any, story: Story, alias: str
    ) -> None:
        huge = claimed(story, object_id="9" * 200)
        good = claimed(story)
        with transaction.atomic(using=alias):
            outcomes = export([huge, good])
        assert content_of(outcomes[good.pk])
        assert isinstance(outcomes[huge.pk], Exception)

    def test_a_template_that_raises_names_its_line(
        self, partner: Any, story: Story, template: Template
    ) -> None:
        path = template("partner/newsroom_story.xml", "a\n{{ object.boom() }}")
        Story.boom = fail  # type: ignore[attr-defined]
        try:
            error = refused(claimed(story))
        finally:
            del Story.boom  # type: ignore[attr-defined]
        assert type(error) is OutputGenerationError
        assert f"ValueError: no luck (template {path}, line 2)" in str(error)

    def test_a_database_error_spoils_no_transaction(
        self, partner: Any, story: Story, alias: str
    ) -> None:
        good = Story.objects.using(alias).create(title="good")

        def get_context(self: Any, instance: Any) -> Any:
            if instance.title != "good":
                Author.objects.using(alias).create(pk=1, name="a")
                Author.objects.using(alias).bulk_create([Author(pk=1, name="b")])
            return {"object": instance}

        partner.get_context = get_context
        items = [claimed(story), claimed(good)]
        with transaction.atomic(using=alias):
            outcomes = export(items)
            assert Story.objects.using(alias).count() == 2
        assert isinstance(outcomes[items[0].pk], OutputGenerationError)
        assert isinstance(outcomes[items[0].pk].__cause__, IntegrityError)
        assert content_of(outcomes[items[1].pk])

    def test_a_storage_out_of_reach_is_tried_again(self, partner: Any, story: Story) -> None:
        def get_context(self: Any, instance: Any) -> Any:
            raise ConnectionResetError("gone")

        partner.get_context = get_context
        assert isinstance(refused(claimed(story)), TransientError)

    def test_a_disk_that_takes_nothing_is_tried_again(
        self, partner: Any, story: Story, folder: Path
    ) -> None:
        folder.write_text("a file where the folder should be")
        error = refused(claimed(story))
        assert isinstance(error, TransientError)
        assert "PIGEON_OUTPUT_DIRECTORY" in str(error)

    def test_an_oversized_document_is_refused(
        self, partner: Any, story: Story, folder: Path, settings: Any
    ) -> None:
        settings.PIGEON_MAX_DOCUMENT_SIZE = 20
        error = refused(claimed(story))
        assert isinstance(error, ValidationError)
        assert "larger than 20 bytes" in str(error)
        assert not files_below(folder)

    def test_records_that_cannot_be_written_leave_no_directory(
        self,
        partner: Any,
        story: Story,
        alias: str,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def refuse(*args: Any, **kwargs: Any) -> Any:
            raise DatabaseError("disk full")

        monkeypatch.setattr("pigeon.export.stored._assign", refuse)
        with pytest.raises(DatabaseError):
            export([claimed(story)])
        assert not files_below(folder)
        assert not Parcel.objects.using(alias).exists()


class TestBatches:
    @pytest.fixture
    def digest(self, rules: Registry, template: Template, folder: Path) -> Any:
        template("digest/newsroom_story.xml", "{{ object.title }}")

        @pigeon.register
        class Digest(pigeon.MassPusherConfiguration):
            packer = pigeon.FlatPacker

            def get_items_to_push(self, *args: str) -> Any:
                return Story.objects.filter(title__in=args).order_by("pk").iterator()

        return Digest

    @pytest.mark.django_db
    def test_all_objects_are_one_parcel(self, digest: Any) -> None:
        for title in "abc":
            Story.objects.create(title=title)
        item = claimed(None, "digest", arguments=["a", "c"], action=Action.CREATED)
        assert list(sent(item).values()) == [b"a", b"c"]

    @pytest.mark.django_db
    def test_an_empty_batch_is_pointless(self, digest: Any, folder: Path) -> None:
        item = claimed(None, "digest", action=Action.CREATED)
        assert isinstance(refused(item), NothingToPush)
        assert not files_below(folder)

    @pytest.mark.django_db
    @pytest.mark.parametrize("late", [False, True])
    def test_a_failing_batch_is_named(self, digest: Any, late: bool) -> None:
        def get_items_to_push(self: Any, *args: str) -> Any:
            if late:
                yield Story.objects.create(title="a")
            raise ValueError("no luck")

        digest.get_items_to_push = get_items_to_push
        error = refused(claimed(None, "digest"))
        assert type(error) is ItemError
        assert "get_items_to_push of rule 'digest' raised ValueError: no luck" in str(error)

    @pytest.mark.django_db
    def test_invalid_outputs_are_left_out_and_listed(self, digest: Any) -> None:
        digest.validators = [lambda content: content != b"b"]
        stories = [Story.objects.create(title=title) for title in "abc"]
        item = claimed(None, "digest", arguments=list("abc"))
        assert list(sent(item).values()) == [b"a", b"c"]
        assert item.parcel
        [left_out] = item.parcel.files().left_out
        assert left_out.path == f"newsroom_story_{stories[1].pk}.xml"
        assert "refused by <lambda>" in left_out.reason

    @pytest.mark.django_db
    def test_a_batch_of_only_invalid_outputs_is_refused(self, digest: Any) -> None:
        digest.validators = [lambda content: False]
        Story.objects.create(title="a")
        error = refused(claimed(None, "digest", arguments=["a"]))
        assert isinstance(error, ValidationError)
        assert "All outputs were refused" in str(error)

    @pytest.mark.django_db
    def test_a_rule_that_makes_none_any_more_says_so(self, partner: Any) -> None:
        error = refused(claimed(None, "partner"))
        assert "no longer makes mass pushes" in str(error)


def test_few_queries_serve_a_whole_batch(
    partner: Any, alias: str, django_assert_num_queries: Any
) -> None:
    stories = [Story.objects.using(alias).create(title=str(number)) for number in range(50)]
    items = [claimed(story) for story in stories]
    with django_assert_num_queries(8, using=alias):
        # parcels; stories, insert and update, the last two in one transaction (savepoints here)
        export(items)
