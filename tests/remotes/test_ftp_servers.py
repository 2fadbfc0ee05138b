"""What real FTP servers do beyond the suite that every remote passes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from pigeon.exceptions import Unreachable
from pigeon.remotes.base import Remote, RemoteFileNotFound
from pigeon.remotes.source import Source
from pigeon.senders.registry import sender_class
from tests.capabilities import need
from tests.contracts.places import Place, at_server
from tests.senders.parcels import parcel
from tests.servers.proftpd import run_proftpd

SERVERS = ["vsftpd", "proftpd", "vsftpd_tls", "proftpd_tls"]
CONTENTS = {"small": b"0123456789", "large": os.urandom(3_000_000)}


@pytest.fixture(params=SERVERS)
def place(request: pytest.FixtureRequest) -> Place:
    return at_server(request.getfixturevalue(request.param))


def use(place: Place, what: Callable[[Remote], Awaitable[Any]], **more: Any) -> None:
    async def run() -> None:
        target = place.destination(**more)
        remote: Remote = sender_class(target.scheme).remote_class(target)  # type: ignore[union-attr]
        try:
            await remote.open()
            await what(remote)
        finally:
            await remote.close()

    asyncio.run(run())


def a_source(tmp_path: Path, content: bytes) -> Source:
    what = parcel(tmp_path / "p", {"a": content})
    return Source(what.local_path(what.files[0]), what.files[0])


def go_on(place: Place, tmp_path: Path, content: bytes, there: bytes) -> None:
    """Put ``content`` from the size of ``there`` on, which stands there already."""
    place.write("a", there)

    async def put(remote: Remote) -> None:
        await remote.put(a_source(tmp_path, content), f"{remote.root}/a", len(there))

    use(place, put)


@pytest.mark.parametrize("size", CONTENTS)
def test_an_upload_goes_on_at_an_offset(place: Place, tmp_path: Path, size: str) -> None:
    content, there = CONTENTS[size], b"#" * 7  # other bytes, to see that they stay
    go_on(place, tmp_path, content, there)
    assert place.files() == {"a": there + content[7:]}


def test_an_upload_that_was_refused_leaves_no_offset_to_the_next(
    place: Place, tmp_path: Path
) -> None:
    async def check(remote: Remote) -> None:
        with pytest.raises(RemoteFileNotFound):
            await remote.put(a_source(tmp_path / "1", b"one"), f"{remote.root}/none/a", 2)
        await remote.put(a_source(tmp_path / "2", b"the next one"), f"{remote.root}/b")

    use(place, check)
    assert place.files() == {"b": b"the next one"}


@pytest.mark.parametrize("size", CONTENTS)
def test_a_server_that_does_not_go_on_gets_it_whole(
    size: str, server_folder: Path, account: Any, tmp_path: Path
) -> None:
    need("proftpd")
    with run_proftpd(server_folder, account, config="AllowStoreRestart off") as server:
        place = at_server(server)
        go_on(place, tmp_path, CONTENTS[size], CONTENTS[size][:7])
        assert place.files() == {"a": CONTENTS[size]}


def test_permissions_and_empty_folders(place: Place) -> None:
    path = place.write("a", b"x")

    async def check(remote: Remote) -> None:
        await remote.chmod(f"{remote.root}/a", 0o604)
        await remote.make_directory(f"{remote.root}/one/two")
        await remote.remove_directory(f"{remote.root}/one/two")
        with pytest.raises(RemoteFileNotFound):
            await remote.remove_directory(f"{remote.root}/one/two")
        assert await remote.free_space() is None

    use(place, check)
    assert path.stat().st_mode & 0o777 == 0o604
    assert list((place.folder / "one").iterdir()) == []


def test_a_cancelled_upload_is_no_whole_file_and_the_connection_lives(
    place: Place, tmp_path: Path
) -> None:
    content = CONTENTS["large"] * 4

    async def check(remote: Remote) -> None:
        task = asyncio.create_task(remote.put(a_source(tmp_path, content), f"{remote.root}/a"))
        while not place.files().get("a"):
            assert not task.done(), "too fast to be cancelled"
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (await remote.stat(f"{remote.root}/a")).size < len(content)  # type: ignore[operator]
        assert not remote.broken

    use(place, check)


@pytest.mark.parametrize("first", [0, 1, 2, 3])
def test_cancelled_at_any_turn_it_spoils_nothing_of_the_next(
    place: Place, tmp_path: Path, first: int
) -> None:
    """Neither an offset stays with the server, nor half a rename."""
    left, right = b"left behind", b"the next one"

    async def publish(remote: Remote, name: str, content: bytes, offset: int = 0) -> None:
        temporary = f"{remote.root}/{name}.part"
        await remote.put(a_source(tmp_path / name, content), temporary, offset)
        await remote.rename(temporary, f"{remote.root}/{name}", replace=True)

    async def check(remote: Remote) -> None:
        for turns in range(first, 100, 4):
            place.write(f"a{turns}.part", left[:5])
            given_up = asyncio.create_task(publish(remote, f"a{turns}", left, 5))
            for _ in range(turns):
                await asyncio.sleep(0)
            given_up.cancel()
            [outcome] = await asyncio.gather(
                publish(remote, f"b{turns}", right), return_exceptions=True
            )
            if outcome is not None:  # in TLS, where the server would wait for a handshake
                assert "Pigeon closed it" in str(outcome)
                await remote.open()
                await publish(remote, f"b{turns}", right)
            assert place.files()[f"b{turns}"] == right
            assert place.files().get(f"a{turns}") in (None, left)

    use(place, check)


def test_plain_where_tls_begins_at_once(request: pytest.FixtureRequest) -> None:
    """Both sides wait for the other to begin."""
    server = request.getfixturevalue("vsftpd_implicit")
    place = at_server(server)
    place.url = place.url.replace("ftps:", "ftp:")
    place.options = {"password": server.password}

    async def nothing(remote: Remote) -> None: ...

    with pytest.raises(Unreachable, match="is it the protocol that the URL says"):
        use(place, nothing, timeout=1)
