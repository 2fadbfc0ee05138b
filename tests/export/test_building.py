from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile

import pigeon
from pigeon.exceptions import GetDirectoryError, OutputMakerError, SupervisorError, ValidationError
from pigeon.makers.base import BaseOutputMaker
from pigeon.registry import Registry, registry
from pigeon.validators.xml import WellFormedValidator
from tests.apps.newsroom.models import Author, Photo, ProxyStory, Story
from tests.export.conftest import claimed, files_below, refused, sent

Template = Callable[[str, str], Path]
pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(output_directory: Path) -> Path:
    return output_directory


@pytest.fixture
def story() -> Story:
    return Story.objects.create(title="a")


@pytest.fixture
def partner(
    rules: Registry, template: Template, folder: Path
) -> type[pigeon.DefaultConfiguration]:
    template("partner/newsroom_story.xml", "<story>{{ object.title }}</story>")
    template("partner/newsroom_author.xml", "<author>{{ object.name }}</author>")

    @pigeon.register
    class Partner(pigeon.DefaultConfiguration):
        models = [Story]

        def get_filename(self, instance: Any) -> str:
            return f"{type(instance).__name__}-{instance}.xml"

    return Partner


class TestRelatedItems:
    def test_their_outputs_follow_depth_first(self, partner: Any, story: Story) -> None:
        tree = {"a": ["b", "c"], "b": ["d"]}
        objects = {title: Story(pk=title, title=title) for title in "bcd"}
        partner.get_related_items = lambda self, instance: (
            objects[title] for title in tree.get(instance.title, ())
        )
        assert [path[6] for path in sent(claimed(story))] == ["a", "b", "d", "c"]

    def test_cycles_are_cut(self, partner: Any, story: Story) -> None:
        other = Story.objects.create(title="b")
        proxy = ProxyStory.objects.get(pk=story.pk)
        asked: list[Any] = []

        def get_related_items(self: Any, instance: Any) -> Any:
            asked.append(instance)
            assert len(asked) < 10
            return [story, other, proxy]

        partner.get_related_items = get_related_items
        assert list(sent(claimed(story))) == ["Story-a.xml", "Story-b.xml"]

    def test_a_long_chain_is_no_trouble(self, partner: Any, story: Story) -> None:
        def get_related_items(self: Any, instance: Any) -> Any:
            number = instance.pk if isinstance(instance, Author) else 0
            return [Author(pk=number + 1, name=str(number + 1))] if number < 1500 else []

        partner.get_related_items = get_related_items
        assert len(sent(claimed(story))) == 1501

    def test_supervisors_answer_for_their_models(self, partner: Any, story: Story) -> None:
        class AuthorSupervisor(pigeon.BaseSupervisor):
            def get_directory(self, instance: Any) -> str:
                return "authors"

            def get_output_makers(self, instance: Any) -> Any:
                return [pigeon.TemplateOutputMaker(self, instance)]  # type: ignore[arg-type]

            def get_related_items(self, instance: Any) -> Any:
                return []

        def get_supervisor_for_item(self: Any, instance: Any) -> Any:
            kind = AuthorSupervisor if isinstance(instance, Author) else pigeon.BaseSupervisor
            return kind(self, instance)

        partner.get_supervisor_for_item = get_supervisor_for_item
        partner.get_related_items = lambda self, instance: [Author(pk=1, name="Zoë")]
        assert sent(claimed(story)) == {
            "Story-a.xml": b"<story>a</story>",
            "authors/Author-Zoë.xml": "<author>Zoë</author>".encode(),
        }

    def test_a_late_failure_is_named(self, partner: Any, story: Story, folder: Path) -> None:
        def get_related_items(self: Any, instance: Any) -> Any:
            yield Author(pk=1, name="a")
            raise ValueError("no luck")

        partner.get_related_items = get_related_items
        error = refused(claimed(story))
        assert type(error) is SupervisorError
        assert not files_below(folder)


