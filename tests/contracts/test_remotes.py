"""What every remote promises, at every kind of server."""

from __future__ import annotations

import asyncio
import os
import posixpath
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from pigeon.remotes.base import Remote, RemoteFileNotFound, RenameTargetExists
from pigeon.remotes.source import Source
from pigeon.senders.registry import sender_class
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
