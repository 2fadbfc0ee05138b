from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, InMemoryStorage

from pigeon.exceptions import OutputGenerationError
from pigeon.makers.binary import BinaryOutputMaker
from tests.apps.newsroom.models import Photo
from tests.makers.rules import Partner


@pytest.fixture(params=["disk", "memory"])
def photo(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Photo:
    kinds = {"disk": FileSystemStorage(tmp_path), "memory": InMemoryStorage()}
    monkeypatch.setattr(Photo._meta.get_field("image"), "storage", kinds[request.param])
    photo = Photo(pk=1)
    photo.image.save("été.final.JPG", ContentFile(os.urandom(700_000)), save=False)
    return photo


def test_the_file_is_copied_whole_in_pieces(photo: Photo) -> None:
    pieces: list[int] = []

    class Target(io.BytesIO):
        def write(self, data: Any) -> int:
            pieces.append(len(data))
            return super().write(data)

    target = Target()
    BinaryOutputMaker(Partner(), photo, "image").write(target)
    with photo.image.storage.open(photo.image.name) as stored:
        assert target.getvalue() == stored.read()
    assert max(pieces) <= 256 * 1024


def test_the_name_has_the_ending_of_the_stored_file(photo: Photo) -> None:
    assert BinaryOutputMaker(Partner(), photo, "image").get_filename() == "newsroom_photo_1.JPG"


def test_it_has_no_limit_and_no_validators_of_the_rule(photo: Photo) -> None:
    class Strict(Partner):
        validators = [lambda content: False]

    maker = BinaryOutputMaker(Strict(), photo, "image")
    assert maker.max_size is None
    assert maker.get_validators() == ()


@pytest.mark.parametrize("step", ["get_filename", "write"])
def test_an_object_without_a_file_is_an_error(step: str) -> None:
    maker = BinaryOutputMaker(Partner(), Photo(pk=1), "image")
    with pytest.raises(OutputGenerationError, match=r"'image' of newsroom\.Photo 1 has no file"):
        maker.get_filename() if step == "get_filename" else maker.write(io.BytesIO())


def test_a_file_that_the_storage_has_lost_is_an_error(photo: Photo) -> None:
    photo.image.storage.delete(photo.image.name)
    with pytest.raises(OutputGenerationError, match=r"no such file\. Upload it again"):
        BinaryOutputMaker(Partner(), photo, "image").write(io.BytesIO())


@pytest.mark.parametrize("name", ["caption", "nothing"])
def test_other_fields_are_refused(name: str) -> None:
    with pytest.raises(OutputGenerationError, match=f"'{name}'.* is not a file field"):
        BinaryOutputMaker(Partner(), Photo(pk=1), name).write(io.BytesIO())
