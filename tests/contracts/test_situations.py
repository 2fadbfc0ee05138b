"""What partners' folders are like, and what partners do in them, at every kind of server."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from pigeon.exceptions import DeliveryError, DestinationMisconfigured, TransientError
from pigeon.senders.base import Sender
from pigeon.senders.names import temporary_path
from tests.contracts.conftest import IN_PROCESS, make_place
from tests.contracts.places import Place, opened
from tests.contracts.watched import send_watched
from tests.senders.parcels import delivery, held, parcel


@pytest.fixture(params=["file", *IN_PROCESS, "sshd", "vsftpd", "proftpd"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each kind of server in turn; TLS and another library change nothing here."""
    return make_place(request, request.param, tmp_path)


def needs_rights(place: Place) -> None:
    """Skip where whoever writes may do anything."""
    if os.geteuid() == 0 and place.folder.stat().st_uid == 0:
        pytest.skip("root writes there, who may do anything")


def test_a_partner_that_takes_files_as_they_appear(place: Place, tmp_path: Path) -> None:
    async def take(step: str, path: str) -> None:
        for name in ("a", "b"):
            (place.folder / name).unlink(missing_ok=True)

    sent = delivery(parcel(tmp_path, {"a": b"1", "b": b"2"}))
    send_watched(place, sent, before=take, checksum="sidecar", done_file="{name}.done")
    assert len(sent.receipts) == 6
    assert not {"a", "b"} & set(place.files())


def test_a_partner_that_takes_files_too_early(place: Place, tmp_path: Path) -> None:
    async def take() -> None:
        (place.folder / temporary_path("a", "token1")).unlink(missing_ok=True)

    sent = delivery(parcel(tmp_path, {"a": b"1"}), check_lease=take)
    with pytest.raises(TransientError, match=r"vanished.*'temporary'"):
        place.send(sent)
    assert sent.receipts == []
    place.send(delivery(parcel(tmp_path, {"a": b"1"}), token="t2", stale_tokens=("token1",)))
    assert place.files() == {"a": b"1"}


def test_a_partner_that_removes_empty_folders(place: Place, tmp_path: Path) -> None:
    async def clear(sender: Sender) -> None:
        for number in range(3):
            what = parcel(tmp_path / str(number), {"sub/a": b"%d" % number})
            await sender.send(delivery(what, token=f"t{number}"))
            assert place.files() == {"sub/a": b"%d" % number}
            (place.folder / "sub/a").unlink()
            (place.folder / "sub").rmdir()

    place.use(clear)


def test_folders_of_every_name(place: Place, tmp_path: Path) -> None:
    names = ("a b", "Grüße 東京", "#1", "100%", "%20", "-rf", "a;b&c", "it's", "[x]", "~")
    files = {f"{name}/{name}/a.txt": name.encode() for name in names}
    files |= {f"{name}/b": b"2" for name in names}
    sent = delivery(parcel(tmp_path, files))
    place.send(sent, checksum="sidecar", done_file="{name}.done", chmod="0644")
    found = place.files()
    assert {path: found[path] for path in files} == files
    assert len(found) == 3 * len(files)
    holds = tuple(held(receipt.path) for receipt in sent.receipts)
    place.send(delivery(None, action="remove", held=holds, token="t2"))
    assert place.files() == {}


def test_deep_folders_made_by_two_connections_at_once(place: Place, tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(place.destination()) as one, opened(place.destination()) as other:
            for n in range(5):
                pair = [
                    delivery(
                        parcel(tmp_path / f"{n}{who}", {f"d{n}/e/f/g/{who}": b"x"}), token=who
                    )
                    for who in "ab"
                ]
                await asyncio.gather(one.send(pair[0]), other.send(pair[1]))

    asyncio.run(run())
    assert set(place.files()) == {f"d{n}/e/f/g/{who}" for n in range(5) for who in "ab"}


def test_a_folder_that_has_the_name_of_a_file(place: Place, tmp_path: Path) -> None:
    place.write("a/theirs.txt", b"theirs")
    for options in ({}, {"overwrite": "skip"}, {"publish": "replace"}):
        with pytest.raises(DeliveryError, match="/a"):
            place.send(delivery(parcel(tmp_path, {"a": b"1"})), **options)
        assert place.files() == {"a/theirs.txt": b"theirs"}


def test_a_file_that_has_the_name_of_a_folder(place: Place, tmp_path: Path) -> None:
    place.write("a", b"theirs")
    with pytest.raises(DeliveryError, match="/a"):
        place.send(delivery(parcel(tmp_path, {"a/b": b"1"})))
    assert place.files() == {"a": b"theirs"}


def test_a_folder_that_takes_files_and_shows_none(place: Place, tmp_path: Path) -> None:
    """Without a list; what has just been written can be looked at by its name."""
    needs_rights(place)
    place.folder.chmod(0o300)
    first = delivery(parcel(tmp_path / "1", {"a": b"1"}))
    place.send(first, done_file="{name}.done", checksum="sidecar")
    place.send(
        delivery(parcel(tmp_path / "2", {"a": b"2"}), token="t2", stale_tokens=("token1",)),
        done_file="{name}.done",
        checksum="sidecar",
    )
    place.folder.chmod(0o700)
    assert set(place.files()) == {"a", "a.sha256", "a.done"}
    assert place.files()["a"] == b"2"


def test_a_folder_that_takes_nothing(place: Place, tmp_path: Path) -> None:
    needs_rights(place)
    place.folder.chmod(0o555)
    try:
        with pytest.raises(DestinationMisconfigured, match="right"):
            place.send(delivery(parcel(tmp_path, {"a": b"1"})))
        assert place.files() == {}
    finally:
        place.folder.chmod(0o755)


def test_a_link_of_the_name_is_replaced_not_followed(place: Place, tmp_path: Path) -> None:
    theirs = place.write("theirs", b"theirs")
    (place.folder / "a").symlink_to(theirs)
    place.send(delivery(parcel(tmp_path, {"a": b"ours"})))
    assert place.files() == {"a": b"ours", "theirs": b"theirs"}
    assert not (place.folder / "a").is_symlink()