class TestOutputs:
    def test_a_maker_must_be_returned(self, partner: Any, story: Story) -> None:
        partner.get_output_makers = lambda self, instance: []
        error = refused(claimed(story))
        assert type(error) is OutputMakerError
        assert "made no output" in str(error)

    def test_what_is_no_maker_is_named(self, partner: Any, story: Story) -> None:
        partner.get_output_makers = lambda self, instance: ["story.xml"]
        error = refused(claimed(story))
        assert type(error) is OutputMakerError
        assert "'story.xml', which is no output maker" in str(error)

    @pytest.mark.parametrize(
        "names",
        [("a.xml", "a.xml"), ("a", "a/b.xml"), ("a/b.xml", "a")],
        ids=["twice", "file first", "folder first"],
    )
    def test_outputs_that_collide_are_refused(
        self, partner: Any, story: Story, folder: Path, names: tuple[str, str]
    ) -> None:
        partner.get_output_makers = lambda self, instance: [
            fixed(name, bytes([number])) for number, name in enumerate(names)
        ]
        error = refused(claimed(story))
        assert type(error) is OutputMakerError
        assert "Give them different names" in str(error)
        assert not files_below(folder)

    def test_the_same_output_twice_is_one(self, partner: Any, story: Story) -> None:
        partner.get_output_makers = lambda self, instance: [fixed("a", b"x"), fixed("a", b"x")]
        assert sent(claimed(story)) == {"a": b"x"}

    def test_an_invalid_output_refuses_the_parcel(
        self, partner: Any, story: Story, template: Template, folder: Path
    ) -> None:
        template("partner/newsroom_story.xml", "<story>\n{{ object.title }}")
        partner.validators = [WellFormedValidator]
        error = refused(claimed(story))
        assert type(error) is ValidationError
        assert "Story-a.xml was refused by WellFormedValidator: line 2" in str(error)
        assert not files_below(folder)

    def test_a_binary_output_is_not_put_before_the_rules_validators(
        self, partner: Any, rules: Registry, tmp_path: Path, settings: Any
    ) -> None:
        settings.MEDIA_ROOT = tmp_path / "media"
        photo = Photo.objects.create(caption="p")
        photo.image.save("été.jpg", ContentFile(b"\xff\xd8" * 100_000))
        partner.validators = [WellFormedValidator]
        partner.get_output_makers = lambda self, instance: [
            pigeon.BinaryOutputMaker(self, instance, "image")
        ]
        settings.PIGEON_MAX_DOCUMENT_SIZE = 10
        assert sent(claimed(photo)) == {"Photo-p.jpg": b"\xff\xd8" * 100_000}

    def test_reasons_that_a_database_cannot_hold_are_stored_readably(
        self, partner: Any, story: Story
    ) -> None:
        partner.on_invalid = "skip"
        partner.validators = [lambda content: "\0 and \ud800" if b"a" in content else None]
        partner.get_output_makers = lambda self, instance: [
            fixed("a", b"a", validators=None),
            fixed("b", b"b"),
        ]
        item = claimed(story)
        assert sent(item) == {"b": b"b"}
        assert item.parcel
        [left_out] = item.parcel.files().left_out
        assert left_out.reason.endswith("\N{REPLACEMENT CHARACTER} and ?")


class TestArchives:
    def test_one_archive_holds_all(self, partner: Any, story: Story) -> None:
        partner.packer = pigeon.ZIPPacker
        partner.get_related_items = lambda self, instance: [Author(pk=1, name="Zoë")]
        [(name, content)] = sent(claimed(story)).items()
        assert name == f"partner_newsroom_story_{story.pk}.zip"
        with zipfile.ZipFile(BytesIO(content)) as archive:
            assert archive.namelist() == ["Author-Zoë.xml", "Story-a.xml"]

    def test_the_same_objects_give_the_same_bytes(self, partner: Any, story: Story) -> None:
        partner.packer = pigeon.TARPacker(compression="gz")
        partner.archive_name = "weekly"
        first, second = sent(claimed(story)), sent(claimed(story))
        assert first == second
        with tarfile.open(fileobj=BytesIO(first["weekly.tar.gz"])) as archive:
            assert archive.getnames() == ["Story-a.xml"]

    def test_only_the_archive_is_kept(self, partner: Any, story: Story, folder: Path) -> None:
        partner.packer = pigeon.ZIPPacker
        sent(claimed(story))
        assert {path.rsplit("/", 1)[-1] for path in files_below(folder)} == {
            f"partner_newsroom_story_{story.pk}.zip"
        }

    @pytest.mark.parametrize("stem", ["../up", "a/b", "a\nb"])
    def test_an_unsafe_name_is_refused(
        self, partner: Any, story: Story, folder: Path, stem: str
    ) -> None:
        partner.packer = pigeon.ZIPPacker
        partner.archive_name = stem
        assert type(refused(claimed(story))) is GetDirectoryError
        assert not files_below(folder.parent) - {
            "templates/export/partner/newsroom_story.xml",
            "templates/export/partner/newsroom_author.xml",
        }


def fixed(name: str, content: bytes, validators: Any = ()) -> BaseOutputMaker:
    """A maker that writes ``content`` under ``name``, which may have folders."""
    folder, _, filename = name.rpartition("/")

    class Fixed(BaseOutputMaker):
        def get_directory(self) -> str:
            return folder

        def get_filename(self) -> str:
            return filename

        def write(self, target: Any) -> None:
            target.write(content)

    maker = Fixed(registry.get("partner"), Story(pk=1))
    maker.validators = validators
    return maker
