"""A large linked file is hashed while it is sent; whoever needs its digest before gets it."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from asgiref.sync import sync_to_async
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import connection, transaction

import pigeon
from pigeon.exceptions import PermanentError, TransientError, Unreachable
from pigeon.export import completed, preview, writing
from pigeon.makers.binary import BinaryOutputMaker
from pigeon.models import Parcel, Publication, Status
from pigeon.parcel import Receipt
from pigeon.registry import registry
from pigeon.senders.local import LocalSender
from pigeon.senders.registry import make_sender, register_sender, unregister_sender
from tests.apps.newsroom.models import Photo
from tests.engine.scripted import Scripted
from tests.flows.site import Site
from tests.senders.parcels import destination

pytestmark = pytest.mark.django_db(databases=["default"])

FILM = os.urandom(writing.LINKED)
#: As long as the film.
OTHER = os.urandom(writing.LINKED)


class Plain(Scripted):
    """As what sends files to a server: it takes a digest as it comes."""

    schemes = ("plain",)
    needs_digests: ClassVar[bool] = False  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def plain() -> Iterator[None]:
    register_sender(Plain)
    yield
    unregister_sender(Plain)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were hashed beside a transfer; large is what is linked."""
    names: list[str] = []
    real = hashlib.file_digest

    def digest(file: Any, *args: Any) -> Any:
        names.append(Path(file.name).name)
        return real(file, *args)

    monkeypatch.setattr(hashlib, "file_digest", digest)
    monkeypatch.setattr(writing, "HASHED_LATER", writing.LINKED)
    return names


Film = Callable[..., Path]


@pytest.fixture
def film(site: Site, monkeypatch: pytest.MonkeyPatch) -> Film:
    """Has a film pushed to the given places, an hour after it came; gives the site's file."""

    def save(*urls: str, **hooks: Any) -> Path:
        storage = FileSystemStorage(site.folder / "media")
        monkeypatch.setattr(Photo._meta.get_field("image"), "storage", storage)
        facts = {"models": [Photo], "push_urls": list(urls), "name": "films", **hooks}
        facts["get_output_makers"] = lambda self, instance: [
            BinaryOutputMaker(self, instance, "image")
        ]
        pigeon.register(type("Films", (pigeon.DefaultConfiguration,), facts))
        photo = Photo()
        photo.image.save("film.bin", ContentFile(FILM), save=False)
        stored = Path(photo.image.path)
        at = stored.stat().st_mtime_ns - 3600 * 10**9 - 1
        os.utime(stored, ns=(at, at))
        photo.save()
        return stored

    return save


def overwritten(stored: Path, content: bytes = OTHER) -> None:
    """Something writes into the site's file, and sets its time back."""
    before = stored.stat()
    with stored.open("r+b") as file:
        file.write(content)
    os.utime(stored, ns=(before.st_atime_ns, before.st_mtime_ns))


def folder(site: Site, name: str) -> Path:
    (site.folder / name).mkdir()
    return site.folder / name


def content(place: Path) -> bytes:
    [file] = [each for each in place.iterdir() if not each.name.startswith(".")]
    return file.read_bytes()


def manifest() -> list[dict[str, Any]]:
    return [file for row in Parcel.objects.order_by("pk") for file in row.manifest["files"]]


def test_it_is_hashed_while_it_is_sent_only(site: Site, film: Film, hashed: list[str]) -> None:
    place = folder(site, "one")
    film(f"file://{place}")
    assert site.push().total("pushed") == 1
    assert content(place) == FILM
    assert hashed == []
    sha256 = hashlib.sha256(FILM).hexdigest()
    [receipt] = site.attempts()[0].receipts
    assert receipt["sha256"] == Publication.objects.get().sha256 == sha256
    [file] = manifest()
    assert file == {"path": receipt["path"], "size": len(FILM), "sha256": sha256}


