"""What every remote promises, at every kind of server."""

from __future__ import annotations

import asyncio
import os
import posixpath
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from pigeon.exceptions import DeliveryError
from pigeon.remotes.base import ChmodUnsupported, Remote, RemoteFileNotFound, RenameTargetExists
from pigeon.remotes.source import Source
from pigeon.senders.folders import Folders
from pigeon.senders.manner import Manner
from pigeon.senders.registry import sender_class
from pigeon.senders.upload import Upload
from tests.contracts.places import Place
from tests.senders.parcels import parcel

LARGE = os.urandom(2 * 1024 * 1024 + 5)


def use(place: Place, what: Callable[[Remote, Callable[[str], str]], Awaitable[Any]]) -> Any:
    """Run ``what`` with an open remote and a function that makes paths below its root."""

    async def run() -> Any:
        target = place.destination()
        remote: Remote = sender_class(target.scheme).remote_for(target)(target)  # type: ignore[union-attr]
        try:
            await remote.open()
            return await what(remote, lambda path: posixpath.join(remote.root, path))
        finally:
            await remote.close()
            await remote.close()  # a second time is harmless

    return asyncio.run(run())


def source(tmp_path: Path, content: bytes) -> Source:
    what = parcel(tmp_path, {"x": content})
    return Source(what.local_path(what.files[0]), what.files[0])


@pytest.mark.parametrize("content", [b"", b"small", LARGE], ids=["empty", "small", "large"])
def test_what_is_put_can_be_looked_at_and_read(
    place: Place, tmp_path: Path, content: bytes
) -> None:
    async def check(remote: Remote, at: Callable[[str], str]) -> None:
        assert await remote.put(source(tmp_path, content), at("a #1 ü.bin")) in (
            None,
            len(content),
        )
        found = await remote.stat(at("a #1 ü.bin"))
        assert (found.size, found.is_directory) == (len(content), False)
        assert b"".join([b async for b in remote.get(at("a #1 ü.bin"))]) == content
        half = len(content) // 2
        assert b"".join([b async for b in remote.get(at("a #1 ü.bin"), half)]) == content[half:]

    use(place, check)


def test_what_is_not_there(place: Place, tmp_path: Path) -> None:
    async def check(remote: Remote, at: Callable[[str], str]) -> None:
        with pytest.raises(RemoteFileNotFound):
            await remote.stat(at("missing"))
        with pytest.raises(RemoteFileNotFound):
            await remote.remove(at("missing"))
        with pytest.raises(RemoteFileNotFound):
            _ = [block async for block in remote.get(at("missing"))]
        with pytest.raises(RemoteFileNotFound):
            await remote.rename(at("missing"), at("new"), replace=True)
        with pytest.raises(RemoteFileNotFound):
            await remote.put(source(tmp_path / "1", b"x"), at("no/folder/a"))
        with pytest.raises(RemoteFileNotFound):
            await remote.put(source(tmp_path / "2", LARGE), at("no/folder/a"))
        assert not remote.broken

    use(place, check)


def test_listing(place: Place) -> None:
    place.write("a b.txt", b"12345")
    place.write("sub/deeper.txt", b"x")
    place.write("日本.txt", b"1")

    async def check(remote: Remote, at: Callable[[str], str]) -> None:
        entries = {entry.name: entry.stat async for entry in remote.list(remote.root)}
        assert set(entries) == {"a b.txt", "sub", "日本.txt"}
        assert entries["sub"].is_directory
        assert entries["a b.txt"].size == 5
        assert entries["a b.txt"].modified is not None

    use(place, check)


def test_renaming(place: Place) -> None:
    for name in "abc":
        place.write(name, name.encode())

    async def check(remote: Remote, at: Callable[[str], str]) -> None:
        with pytest.raises(RenameTargetExists):
            await remote.rename(at("a"), at("b"), replace=False)
        await remote.rename(at("a"), at("b"), replace=True)
        await remote.rename(at("c"), at("d"), replace=False)

    use(place, check)
    assert place.files() == {"b": b"a", "d": b"c"}


def test_folders(place: Place) -> None:
    async def check(remote: Remote, at: Callable[[str], str]) -> None:
        await remote.make_directory(at("one/two/three"))
        await remote.make_directory(at("one/two/three"))
        await asyncio.gather(
            *(remote.make_directory(at("one/x/y")) for _ in range(remote.in_flight))
        )
        assert (await remote.stat(at("one/two"))).is_directory

    use(place, check)
    assert (place.folder / "one/two/three").is_dir()
    assert (place.folder / "one/x/y").is_dir()


def test_removing_folders(place: Place) -> None:
    place.write("full/a", b"x")

    async def check(remote: Remote, at: Callable[[str], str]) -> None:
        await remote.make_directory(at("empty"))
        await remote.remove_directory(at("empty"))
        with pytest.raises(RemoteFileNotFound):
            await remote.remove_directory(at("empty"))
        with pytest.raises(DeliveryError, match="/full"):
            await remote.remove_directory(at("full"))

    use(place, check)
    assert place.files() == {"full/a": b"x"}
    assert not (place.folder / "empty").exists()


def test_permissions(place: Place) -> None:
    written = place.write("a #1", b"x")

    async def check(remote: Remote, at: Callable[[str], str]) -> None:
        await remote.chmod(at("a #1"), 0o604)
        # Servers that have one answer for all refusals name this one.
        with pytest.raises((RemoteFileNotFound, ChmodUnsupported)):
            await remote.chmod(at("missing"), 0o604)

    use(place, check)
    assert stat.S_IMODE(written.stat().st_mode) == 0o604


def test_free_space(place: Place) -> None:
    async def check(remote: Remote, at: Callable[[str], str]) -> None:
        free = await remote.free_space()
        assert free is None or free > 0

    use(place, check)


def test_writing_on_from_an_offset(place: Place, tmp_path: Path) -> None:
    async def check(remote: Remote, at: Callable[[str], str]) -> None:
        if not remote.resumes:
            pytest.skip("it starts anew")
        place.write("a", LARGE[:1_500_000] + b"?" * 1000)
        size = await remote.put(source(tmp_path, LARGE), at("a"), 1_500_000)
        assert size in (None, len(LARGE))

    use(place, check)
    assert place.files() == {"a": LARGE}


def test_a_file_to_go_on_with_that_is_gone_is_begun_anew(place: Place, tmp_path: Path) -> None:
    """FTP servers would make one that begins with a hole and has the right size."""

    async def check(remote: Remote, at: Callable[[str], str]) -> None:
        upload = Upload(remote, Manner(), source(tmp_path, LARGE), at("a"), "t")
        upload.offset = 1_500_000
        folders = Folders()
        await upload.put(folders)
        await upload.publish(folders)

    use(place, check)
    assert place.files() == {"a": LARGE}
