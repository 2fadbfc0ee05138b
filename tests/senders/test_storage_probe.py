"""What the doctor finds out about a storage, and what it leaves there: nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage, InMemoryStorage, storages

from pigeon import doctor
from pigeon.senders.capabilities import Capabilities
from pigeon.senders.registry import make_sender
from pigeon.senders.storage_probe import DELETE, MISSING, OVER, READ, SIZE, WRITE
from tests.senders.parcels import destination
from tests.senders.test_storage import files

ALL = {MISSING, WRITE, SIZE, READ, OVER, DELETE}
Probe = Callable[..., Capabilities]


class Sizeless(InMemoryStorage):
    def size(self, name: str) -> int:
        raise NotImplementedError


class Undeletable(InMemoryStorage):
    def delete(self, name: str) -> None:
        raise PermissionError("no deleting here")


class Full(FileSystemStorage):
    def _save(self, name: str, content: Any) -> str:
        super()._save(name, content)
        raise OSError(28, "No space left on device")


class Forgetful(InMemoryStorage):
    """Keeps another content than it was given."""

    def _save(self, name: str, content: Any) -> str:
        content.file.write(b"X")
        content.file.seek(0)
        return super()._save(name, content)


@pytest.fixture
def probed(settings: Any) -> Probe:
    """Probe the storage that an entry of STORAGES makes."""

    def probe(backend: str | dict[str, Any], **options: Any) -> Capabilities:
        entry = backend if isinstance(backend, dict) else {"BACKEND": f"{__name__}.{backend}"}
        settings.STORAGES = {**settings.STORAGES, "Archive": entry}

        async def run() -> Capabilities:
            sender = make_sender(destination("storage://Archive/in/deep", **options))
            try:
                await sender.open()
                return await sender.probe()
            finally:
                await sender.close()

        return asyncio.run(run())

    return probe


def answers(found: Capabilities) -> dict[str, str]:
    return {one.name: one.answer for one in found.capabilities}


def consequence(found: Capabilities) -> str:
    return next(one.consequence for one in found.capabilities if one.name == OVER)


def test_s3(probed: Probe, s3: Any) -> None:
    bucket = s3.bucket()
    found = probed(s3.storage(bucket), verify="sha256")
    assert answers(found) == dict.fromkeys(ALL, "yes")
    assert consequence(found) == "replaces a file in one step"
    assert found.sound
    assert found.facts == {"storage class": "storages.backends.s3.S3Storage"}
    assert s3.objects(bucket) == {}


def test_s3_that_takes_another_name(probed: Probe, s3: Any) -> None:
    bucket = s3.bucket()
    found = probed(s3.storage(bucket, file_overwrite=False), overwrite="keep")
    assert answers(found) == dict.fromkeys(ALL, "yes") | {OVER: "no"}
    assert consequence(found) == "takes another name"
    assert found.sound
    assert s3.objects(bucket) == {}, "both versions are gone"


def test_a_folder_leaves_not_even_folders(probed: Probe, tmp_path: Path) -> None:
    options = {"location": str(tmp_path)}
    backend = "django.core.files.storage.FileSystemStorage"
    found = probed({"BACKEND": backend, "OPTIONS": options})
    assert answers(found) == dict.fromkeys(ALL, "yes") | {OVER: "no"}
    assert consequence(found) == "deletes the older file, then saves"
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ours.txt").touch()
    assert probed({"BACKEND": backend, "OPTIONS": options}).sound
    assert [path.name for path in tmp_path.rglob("*")] == ["in", "ours.txt"]


def test_a_bucket_that_is_not_there(probed: Probe, s3: Any) -> None:
    found = probed(s3.storage("nobodys-bucket"))
    assert not found.sound
    assert answers(found)[WRITE] == "no"
    assert "bucket" in next(one.detail for one in found.capabilities if one.name == WRITE)
    assert SIZE not in answers(found)


@pytest.mark.parametrize(("verify", "answer"), [("size", "no"), ("sha256", "unknown")])
def test_a_class_without_sizes(probed: Probe, verify: str, answer: str) -> None:
    found = probed("Sizeless", verify=verify)
    assert answers(found) == dict.fromkeys(ALL, "yes") | {SIZE: answer, OVER: "no"}
    assert found.sound == (answer == "unknown")


def test_what_cannot_be_deleted_is_named(probed: Probe) -> None:
    found = probed("Undeletable")
    [left] = [one for one in found.capabilities if one.name == DELETE and "pigeon" in one.ask][:1]
    assert (left.answer, left.required) == ("no", False)
    assert "no deleting here" in left.detail
    [first, *_] = files(storages["Archive"])
    assert first in left.ask


def test_a_full_disk_is_left_as_it_was(probed: Probe, tmp_path: Path) -> None:
    entry = {"BACKEND": f"{__name__}.Full", "OPTIONS": {"location": str(tmp_path)}}
    found = probed(entry)
    assert answers(found) == {MISSING: "yes", WRITE: "no"}
    assert "No space left" in found.capabilities[-1].detail
    assert list(tmp_path.iterdir()) == []


def test_what_is_read_back_is_compared(probed: Probe) -> None:
    found = probed("Forgetful", verify="sha256")
    assert answers(found)[READ] == "no"
    assert not found.sound


def test_the_doctor_asks(settings: Any, s3: Any) -> None:
    bucket = s3.bucket()
    settings.STORAGES = {**settings.STORAGES, "Archive": s3.storage(bucket)}
    report = doctor.examine(destination("storage://Archive/in"))
    assert report.sound
    assert {one.name for one in report.steps} >= ALL
    assert s3.objects(bucket) == {}
