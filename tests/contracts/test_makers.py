"""What every output maker keeps."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile

from pigeon.makers.base import BaseOutputMaker
from pigeon.makers.binary import BinaryOutputMaker
from pigeon.makers.serialized import SerializedOutputMaker
from pigeon.makers.template import TemplateOutputMaker, TombstoneOutputMaker
from pigeon.paths import safe_relative_path
from tests.apps.newsroom.models import Photo
from tests.makers.rules import Partner

Make = Callable[[type[BaseOutputMaker]], BaseOutputMaker]
MAKERS: dict[type[BaseOutputMaker], tuple[Any, ...]] = {
    TemplateOutputMaker: (),
    TombstoneOutputMaker: (),
    BinaryOutputMaker: ("image",),
    SerializedOutputMaker: ("json",),
}


def validator(content: bytes) -> None:
    """Accepts everything."""


class Rule(Partner):
    name = "partner"
    validators = [validator]


@pytest.fixture
def photo(tmp_path: Path, settings: Any) -> Photo:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [tmp_path / "templates"],
        }
    ]
    folder = tmp_path / "templates" / "export" / "partner"
    folder.mkdir(parents=True)
    for name in ("newsroom_photo.xml", "newsroom_photo_deleted.xml"):
        (folder / name).write_text("<a>{{ object.caption }}</a>")
    photo = Photo(pk=1, caption="été 北京")
    photo.image.save("1.jpg", ContentFile(b"\xff\xd8"), save=False)
    return photo


@pytest.fixture(params=MAKERS)
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


def make(kind: type[BaseOutputMaker], photo: Photo, **overrides: Any) -> BaseOutputMaker:
    own = type("Own", (kind,), overrides)
    maker: BaseOutputMaker = own(Rule(), photo, *MAKERS[kind])
    return maker


def test_the_same_object_gives_the_same_bytes(kind: Any, photo: Photo) -> None:
    written = []
    for _ in range(2):
        target = io.BytesIO()
        make(kind, photo).write(target)
        written.append(target.getvalue())
    assert written[0] == written[1] != b""


def test_the_rule_is_asked_for_the_place(kind: Any, photo: Photo) -> None:
    maker = make(kind, photo)
    path = safe_relative_path(maker.get_directory(), maker.get_filename())
    assert path.startswith("in/newsroom_photo_1.")


def test_place_context_and_validators_can_be_overridden(kind: Any, photo: Photo) -> None:
    maker = make(
        kind,
        photo,
        get_directory=lambda self: "elsewhere",
        get_filename=lambda self: "x.y",
        validators=[1],
    )
    assert (maker.get_directory(), maker.get_filename()) == ("elsewhere", "x.y")
    assert list(maker.get_validators()) == [1]
    assert maker.get_context() == {"object": photo}


def test_documents_have_the_rules_validators_and_a_limit(kind: Any, photo: Photo) -> None:
    maker = make(kind, photo)
    document = kind is not BinaryOutputMaker
    assert list(maker.get_validators()) == ([validator] if document else [])
    assert (maker.max_size is not None) == document


def test_a_target_that_fails_is_not_swallowed(kind: Any, photo: Photo) -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        make(kind, photo).write(Full())
