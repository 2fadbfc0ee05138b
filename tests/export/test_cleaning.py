from __future__ import annotations

import os
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

import pigeon
from pigeon.export import CleanReport, clean
from pigeon.models import ItemToPush, Parcel, Status
from tests.apps.newsroom.models import Story
from tests.export.conftest import claimed, files_below, sent

OLD = timezone.now() - timedelta(days=40)
LIMIT = timezone.now() - timedelta(days=30)


@pytest.fixture
def partner(rules: Any, template: Any, output_directory: Path) -> None:
    template("partner/newsroom_story.xml", "12345")

    @pigeon.register
    class Partner(pigeon.DefaultConfiguration):
        models = [Story]


def parcel(alias: str, status: int = Status.PUSHED, *, old: bool = True) -> Parcel:
    """A parcel whose only item ended as ``status``."""
    item = claimed(Story.objects.using(alias).create())
    sent(item)
    ItemToPush.objects.using(alias).filter(pk=item.pk).update(status=status)
    row: Any = item.parcel
    if old:
        age(row)
    return row  # type: ignore[no-any-return]


def age(row: Parcel) -> None:
    """Let a parcel be 40 days old, in its record, its place and on the disk."""
    root = row.files().directory.parents[2]
    old_place = row.files().directory
    row.directory = f"partner/{OLD:%Y%m%d}/{old_place.name}"
    row.rendered_at = OLD
    row.save(update_fields=["directory", "rendered_at"])
    (root / row.directory).parent.mkdir(exist_ok=True)
    old_place.rename(root / row.directory)
    os.utime(root / row.directory, (OLD.timestamp(), OLD.timestamp()))


def test_old_parcels_that_nobody_needs_go(
    partner: None, alias: str, output_directory: Path
) -> None:
    gone = parcel(alias)
    failed = parcel(alias, Status.SEND_ERROR)
    kept = [parcel(alias, status) for status in (Status.NEW, Status.RETRY, Status.IN_PROGRESS)]
    young = parcel(alias, old=False)
    assert clean(LIMIT) == CleanReport(parcels=2, bytes=10)
    assert set(Parcel.objects.using(alias)) == {*kept, young}
    assert ItemToPush.objects.using(alias).filter(parcel=None).count() == 2
    left = {path.rpartition("/")[0] for path in files_below(output_directory)}
    assert left == {each.directory for each in (*kept, young)}
    assert not gone.files().directory.exists()
    assert not failed.files().directory.exists()


def test_a_dry_run_only_counts(partner: None, alias: str, output_directory: Path) -> None:
    parcel(alias)
    (output_directory / "partner" / f".building-{uuid.uuid4().hex}").mkdir()
    before = files_below(output_directory)
    report = clean(LIMIT, dry_run=True)
    assert report == CleanReport(parcels=1, bytes=5)
    assert files_below(output_directory) == before
    assert Parcel.objects.using(alias).count() == 1


def test_what_a_dead_worker_left_goes_after_a_day(
    partner: None, alias: str, output_directory: Path
) -> None:
    folder = output_directory / "partner"
    left, fresh = (folder / f".building-{uuid.uuid4().hex}" for _ in range(2))
    for each in (left, fresh):
        (each / "folder").mkdir(parents=True)
    two_days_ago = (timezone.now() - timedelta(days=2)).timestamp()
    os.utime(left, (two_days_ago, two_days_ago))
    assert clean(LIMIT, dry_run=True).abandoned == 1
    assert left.exists()
    assert clean(LIMIT).abandoned == 1
    assert not left.exists()
    assert fresh.exists()


def test_directories_without_a_record_go(
    partner: None, alias: str, output_directory: Path
) -> None:
    known = parcel(alias, Status.NEW)
    orphan, young = parcel(alias, Status.NEW), parcel(alias, Status.NEW, old=False)
    Parcel.objects.using(alias).filter(pk__in=[orphan.pk, young.pk]).delete()
    assert clean(LIMIT, dry_run=True).orphans == 1
    assert clean(LIMIT).orphans == 1
    assert known.files().directory.exists()
    assert young.files().directory.exists()
    assert not orphan.files().directory.exists()


def test_what_pigeon_did_not_make_stays(partner: None, alias: str, output_directory: Path) -> None:
    old = (1, 1)
    foreign = [
        output_directory / "notes" / "keep.txt",
        output_directory / "partner" / "README",
        output_directory / "partner" / f"{OLD:%Y%m%d}" / "mine" / "keep.txt",
        output_directory / "partner" / "abc" / uuid.uuid4().hex / "keep.txt",
    ]
    for path in foreign:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("keep")
        os.utime(path.parent, old)
    outside = output_directory.parent / "outside"
    outside.mkdir()
    (outside / "keep.txt").write_text("keep")
    os.utime(outside, old)
    (output_directory / "partner" / f"{OLD:%Y%m%d}" / uuid.uuid4().hex).symlink_to(outside)
    assert clean(LIMIT) == CleanReport()
    assert all(path.exists() for path in (*foreign, outside / "keep.txt"))


def test_more_than_a_page_is_cleaned(
    partner: None, alias: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pigeon.export.cleaning.PAGE", 2)
    for _ in range(5):
        parcel(alias)
    orphans = [parcel(alias) for _ in range(5)]
    Parcel.objects.using(alias).filter(pk__in=[each.pk for each in orphans]).delete()
    assert clean(LIMIT) == CleanReport(parcels=5, bytes=25, orphans=5)


def test_an_empty_day_goes_with_its_last_parcel(
    partner: None, alias: str, output_directory: Path
) -> None:
    parcel(alias)
    clean(LIMIT)
    assert not (output_directory / "partner" / f"{OLD:%Y%m%d}").exists()


def test_no_folder_at_all_is_clean(alias: str, output_directory: Path) -> None:
    assert clean(LIMIT) == CleanReport()
