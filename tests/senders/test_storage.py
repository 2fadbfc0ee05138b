"""Any storage of Django's STORAGES: on the disk, in memory, and at a real S3-compatible server."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, InMemoryStorage, storages

from pigeon.destinations import Destination
from pigeon.exceptions import (
    AuthenticationError,
    DeliveryError,
    DestinationMisconfigured,
    LeaseLost,
    PermanentError,
    TransientError,
    Unreachable,
)
from pigeon.parcel import Held
from pigeon.senders.base import Delivery
from pigeon.senders.registry import check_destination, make_sender
from tests.senders.parcels import RENDERED_AT, delivery, destination, held, parcel

KINDS = ["filesystem", "overwriting", "memory", "s3"]
BACKENDS = "django.core.files.storage."


@pytest.fixture
def configured(settings: Any) -> Any:
    """Adds an entry to STORAGES and gives the storage."""

    def add(alias: str, entry: dict[str, Any]) -> Any:
        settings.STORAGES = {**settings.STORAGES, alias: entry}
        return storages[alias]

    return add


@pytest.fixture(params=KINDS)
def storage(request: pytest.FixtureRequest, configured: Any, tmp_path: Path) -> Any:
    """A new, empty storage of each kind under the alias "Archive"."""
    place = {"location": str(tmp_path / "storage")}
    match request.param:
        case "filesystem":
            entry = {"BACKEND": f"{BACKENDS}FileSystemStorage", "OPTIONS": place}
        case "overwriting":
            options = {**place, "allow_overwrite": True}
            entry = {"BACKEND": f"{BACKENDS}FileSystemStorage", "OPTIONS": options}
        case "memory":
            entry = {"BACKEND": f"{BACKENDS}InMemoryStorage"}
        case _:
            s3 = request.getfixturevalue("s3")
            entry = s3.storage(s3.bucket())
    return configured("Archive", entry)


def files(storage: Any, folder: str = "") -> dict[str, bytes]:
    """Everything in ``storage``."""
    found = {}
    folders, names = storage.listdir(folder)
    for name in filter(None, names):
        path = f"{folder}/{name}".lstrip("/")
        with storage.open(path, "rb") as content:
            found[path] = content.read()
    for name in folders:
        found |= files(storage, f"{folder}/{name}".lstrip("/"))
    return found


def write(storage: Any, name: str, content: bytes) -> None:
    assert storage.save(name, ContentFile(content)) == name


def archive(path: str = "in/x", **options: Any) -> Destination:
    return destination(f"storage://Archive/{path}", **options)


def send(where: Destination, *deliveries: Delivery) -> None:
    async def run() -> None:
        sender = make_sender(where)
        try:
            await sender.open()
            for one in deliveries:
                await sender.send(one)
        finally:
            await sender.close()

    asyncio.run(run())


def test_files_are_saved_under_their_names(storage: Any, tmp_path: Path) -> None:
    content = {"a b#1.xml": b"<a/>", "Grüße/東京.txt": "ü".encode(), "empty": b""}
    sent = delivery(parcel(tmp_path / "p", content))
    send(archive(), sent)
    assert files(storage) == {f"in/x/{path}": data for path, data in content.items()}
    assert [(r.path, r.remote_path, r.published, r.verified) for r in sent.receipts] == [
        (path, f"in/x/{path}", "stored", "size") for path in content
    ]


@pytest.mark.parametrize("verify", ["size", "sha256", "none"])
def test_a_newer_version_takes_the_name_of_the_older(
    storage: Any, tmp_path: Path, verify: str
) -> None:
    first = delivery(parcel(tmp_path / "1", {"a.txt": b"older, longer"}), idempotency_key="1")
    second = delivery(parcel(tmp_path / "2", {"a.txt": b"newer"}), idempotency_key="2")
    send(archive("", verify=verify), first, second)
    assert files(storage) == {"a.txt": b"newer"}
    assert {r.verified for r in second.receipts} == {verify}


def test_with_keep_what_is_there_stays_and_only_ours_is_removed(
    storage: Any, tmp_path: Path
) -> None:
    write(storage, "in/a.tar.gz", b"the partner's")
    sent = delivery(parcel(tmp_path / "1", {"a.tar.gz": b"ours"}))
    again = delivery(parcel(tmp_path / "1", {"a.tar.gz": b"ours"}), stale_tokens=("dead",))
    where = archive("in", overwrite="keep")
    send(where, sent, again)
    chosen = sent.receipts[0].remote_path
    assert chosen.startswith("in/a_")
    assert chosen.endswith(".tar.gz")
    assert files(storage) == {"in/a.tar.gz": b"the partner's", chosen: b"ours"}
    assert [(r.published, r.remote_path) for r in again.receipts] == [("found", chosen)]
    unknown = held("a.tar.gz", b"not what is there")
    known = Held("a.tar.gz", 4, unknown.sha256, RENDERED_AT, chosen)
    send(where, delivery(None, action="remove", held=(known,)))
    send(where, delivery(None, action="remove", held=(unknown,)))
    assert files(storage) == {"in/a.tar.gz": b"the partner's"}


def test_what_an_attempt_left_is_not_saved_again(storage: Any, tmp_path: Path) -> None:
    write(storage, "a.txt", b"content")
    write(storage, "b.txt", b"CONTENT")
    before = storage.get_modified_time("a.txt")
    what = parcel(tmp_path / "p", {"a.txt": b"content", "b.txt": b"content"})
    again = delivery(what, stale_tokens=("dead",))
    send(archive(""), again)
    assert files(storage) == {"a.txt": b"content", "b.txt": b"content"}
    assert storage.get_modified_time("a.txt") == before
    assert [(r.published, r.verified) for r in again.receipts] == [
        ("found", "sha256"),
        ("stored", "size"),
    ]


def test_removing(storage: Any, tmp_path: Path) -> None:
    for name in ("in/a.txt", "in/b.txt", "in/other.txt"):
        write(storage, name, b"old")
    gone = delivery(None, action="remove", held=(held("a.txt"), held("missing/c.txt")))
    stale = delivery(
        parcel(tmp_path / "p", {"d.txt": b"new"}), held=(held("b.txt"),), remove_stale=True
    )
    send(archive("in"), gone, stale)
    assert files(storage) == {"in/other.txt": b"old", "in/d.txt": b"new"}
    assert [(r.path, r.published) for r in gone.receipts] == [
        ("a.txt", "removed"),
        ("missing/c.txt", "removed"),
    ]


def test_nothing_is_saved_or_removed_after_a_lost_lease(storage: Any, tmp_path: Path) -> None:
    async def lost() -> None:
        raise LeaseLost("gone")

    write(storage, "a.txt", b"the taker's")
    for one in (
        delivery(parcel(tmp_path / "p", {"a.txt": b"ours"}), check_lease=lost),
        delivery(None, action="remove", held=(held("a.txt"),), check_lease=lost),
    ):
        with pytest.raises(LeaseLost):
            send(archive(""), one)
    assert files(storage) == {"a.txt": b"the taker's"}


class Slow(InMemoryStorage):
    """Another worker takes the item over, and delivers a newer version, while this one saves."""

    taken_over = False

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        saved = super().save(name, content, max_length)
        super().delete(saved)
        super().save(saved, ContentFile(b"the taker's newer version"))
        self.taken_over = True
        return saved


def test_who_comes_too_late_deletes_nothing(configured: Any, tmp_path: Path) -> None:
    """A thread that was given up goes on; what it finds may be of those who came after it."""
    storage = configured("Archive", {"BACKEND": f"{__name__}.Slow"})

    async def check() -> None:
        if storage.taken_over:
            raise LeaseLost("gone")

    with pytest.raises(LeaseLost):
        send(archive(""), delivery(parcel(tmp_path / "p", {"a": b"ours"}), check_lease=check))
    assert files(storage) == {"a": b"the taker's newer version"}


class Renaming(InMemoryStorage):
    """Chooses a name by what is in the file."""

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        data = content.read()
        return super().save(f"in/by-content/{data.decode()}", ContentFile(data), max_length)


def test_a_storage_may_choose_names_and_the_older_does_not_stay(
    configured: Any, tmp_path: Path
) -> None:
    storage = configured("Archive", {"BACKEND": f"{__name__}.Renaming"})
    first = delivery(parcel(tmp_path / "1", {"a.txt": b"one"}))
    send(archive("in"), first)
    name = first.receipts[0].remote_path
    assert name == "in/by-content/one"
    before = Held("a.txt", 3, "0" * 64, RENDERED_AT, name)
    send(archive("in"), delivery(parcel(tmp_path / "2", {"a.txt": b"two"}), held=(before,)))
    assert files(storage) == {"in/by-content/two": b"two"}
    after = Held("a.txt", 3, "0" * 64, RENDERED_AT, "in/by-content/two")
    send(archive("in"), delivery(None, action="remove", held=(after,)))
    assert files(storage) == {}


def test_a_name_outside_of_the_folder_is_not_ours_to_delete(storage: Any) -> None:
    """The destination had another folder when the receipt was written."""
    write(storage, "elsewhere/a.txt", b"x")
    moved = Held("a.txt", 1, "0" * 64, RENDERED_AT, "elsewhere/a.txt")
    send(archive("in"), delivery(None, action="remove", held=(moved,)))
    assert files(storage) == {"elsewhere/a.txt": b"x"}


class Cutting(FileSystemStorage):
    """Loses the last byte of what it is given."""

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        return super().save(name, ContentFile(content.read()[:-1]), max_length)


class Full(FileSystemStorage):
    """Breaks off in the middle of a file."""

    def _save(self, name: str, content: Any) -> str:
        super()._save(name, ContentFile(content.read()[:1]))
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize(("kind", "said"), [("Cutting", "arrived damaged"), ("Full", "No space")])
def test_half_a_file_does_not_stay(configured: Any, tmp_path: Path, kind: str, said: str) -> None:
    entry = {"BACKEND": f"{__name__}.{kind}", "OPTIONS": {"location": str(tmp_path / "storage")}}
    storage = configured("Archive", entry)
    for verify in ("size", "sha256"):
        sent = delivery(parcel(tmp_path / "p", {"a.txt": b"content"}))
        with pytest.raises(TransientError, match=said):
            send(archive("", verify=verify), sent)
        assert sent.receipts == []
        assert not storage.exists("a.txt")


class Sizeless(InMemoryStorage):
    def size(self, name: str) -> int:
        raise NotImplementedError


def test_a_storage_that_tells_no_size(configured: Any, tmp_path: Path) -> None:
    configured("Archive", {"BACKEND": f"{__name__}.Sizeless"})
    with pytest.raises(
        DestinationMisconfigured, match=r"'Archive' does not tell the size.*sha256"
    ):
        send(archive(""), delivery(parcel(tmp_path / "1", {"a": b"x"})))
    send(archive("", verify="sha256"), delivery(parcel(tmp_path / "2", {"a": b"x"})))


class Strict(InMemoryStorage):
    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return super().get_available_name(name, max_length=3)


def test_a_name_that_a_storage_refuses(configured: Any, tmp_path: Path) -> None:
    configured("Archive", {"BACKEND": f"{__name__}.Strict"})
    write(storages["Archive"], "abc", b"")
    with pytest.raises(PermanentError, match="refuses the name: SuspiciousFileOperation"):
        send(archive(""), delivery(parcel(tmp_path, {"abc": b"x"})))


@pytest.mark.parametrize(
    ("url", "options", "said"),
    [
        ("storage://archive/x", {}, "no entry 'archive'. Did you mean 'Archive'?"),
        ("storage://Zzz/x", {}, "no entry 'Zzz'. There are 'Archive', 'Broken', 'default',"),
        ("storage:///x", {}, "as in storage://default/folder"),
        ("storage://Archive/a/../b", {}, "cannot hold '..'"),
        ("storage://Archive", {"verify": "md5"}, "'verify' is one of 'size', 'sha256', 'none'"),
        ("storage://Archive", {"overwrite": "no"}, "'overwrite' is one of 'replace', 'keep'"),
        ("storage://Archive", {"overwrites": "x"}, "Did you mean 'overwrite'?"),
        ("storage://Broken", {}, "'Broken' cannot be made: "),
    ],
)
def test_mistakes_are_found_before_anything_is_sent(
    configured: Any, url: str, options: dict[str, Any], said: str
) -> None:
    configured("Archive", {"BACKEND": f"{BACKENDS}InMemoryStorage"})
    broken = {"BACKEND": f"{BACKENDS}FileSystemStorage", "OPTIONS": {"secret_key": "geheim"}}
    with pytest.raises(TypeError):
        configured("Broken", broken)
    where = destination(url, **options)
    [problem] = check_destination(where)
    assert said in problem
    assert "geheim" not in problem
    if "overwrites" not in options:
        with pytest.raises(DestinationMisconfigured):
            send(where)


def test_a_large_file_is_never_in_memory_as_a_whole(configured: Any, tmp_path: Path) -> None:
    place = {"location": str(tmp_path / "storage")}
    configured("Archive", {"BACKEND": f"{BACKENDS}FileSystemStorage", "OPTIONS": place})
    what = parcel(tmp_path / "p", {"large.bin": bytes(32 * 1024 * 1024)})
    gc.collect()
    tracemalloc.start()
    try:
        send(archive("", verify="sha256"), delivery(what))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * 1024 * 1024
    assert (tmp_path / "storage" / "large.bin").stat().st_size == 32 * 1024 * 1024


# At the S3-compatible server.


@pytest.fixture
def bucket(configured: Any, s3: Any) -> str:
    name: str = s3.bucket()
    configured("Archive", s3.storage(name))
    return name


def failure(where: Destination, folder: Path) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        send(where, delivery(parcel(folder / "p", {"a.txt": b"x"})))
    return caught.value


@pytest.mark.slow
def test_a_large_file_goes_in_parts(bucket: str, s3: Any, tmp_path: Path) -> None:
    content = os.urandom(20 * 1024 * 1024)
    sent = delivery(parcel(tmp_path, {"large.bin": content}))
    send(archive("", verify="sha256"), sent)
    head = s3.client.head_object(Bucket=bucket, Key="large.bin")
    assert head["ETag"].strip('"').endswith("-3")  # three parts of 8 MB
    assert s3.read(bucket, "large.bin") == content
    assert [(r.size, r.verified) for r in sent.receipts] == [(len(content), "sha256")]


def test_a_bucket_that_does_not_exist(configured: Any, s3: Any, tmp_path: Path) -> None:
    configured("Archive", s3.storage("no-such-bucket"))
    error = failure(archive(), tmp_path)
    assert isinstance(error, DestinationMisconfigured)
    assert "NoSuchBucket" in str(error)


def test_keys_that_are_refused(bucket: str, tmp_path: Path) -> None:
    from moto.core.authorization import enable_iam_authentication

    from tests.servers.s3 import ACCESS_KEY, SECRET_KEY

    where = archive()
    with enable_iam_authentication():
        error = failure(where, tmp_path)
    assert isinstance(error, AuthenticationError)
    assert "InvalidAccessKeyId" in str(error)
    for secret in (ACCESS_KEY, SECRET_KEY):
        assert secret not in where.redact(f"{error} {secret}")


def test_a_server_that_is_not_there(configured: Any, s3: Any, tmp_path: Path) -> None:
    from botocore.config import Config

    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        once = Config(retries={"max_attempts": 1}, connect_timeout=20)
        configured("Archive", s3.storage("b", endpoint_url=url, client_config=once))
        error = failure(archive(), tmp_path)
    assert isinstance(error, Unreachable)
    assert "'Archive' cannot be reached" in str(error)


def test_no_keys_at_all(
    configured: Any, s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    configured("Archive", s3.storage("b", access_key=None, secret_key=None))
    error = failure(archive(), tmp_path)
    assert isinstance(error, AuthenticationError)
    assert "no credentials" in str(error)


def test_a_damaged_large_file_never_arrives(bucket: str, s3: Any, tmp_path: Path) -> None:
    from pigeon.exceptions import ParcelDamaged

    what = parcel(tmp_path, {"a.bin": bytes(1024 * 1024)})
    path = what.local_path(what.files[0])
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ParcelDamaged):
        send(archive(""), delivery(what))
    assert s3.objects(bucket) == {}
    gc.collect()