def test_all_destinations_get_what_was_sent_first(
    site: Site, film: Film, hashed: list[str]
) -> None:
    """Once the digest is recorded, nothing but it counts."""
    in_its_way = site.folder / "two"
    in_its_way.touch()
    stored = film(f"file://{folder(site, 'one')}", f"file://{in_its_way}")
    assert site.push().total("pushed") == 1
    assert content(site.folder / "one") == FILM
    overwritten(stored)
    in_its_way.unlink()
    site.later(days=1)
    assert site.push().total("pushed") == 1  # in the second attempt
    assert "is not what its parcel's manifest says" in site.attempts()[-2].message
    assert content(site.folder / "two") == OTHER
    one, two = (file["sha256"] for file in manifest())
    assert one != two


def test_what_changed_before_it_was_sent_is_rendered_anew(
    site: Site, film: Film, hashed: list[str]
) -> None:
    Scripted.opening = Unreachable("Down.")
    stored = film("plain://host")
    site.push()
    assert [file["sha256"] for file in manifest()] == [""]
    with stored.open("r+b") as file:
        file.write(OTHER)
    Scripted.opening = None
    site.later(days=1)
    assert site.push().total("pushed") == 1
    assert "so it was rendered anew" in site.item().message + site.attempts()[-1].message
    [delivery] = Scripted.sent
    assert delivery.sources[0].read() == OTHER


def test_who_needs_digests_gets_them_before(site: Site, film: Film, hashed: list[str]) -> None:
    film("scripted://host")
    seen: list[Any] = []

    async def script(delivery: Any) -> None:
        [stored] = await sync_to_async(manifest)()
        seen.append([(file.sha256, stored["sha256"]) for file in delivery.parcel.files])

    Scripted.script = script
    assert site.push().total("pushed") == 1
    sha256 = hashlib.sha256(FILM).hexdigest()
    assert seen == [[(sha256, sha256)]]
    assert len(hashed) == 1


def test_a_second_attempt_knows_what_to_look_for(
    site: Site, film: Film, hashed: list[str]
) -> None:
    film("plain://host")
    seen: list[str] = []

    def script(delivery: Any) -> Exception | None:
        seen.extend(file.sha256 for file in delivery.parcel.files)
        return TransientError("No answer.") if len(seen) == 1 else None

    Scripted.script = script
    site.push()
    site.later(hours=1)
    assert site.push().total("pushed") == 1
    sha256 = hashlib.sha256(FILM).hexdigest()
    assert seen == ["", sha256]
    assert [(held.path, held.sha256) for held in Scripted.sent[-1].held] == [
        (manifest()[0]["path"], sha256)
    ]
    assert len(hashed) == 1


def test_so_does_one_of_what_was_rendered_anew(site: Site, film: Film, hashed: list[str]) -> None:
    """What stands there may be the same."""
    film("plain://host")
    Scripted.script = lambda delivery: TransientError("No answer.")
    site.push()
    shutil.rmtree(Parcel.objects.get().files().directory)
    Scripted.script = None
    site.later(hours=1)
    assert site.push().total("pushed") == 1
    [delivery] = Scripted.sent
    assert delivery.stale_tokens and delivery.parcel
    assert [file.sha256 for file in delivery.parcel.files] == [hashlib.sha256(FILM).hexdigest()]


def test_who_hashes_it_heeds_who_was_faster(site: Site, film: Film, hashed: list[str]) -> None:
    Scripted.opening = Unreachable("Down.")
    film("plain://host")
    site.push()
    row = Parcel.objects.get()
    [file] = row.files().files
    Parcel.objects.all().learn({row.pk: {file.path: "f" * 64}})
    assert [each.sha256 for each in completed(row).files] == ["f" * 64]


