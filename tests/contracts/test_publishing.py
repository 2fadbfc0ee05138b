"""In which order files appear, and what appears with them, at every kind of server."""

from __future__ import annotations

import hashlib
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pigeon.exceptions import LeaseLost, PermanentError, TransientError
from pigeon.parcel import Receipt
from pigeon.senders.names import temporary_path
from tests.contracts.conftest import IN_PROCESS, make_place
from tests.contracts.places import Place
from tests.contracts.watched import send_watched
from tests.senders.parcels import delivery, held, parcel

FILES = {"story.xml": b"<story/>", "media/photo.jpg": b"JPEG" * 100_000, "media/b": b""}


@pytest.fixture(params=["file", *IN_PROCESS, "sshd", "vsftpd", "proftpd"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each kind of server in turn; TLS and another library change nothing here."""
    return make_place(request, request.param, tmp_path)


def published(sent: list[Receipt]) -> dict[str, str]:
    return {receipt.path: receipt.published for receipt in sent}


def test_the_ladder(place: Place, tmp_path: Path) -> None:
    """All aside, then the lease, then files, checksums and done-files in their turn."""
    sent = delivery(parcel(tmp_path / "p", FILES))
    steps = send_watched(
        place, sent, checksum="sidecar", done_file="{parcel}.done", chmod="0640"
    )  # fmt: skip
    sidecars = [f"{path}.sha256" for path in FILES]
    every = [*FILES, *sidecars, "story.done"]
    lease = steps.index("lease")
    aside = [temporary_path(path, "token1") for path in every]
    assert {f"{step} {path}" for step in ("put", "chmod") for path in aside} == {*steps[:lease]}
    after = steps[lease + 1 :]
    assert after[0] == "remove story.done"
    assert sorted(after[1:4]) == sorted(f"rename {path}" for path in FILES)
    assert sorted(after[4:7]) == sorted(f"rename {path}" for path in sidecars)
    assert after[7:] == ["rename story.done"]
    assert [receipt.path for receipt in sent.receipts][-1] == "story.done"
    assert {path: content for path, content in place.files().items() if path in FILES} == FILES
    for path in every:
        assert stat.S_IMODE((place.folder / path).stat().st_mode) == 0o640


def test_in_place_the_done_file_comes_last_as_well(place: Place, tmp_path: Path) -> None:
    sent = delivery(parcel(tmp_path / "p", {"b": b"1", "a": b"2"}))
    steps = send_watched(
        place, sent, publish="in-place", checksum="SHA256SUMS", done_file="{name}.done"
    )
    assert steps[0] == "lease"
    assert {*steps[1:3]} == {"remove a.done", "remove b.done"}
    assert {*steps[3:5]} == {"put a", "put b"}
    assert steps[5] == "put SHA256SUMS"
    assert {*steps[6:]} == {"put a.done", "put b.done"}
    assert published(sent.receipts) == dict.fromkeys(place.files(), "in-place")


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("{name}.done", {"in/story.xml.done", "in/media/photo.jpg.done", "in/media/b.done"}),
        ("{stem}.ok", {"in/story.ok", "in/media/photo.ok", "in/media/b.ok"}),
        ("{parcel}.done", {"in/story.done"}),
        ("READY", {"in/READY"}),
    ],
)
def test_names_of_done_files(place: Place, tmp_path: Path, pattern: str, names: set[str]) -> None:
    files = {f"in/{path}": content for path, content in FILES.items()}
    place.send(delivery(parcel(tmp_path, files)), done_file=pattern)
    found = place.files()
    assert set(found) - set(files) == names
    assert {found[name] for name in names} == {b""}


def test_an_old_done_file_does_not_speak_of_a_new_version(place: Place, tmp_path: Path) -> None:
    seen: dict[str, set[str]] = {}

    async def look(step: str, path: str) -> None:
        if step == "rename":
            seen[path] = set(place.files())

    first = delivery(parcel(tmp_path / "1", {"a": b"1", "b": b"1"}))
    second = delivery(parcel(tmp_path / "2", {"a": b"2", "b": b"2"}), token="token2")
    send_watched(place, first, second, before=look, done_file="{parcel}.done")
    assert "a.done" not in seen["a"] | seen["b"]
    assert place.files() == {"a": b"2", "b": b"2", "a.done": b""}


def test_nor_does_that_of_an_older_version_count_as_found(place: Place, tmp_path: Path) -> None:
    """After an attempt of which nobody knows how it ended; it may have come to nothing."""
    seen: set[str] = set()

    async def look(step: str, path: str) -> None:
        if (step, path) == ("rename", "a"):
            seen.update(place.files())

    place.write("a", b"an older version")
    place.write("a.done", b"")
    again = delivery(parcel(tmp_path, {"a": b"1"}), token="token2", stale_tokens=("token1",))
    steps = send_watched(place, again, before=look, done_file="{name}.done")
    assert "a.done" not in seen
    assert steps[-1] == "rename a.done"
    assert place.files() == {"a": b"1", "a.done": b""}


def test_a_failure_between_two_files_is_made_good_with_the_done_file_last(
    place: Place, tmp_path: Path
) -> None:
    async def refuse_b(step: str, path: str) -> None:
        if (step, path) == ("rename", "b"):
            raise TransientError("not now")

    place.write("a.done", b"")  # of an older version
    what = parcel(tmp_path, {"a": b"1", "b": b"2"})
    first = delivery(what)
    options = {"done_file": "{parcel}.done", "checksum": "sidecar"}
    with pytest.raises(TransientError, match="not now"):
        send_watched(place, first, before=refuse_b, **options)
    assert place.files() == {"a": b"1"}
    assert published(first.receipts) == {"a": "rename"}
    again = delivery(what, token="token2", stale_tokens=("token1",))
    steps = send_watched(place, again, **options)
    assert steps[-1] == "rename a.done"
    assert set(place.files()) == {"a", "b", "a.sha256", "b.sha256", "a.done"}
    assert published(again.receipts)["a"] == "found"


def test_in_place_a_file_that_came_whole_gets_its_permissions_as_well(
    place: Place, tmp_path: Path
) -> None:
    """An attempt may have ended between the last byte and them."""
    place.write("a", b"1").chmod(0o644)
    again = delivery(parcel(tmp_path, {"a": b"1"}), token="token2", stale_tokens=("token1",))
    place.send(again, publish="in-place", chmod="0600")
    assert published(again.receipts) == {"a": "found"}
    assert stat.S_IMODE((place.folder / "a").stat().st_mode) == 0o600


def test_what_is_all_there_is_not_touched(place: Place, tmp_path: Path) -> None:
    """Above all the done-file, on which the partner may be acting."""
    what = parcel(tmp_path, {"a": b"1"})
    options = {"done_file": "{name}.done", "checksum": "sidecar"}
    place.send(delivery(what), **options)
    before = {path: (place.folder / path).stat().st_ino for path in place.files()}
    again = delivery(what, token="token2", stale_tokens=("token1",))
    place.send(again, **options)
    assert {path: (place.folder / path).stat().st_ino for path in place.files()} == before
    assert set(published(again.receipts).values()) == {"found"}


def test_done_files_go_first_and_all_companions_go(place: Place, tmp_path: Path) -> None:
    options = {"done_file": "{name}.done", "checksum": "sidecar"}
    first = delivery(parcel(tmp_path / "1", {"a": b"1", "b": b"1"}))
    place.send(first, **options)
    place.write("theirs.done", b"")
    holds = tuple(held(receipt.path) for receipt in first.receipts)
    second = delivery(
        parcel(tmp_path / "2", {"a": b"2"}), held=holds, remove_stale=True, token="token2"
    )
    steps = send_watched(place, second, **options)
    assert steps[-3:] == ["remove b.done", "remove b", "remove b.sha256"]
    assert set(place.files()) == {"a", "a.sha256", "a.done", "theirs.done"}
    gone = delivery(None, action="remove", held=holds, token="token3")
    place.send(gone, **options)
    assert set(place.files()) == {"theirs.done"}
    assert {receipt.published for receipt in gone.receipts} == {"removed"}


def test_companions_of_a_killed_worker_go_too(place: Place) -> None:
    """Nobody recorded them: the engine only knows which files it was sending."""
    for name in ("a", "a.sha256", ".a.sha256.dead.part", ".a.done.dead.part", "other.sha256"):
        place.write(name, b"")
    gone = delivery(None, action="remove", held=(held("a"),), stale_tokens=("dead",))
    place.send(gone, done_file="{name}.done", checksum="sidecar")
    assert set(place.files()) == {"other.sha256"}


@pytest.mark.parametrize("checksum", ["sidecar", "SHA256SUMS"])
def test_sha256sum_accepts_the_checksums(place: Place, tmp_path: Path, checksum: str) -> None:
    files = {f"drop/{name}": name.encode() for name in ("-a b", "Grüße #1", "sub/100%", "x")}
    place.send(delivery(parcel(tmp_path, files)), checksum=checksum)
    lists = sorted(set(place.files()) - set(files))
    assert len(lists) == (len(files) if checksum == "sidecar" else 1)
    for path in lists:
        folder, name = (place.folder / path).parent, Path(path).name
        subprocess.run(["sha256sum", "--strict", "-c", "--", name], cwd=folder, check=True)
    (place.folder / "drop/x").write_bytes(b"y")
    checked = subprocess.run(
        ["sha256sum", "-c", Path(lists[-1] if checksum == "sidecar" else lists[0]).name],
        cwd=(place.folder / lists[-1]).parent,
        check=False,
    )
    assert checked.returncode == 1


def test_a_lost_lease_leaves_the_old_version_and_its_companions(
    place: Place, tmp_path: Path
) -> None:
    async def lost() -> None:
        raise LeaseLost("gone")

    options = {"done_file": "{name}.done", "checksum": "sidecar"}
    place.send(delivery(parcel(tmp_path / "1", {"a": b"1"})), **options)
    before = place.files()
    with pytest.raises(LeaseLost):
        place.send(
            delivery(parcel(tmp_path / "2", {"a": b"2"}), token="t2", check_lease=lost), **options
        )
    assert place.files() == before


def test_a_companion_never_takes_the_place_of_a_file(place: Place, tmp_path: Path) -> None:
    what = parcel(tmp_path, {"a": b"1", "a.sha256": b"the rule's own"})
    with pytest.raises(PermanentError, match=r"has a file a\.sha256"):
        place.send(delivery(what), checksum="sidecar")
    assert place.files() == {}


@pytest.mark.parametrize("publish", ["rename", "in-place"])
def test_a_file_of_theirs_is_not_replaced(place: Place, tmp_path: Path, publish: str) -> None:
    place.write("a", b"theirs")
    sent = delivery(parcel(tmp_path, {"b": b"ours", "a": b"ours"}))
    with pytest.raises(PermanentError, match=r"/a exists .* not Pigeon's.*'overwrite'"):
        place.send(sent, overwrite="fail", publish=publish)
    assert place.files() == {"a": b"theirs"}
    assert sent.receipts == []


def test_a_file_of_theirs_is_skipped(place: Place, tmp_path: Path) -> None:
    place.write("a", b"theirs")
    sent = delivery(parcel(tmp_path, {"a": b"ours", "b": b"ours"}))
    place.send(sent, overwrite="skip", checksum="SHA256SUMS", done_file="READY")
    digest = hashlib.sha256(b"ours").hexdigest()
    assert place.files() == {
        "a": b"theirs", "b": b"ours", "SHA256SUMS": f"{digest}  b\n".encode(), "READY": b"",
    }  # fmt: skip
    assert published(sent.receipts) == {
        "a": "skipped", "b": "rename", "SHA256SUMS": "rename", "READY": "rename",
    }  # fmt: skip


@pytest.mark.parametrize("overwrite", ["fail", "skip"])
def test_what_is_ours_or_the_same_is_no_hindrance(
    place: Place, tmp_path: Path, overwrite: str
) -> None:
    place.write("ours", b"an older version")
    place.write("same", b"the very same")
    what = parcel(tmp_path, {"ours": b"newer", "same": b"the very same"})
    sent = delivery(what, held=(replace(held("ours"), remote_path="/ours"),))
    place.send(sent, overwrite=overwrite)
    assert place.files() == {"ours": b"newer", "same": b"the very same"}
    assert published(sent.receipts) == {"ours": "rename", "same": "found"}


@pytest.mark.parametrize("content", [b"what it was sending", b"theirs"])
@pytest.mark.parametrize("action", ["put", "remove"])
def test_an_unknown_attempt_makes_only_what_it_was_sending_ours(
    place: Place, tmp_path: Path, action: str, content: bytes
) -> None:
    """It may have come to nothing, and the partner's file may be older or newer than it."""
    place.write("a", content)
    place.write("a.sha256", b"its sum")
    unknown = held("a", b"what it was sending")
    what = parcel(tmp_path, {"a": b"newer"}) if action == "put" else None
    sent = delivery(
        what, action=action, held=(unknown,), token="token2", stale_tokens=("token1",)
    )  # fmt: skip
    place.send(sent, overwrite="skip", checksum="sidecar")
    found = place.files()
    if content == b"theirs":
        assert found == {"a": b"theirs", "a.sha256": b"its sum"}
    elif action == "put":
        assert found["a"] == b"newer" and found["a.sha256"] != b"its sum"
    else:
        assert found == {}


@pytest.mark.parametrize(
    ("overwrite", "error"), [("fail", PermanentError), ("skip", TransientError)]
)
def test_theirs_that_comes_while_we_send(
    place: Place, tmp_path: Path, overwrite: str, error: type[Exception]
) -> None:
    async def theirs() -> None:
        place.write("a", b"theirs")

    sent = delivery(parcel(tmp_path, {"a": b"ours"}), check_lease=theirs)
    with pytest.raises(error):
        place.send(sent, overwrite=overwrite)
    assert place.files() == {"a": b"theirs"}


@pytest.mark.parametrize("pattern", ["{name}.{token}.tmp", ".incoming/{name}.{token}"])
def test_other_temporary_names(place: Place, tmp_path: Path, pattern: str) -> None:
    seen: set[str] = set()

    async def look() -> None:
        if not seen:  # later, one of them may have its final name
            seen.update(place.files())

    files = {"a.xml": b"1", "deep/er/a.xml": b"2"}
    place.send(delivery(parcel(tmp_path, files), check_lease=look), temporary=pattern)
    root = place.folder.as_posix()
    wanted = {temporary_path(f"{root}/{path}", "token1", pattern, root) for path in files}
    assert len(seen) == 2
    if "/" not in pattern:
        assert seen == {Path(path).relative_to(root).as_posix() for path in wanted}
    assert all(path.startswith(".incoming/") == ("/" in pattern) for path in seen)
    assert place.files() == files
    place.write("a.xml.dead.tmp", b"1")
    place.send(
        delivery(parcel(tmp_path / "2", {"a.xml": b"3"}), token="t2", stale_tokens=("dead",)),
        temporary="{name}.{token}.tmp",
    )
    assert place.files() == {"a.xml": b"3", "deep/er/a.xml": b"2"}
