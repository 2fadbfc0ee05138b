"""What every sender of files promises, at every kind of server."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from pigeon.exceptions import DeliveryError, LeaseLost, ParcelDamaged, PermanentError
from pigeon.remotes import ftp_transfer
from pigeon.remotes.source import Source
from pigeon.senders.base import Sender
from pigeon.senders.names import temporary_path
from tests.contracts.places import Place
from tests.senders.parcels import delivery, held, parcel, without_digests

LARGE = os.urandom(3 * 1024 * 1024 + 17)


async def _lost() -> None:
    raise LeaseLost("another worker has it")


def test_files_arrive_whole_under_their_names(place: Place, tmp_path: Path) -> None:
    files = {
        "story.xml": b"<story/>",
        "Grüße aus 東京 #1 100%.xml": "Grüße".encode(),
        "-rf 'quoted' \"name\" & $HOME.txt": b"x",
        "2026/05/photo.jpg": LARGE,
        "2026/05/empty": b"",
        "n" * 251 + ".xml": b"long",
    }
    sent = delivery(parcel(tmp_path / "p", files))
    place.send(sent)
    assert place.files() == files
    assert {(r.path, r.size, r.published, r.verified) for r in sent.receipts} == {
        (path, len(content), "rename", "size") for path, content in files.items()
    }
    [story] = [receipt for receipt in sent.receipts if receipt.path == "story.xml"]
    assert story.remote_path.endswith(f"{place.folder.name}/story.xml")


def test_many_at_once_on_one_connection(place: Place, tmp_path: Path) -> None:
    wanted = {f"{n % 3}/{n}.txt": b"%d" % n for n in range(40)}
    deliveries = [
        delivery(parcel(tmp_path / str(n), {path: content}), token=f"t{n}")
        for n, (path, content) in enumerate(wanted.items())
    ]

    async def send(sender: Sender) -> None:
        waiting = iter(deliveries)

        async def slot() -> None:
            for one in waiting:
                await sender.send(one)

        await asyncio.gather(*(slot() for _ in range(sender.in_flight)))

    place.use(send)
    assert place.files() == wanted


def test_a_newer_file_replaces_the_older(place: Place, tmp_path: Path) -> None:
    place.send(
        delivery(parcel(tmp_path / "1", {"a.txt": b"older and longer"})),
        delivery(parcel(tmp_path / "2", {"a.txt": b"newer"})),
    )
    assert place.files() == {"a.txt": b"newer"}


def test_all_files_are_whole_before_the_first_is_published(place: Place, tmp_path: Path) -> None:
    seen: dict[str, bytes] = {}

    async def look() -> None:
        if not seen:  # it is asked again before each file
            seen.update(place.files())

    files = {"a.txt": b"1", "sub/b.txt": LARGE}
    place.send(delivery(parcel(tmp_path, files), check_lease=look))
    assert seen == {temporary_path(path, "token1"): content for path, content in files.items()}
    assert place.files() == files


def test_a_lost_lease_publishes_nothing_and_leaves_nothing(place: Place, tmp_path: Path) -> None:
    place.write("a.txt", b"the taker's")
    with pytest.raises(LeaseLost):
        place.send(delivery(parcel(tmp_path, {"a.txt": b"old", "b": b""}), check_lease=_lost))
    with pytest.raises(LeaseLost):
        place.send(delivery(None, action="remove", held=(held("a.txt"),), check_lease=_lost))
    assert place.files() == {"a.txt": b"the taker's"}


@pytest.mark.parametrize("action", ["put", "remove"])
def test_a_lease_lost_in_the_middle_leaves_the_rest_alone(
    place: Place, tmp_path: Path, action: str
) -> None:
    """Who is stopped between two files and wakes up must not replace what came since."""
    looks = iter([None] * (2 if action == "put" else 1))

    async def check() -> None:
        if next(looks, LeaseLost) is LeaseLost:
            raise LeaseLost("gone")

    files = dict.fromkeys("abcd", b"mine")
    for name in files:
        place.write(name, b"theirs")
    before = tuple(held(name) for name in files)
    what = parcel(tmp_path, files) if action == "put" else None
    with pytest.raises(LeaseLost):
        place.send(delivery(what, action=action, held=before, check_lease=check))
    assert list(place.files().values()).count(b"theirs") == 3


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "large"])
def test_a_damaged_parcel_is_never_published(place: Place, tmp_path: Path, content: bytes) -> None:
    damaged = parcel(tmp_path, {"a.txt": content})
    path = damaged.local_path(damaged.files[0])
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ParcelDamaged, match=r"a\.txt is not what"):
        place.send(delivery(damaged))
    path.unlink()
    with pytest.raises(ParcelDamaged, match="cannot be read"):
        place.send(delivery(damaged))
    assert "a.txt" not in place.files()


@pytest.mark.parametrize("manner", [{}, {"verify": "sha256"}, {"publish": "in-place"}], ids=str)
def test_a_digest_may_be_found_out_on_the_way(
    place: Place, tmp_path: Path, manner: dict[str, Any]
) -> None:
    sent = delivery(without_digests(parcel(tmp_path, {"a.bin": LARGE, "b.txt": b"small"})))
    place.send(sent, **manner)
    assert place.files() == {"a.bin": LARGE, "b.txt": b"small"}
    assert {receipt.path: receipt.sha256 for receipt in sent.receipts} == {
        "a.bin": hashlib.sha256(LARGE).hexdigest(), "b.txt": hashlib.sha256(b"small").hexdigest(),
    }  # fmt: skip


def test_what_changes_on_the_way_is_never_published(place: Place, tmp_path: Path) -> None:
    what = without_digests(parcel(tmp_path, {"a.bin": LARGE}))
    compare = Source._compare

    def touched_at_last(self: Source, *found: Any) -> None:
        os.utime(self.local_path, ns=(1, 1))
        compare(self, *found)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Source, "_compare", touched_at_last)
        with pytest.raises(ParcelDamaged, match="Something wrote into it"):
            place.send(delivery(what))
    assert "a.bin" not in place.files()


def test_what_an_earlier_attempt_delivered_is_not_sent_again(place: Place, tmp_path: Path) -> None:
    there = place.write("a.txt", b"content")
    before = there.stat()
    again = delivery(parcel(tmp_path, {"a.txt": b"content"}), stale_tokens=("dead",))
    place.send(again)
    assert (there.stat().st_ino, there.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [(r.published, r.verified) for r in again.receipts] == [("found", "sha256")]


def test_a_whole_temporary_file_is_renamed_not_sent_twice(place: Place, tmp_path: Path) -> None:
    place.write("a.txt", b"an older version")
    there = place.write(temporary_path("a.txt", "dead2"), LARGE).stat()
    place.write(temporary_path("a.txt", "dead1"), LARGE[:1000])
    place.write(temporary_path("a.txt", "dead3"), b"?" * len(LARGE))
    again = delivery(parcel(tmp_path, {"a.txt": LARGE}), stale_tokens=("dead1", "dead2", "dead3"))
    place.send(again)
    assert place.files() == {"a.txt": LARGE}
    assert (place.folder / "a.txt").stat().st_ino == there.st_ino
    assert [(r.published, r.verified) for r in again.receipts] == [("rename", "sha256")]


def test_removing(place: Place) -> None:
    place.write("a.txt", b"old")
    place.write("other.txt", b"not ours")
    gone = delivery(None, action="remove", held=(held("a.txt"), held("sub/missing.txt")))
    place.send(gone)
    assert place.files() == {"other.txt": b"not ours"}
    assert [(r.path, r.published, r.size) for r in gone.receipts] == [
        ("a.txt", "removed", 0),
        ("sub/missing.txt", "removed", 0),
    ]


def test_files_that_the_parcel_no_longer_has_are_removed_if_asked(
    place: Place, tmp_path: Path
) -> None:
    for name in ("a.txt", "b.txt"):
        place.write(name, b"old")
    what, before = parcel(tmp_path, {"a.txt": b"new"}), (held("a.txt"), held("b.txt"))
    place.send(delivery(what, held=before))
    assert place.files() == {"a.txt": b"new", "b.txt": b"old"}
    again = delivery(what, held=before, remove_stale=True)
    place.send(again)
    assert place.files() == {"a.txt": b"new"}
    assert [r.published for r in again.receipts] == ["rename", "removed"]


@pytest.mark.parametrize("path", ["../a.txt", "/etc/a.txt", "sub/../../a.txt", "a\0b"])
def test_nothing_leaves_the_folder(place: Place, tmp_path: Path, path: str) -> None:
    what = parcel(tmp_path, {"a.txt": b"x"})
    object.__setattr__(what.files[0], "path", path)
    with pytest.raises(PermanentError, match="leave the destination's folder"):
        place.send(delivery(what))
    with pytest.raises(PermanentError, match="leave the destination's folder"):
        place.send(delivery(None, action="remove", held=(held(path),)))
    assert place.files() == {}


@pytest.mark.parametrize("verify", ["none", "sha256"])
def test_other_ways_to_verify(place: Place, tmp_path: Path, verify: str) -> None:
    sent = delivery(parcel(tmp_path, {"a.txt": b"x", "b.txt": LARGE}))
    place.send(sent, verify=verify)
    assert place.files() == {"a.txt": b"x", "b.txt": LARGE}
    assert {r.verified for r in sent.receipts} == {verify}


def test_in_place(place: Place, tmp_path: Path) -> None:
    seen: dict[str, bytes] = {}

    async def look() -> None:
        seen.update(place.files())

    place.write("a.txt", b"old")
    sent = delivery(parcel(tmp_path, {"a.txt": b"new", "s/b": LARGE}), check_lease=look)
    place.send(sent, publish="in-place")
    assert seen == {"a.txt": b"old"}
    assert place.files() == {"a.txt": b"new", "s/b": LARGE}
    assert {r.published for r in sent.receipts} == {"in-place"}


def test_the_folder_of_the_url_is_made(place: Place, tmp_path: Path) -> None:
    place.url += "/new/folder"
    place.send(delivery(parcel(tmp_path, {"a.txt": b"x"})))
    assert place.files() == {"new/folder/a.txt": b"x"}


def test_a_cancelled_delivery_does_not_spoil_the_next(place: Place, tmp_path: Path) -> None:
    """Nor does it leave half a file under a final name."""

    async def send(sender: Sender) -> None:
        task = asyncio.create_task(sender.send(delivery(parcel(tmp_path / "1", {"a": LARGE}))))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert place.files().get("a") in (None, LARGE)
        if not sender.broken:
            await sender.send(delivery(parcel(tmp_path / "2", {"b": b"next"}), token="token2"))
            assert place.files()["b"] == b"next"

    place.use(send)


@pytest.mark.parametrize("turns", [range(0, 150, 3), range(150, 1500, 30)], ids=["soon", "late"])
def test_cancelled_at_any_turn_a_delivery_spoils_nothing_of_the_next(
    place: Place, tmp_path: Path, turns: range, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next does not wait until the connection is quiet again."""
    monkeypatch.setattr(ftp_transfer, "GRACE", 0.2)  # pyftpdlib is silent about what was reset
    remaining = list(reversed(turns))

    async def send(sender: Sender) -> None:
        while remaining and not sender.broken:
            moment = remaining.pop()
            wanted = {f"{moment}/1": b"one", f"{moment}/2": b"another"}
            cancelled = delivery(parcel(tmp_path / f"a{moment}", wanted))
            following = delivery(parcel(tmp_path / f"b{moment}", {"b": b"%d" % moment}), token="2")
            task = asyncio.create_task(sender.send(cancelled))
            for _ in range(moment):
                await asyncio.sleep(0)
            task.cancel()
            try:
                await sender.send(following)
                assert place.files()["b"] == b"%d" % moment
            except DeliveryError:
                assert sender.broken  # what was cancelled took the connection with it
            await asyncio.gather(task, return_exceptions=True)
            there = place.files()
            assert all(there.get(path) in (None, content) for path, content in wanted.items())

    while remaining:
        place.use(send)