def test_digests_are_learned_where_rows_are_locked_in_one_way_only(
    site: Site, film: Film, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in MariaDB: SQLite locks no rows, but Django refuses there what it refuses here."""
    Scripted.opening = Unreachable("Down.")
    film("plain://host")
    site.push()
    monkeypatch.setattr(connection.features, "has_select_for_update", True)
    monkeypatch.setattr(connection.ops, "for_update_sql", lambda **kwargs: "")
    row = Parcel.objects.get()
    [file] = row.files().files
    with transaction.atomic():
        learned = Parcel.objects.all().learn({row.pk: {file.path: "f" * 64}})
    assert learned[row.pk]["files"][0]["sha256"] == "f" * 64


def test_a_preview_has_digests(site: Site, film: Film, hashed: list[str]) -> None:
    film("plain://host")
    with preview(registry.get("films"), Photo.objects.get()) as parcel:
        assert [file.sha256 for file in parcel.files] == [hashlib.sha256(FILM).hexdigest()]


def test_what_changes_while_it_is_hashed_is_rendered_anew(
    site: Site, film: Film, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = film("scripted://host")
    real, once = hashlib.file_digest, iter([stored])

    def digest(file: Any, *args: Any) -> Any:
        found = real(file, *args)
        for each in once:
            each.touch()
        return found

    with monkeypatch.context() as patched:
        patched.setattr(hashlib, "file_digest", digest)
        assert site.push().total("pushed") == 1  # at once
    damaged, pushed = site.attempts()
    assert damaged.error_class == "ParcelDamaged" and "It is rendered anew." in damaged.message
    assert pushed.outcome == "pushed" and len(Scripted.sent) == 1
    assert Parcel.objects.count() == 2


def test_other_bytes_of_one_parcel_are_not_passed_over(
    site: Site, film: Film, hashed: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Two send at once, and in between something writes into the file and sets its time back."""
    place = folder(site, "one")
    film(f"file://{place}")
    real = Parcel.objects.get_queryset().learn

    def other_first(delivery: Any) -> None:
        [row] = Parcel.objects.all()
        real({row.pk: {file["path"]: "f" * 64 for file in row.manifest["files"]}})

    send = LocalSender.send

    async def after_another(self: Any, delivery: Any) -> None:
        await sync_to_async(other_first)(delivery)
        await send(self, delivery)

    with pytest.MonkeyPatch.context() as patched, caplog.at_level(logging.ERROR, "pigeon.queue"):
        patched.setattr(LocalSender, "send", after_another)
        assert site.push().total("pushed") == 1
    assert "was sent with other bytes than to another destination" in caplog.text
    assert manifest()[0]["sha256"] == "f" * 64
    assert Publication.objects.get().sha256 == hashlib.sha256(FILM).hexdigest()


def test_of_a_failed_delivery_what_landed_is_known(
    site: Site, film: Film, hashed: list[str]
) -> None:
    def script(delivery: Any) -> Exception:
        [file] = delivery.parcel.files
        delivery.record(Receipt(file.path, file.path, file.size, "a" * 64, "rename", "size"))
        return PermanentError("The list of files was refused.")

    film("plain://host")
    Scripted.script = script
    site.push()
    assert site.item().status == Status.SEND_ERROR
    assert manifest()[0]["sha256"] == "a" * 64


@pytest.mark.parametrize(
    ("url", "options", "needed"),
    [
        ("sftp://host/in", {}, False),
        ("ftp://host/in", {"verify": "sha256", "publish": "in-place"}, False),
        ("file:///in", {"done_file": "{name}.done"}, False),
        ("ftps://host/in", {"checksum": "sidecar"}, True),
        ("file:///in", {"checksum": "SHA256SUMS"}, True),
        ("sftp://host/in", {"overwrite": "skip"}, True),
        ("sftp://host/in", {"overwrite": "fail"}, True),
        ("sftp://host/in", {"overwrite": "never"}, True),
        ("https://host/in", {}, True),
        ("storage://default/in", {}, True),
        ("mailto:desk@partner.example", {}, True),
        ("dummy://", {}, True),
    ],
)
def test_who_needs_digests(url: str, options: dict[str, Any], needed: bool) -> None:
    assert make_sender(destination(url, **options)).needs_digests is needed
