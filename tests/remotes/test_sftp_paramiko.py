"""What the paramiko remote has of its own; the contracts test what it shares."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncssh
import paramiko
import pytest

from pigeon.exceptions import DestinationMisconfigured, TransientError, Unreachable
from pigeon.remotes.sftp_identity import OurKey
from pigeon.remotes.sftp_paramiko import ParamikoRemote
from pigeon.remotes.sftp_paramiko_login import ParamikoLogin
from pigeon.remotes.sftp_paramiko_session import BLOCK
from pigeon.remotes.source import Source
from pigeon.senders.registry import check_destination, make_sender
from tests.contracts.places import Place, at_server
from tests.remotes import strangers
from tests.remotes.sftp_logins import log_in, refused
from tests.senders.parcels import delivery, destination, parcel
from tests.servers.server import Server

LARGE = os.urandom(3 * 1024 * 1024 + 5)


@pytest.fixture
def place(sshd: Server) -> Place:
    found = at_server(sshd)
    found.options |= {"client": "paramiko"}
    return found


@asynccontextmanager
async def connected(place: Place, **more: Any) -> AsyncIterator[ParamikoRemote]:
    remote = ParamikoRemote(place.destination(**more))
    try:
        await remote.open()
        yield remote
    finally:
        await remote.close()


def source(folder: Path, content: bytes) -> Source:
    what = parcel(folder, {"x": content})
    return Source(what.local_path(what.files[0]), what.files[0])


def threads() -> set[threading.Thread]:
    return set(threading.enumerate())


def gone(before: set[threading.Thread]) -> None:
    deadline = time.monotonic() + 60
    while (left := threads() - before) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left


def test_without_paramiko(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "paramiko", None)
    target = destination("sftp://u@127.0.0.1/x", client="paramiko")
    [problem] = check_destination(target)
    assert "pip install 'django-pigeon[paramiko]'" in problem
    with pytest.raises(DestinationMisconfigured, match="not installed"):
        asyncio.run(make_sender(target).open())


def test_both_libraries_tell_the_same(place: Place) -> None:
    by_paramiko = dict(log_in(place.url, place.options))
    by_asyncssh = dict(log_in(place.url, place.options | {"client": "asyncssh"}))
    assert by_asyncssh.pop("key exchange")
    assert by_asyncssh.pop("cipher") and by_paramiko.pop("cipher")
    assert by_paramiko == by_asyncssh
    assert by_paramiko["server"].startswith("SSH-2.0-OpenSSH")
    assert by_paramiko["protocol"] == "SFTP 3"


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384"])
def test_keys_of_every_shape(place: Place, kind: str) -> None:
    """Numbers in a key have more or fewer bytes by chance; of these, some have each length."""
    login = ParamikoLogin(ParamikoRemote(place.destination()))
    for _ in range(40):
        key = asyncssh.generate_private_key(kind)
        made = login._converted(OurKey(key, None, Path("key")))
        assert made.asbytes() == key.public_data


def test_limits_of_what_is_at_once(place: Place) -> None:
    assert make_sender(place.destination()).in_flight == ParamikoRemote.in_flight == 8
    assert make_sender(place.destination(in_flight=3)).in_flight == 3
    assert make_sender(place.destination(client="asyncssh")).in_flight == 64


def test_free_space_and_small_packets(place: Place) -> None:
    async def check() -> None:
        async with connected(place) as remote:
            space = await remote.free_space()
            there = os.statvfs(place.folder)
            assert space is not None
            assert abs(space - there.f_bavail * there.f_frsize) < 256 * 1024 * 1024
            line = remote._transport.sock
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    asyncio.run(check())


def test_no_thread_is_left(place: Place, tmp_path: Path) -> None:
    before = threads()
    wanted = {f"{n}.txt": b"%d" % n for n in range(30)} | {"large": LARGE}
    place.send(delivery(parcel(tmp_path, wanted)))
    assert place.files() == wanted
    gone(before)


def test_what_is_broken_off(place: Place, tmp_path: Path) -> None:
    """A listing and a file read in part, and a cancelled writing: the sessions go on."""
    for n in range(300):
        (place.folder / f"{n}").touch()
    place.write("large", LARGE)
    before = threads()

    async def check() -> None:
        async with connected(place) as remote:
            for _ in range(20):
                async for _ in remote.list(remote.root):
                    break
                async for block in remote.get(f"{remote.root}/large"):
                    assert LARGE.startswith(block)
                    break
            for n in range(5):
                content = source(tmp_path / str(n), LARGE)
                writing = asyncio.create_task(remote.put(content, f"{remote.root}/new"))
                await asyncio.sleep(0.005 * n)
                writing.cancel()
                with suppress(asyncio.CancelledError):
                    await writing
            names = {entry.name async for entry in remote.list(remote.root)}
            assert names - {"new"} == {*map(str, range(300)), "large"}
            read = [block async for block in remote.get(f"{remote.root}/large", 7)]
            assert b"".join(read) == LARGE[7:]

    asyncio.run(check())
    gone(before)


def test_names_that_are_no_unicode(place: Place) -> None:
    (Path(os.fsdecode(os.fsencode(place.folder) + b"/gr\xfc\xdfe.txt"))).touch()

    async def check() -> None:
        async with connected(place) as remote:
            [entry] = [entry async for entry in remote.list(remote.root)]
            assert os.fsencode(entry.name) == b"gr\xfc\xdfe.txt"

    asyncio.run(check())


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 256 * 1024 + 1])
def test_sizes_around_a_block(place: Place, tmp_path: Path, size: int) -> None:
    content = LARGE[:size]

    async def check() -> None:
        async with connected(place) as remote:
            assert await remote.put(source(tmp_path, content), f"{remote.root}/a") == size
            read = [block async for block in remote.get(f"{remote.root}/a")]
            assert b"".join(read) == content

    asyncio.run(check())
    assert place.files() == {"a": content}


def test_going_on_from_an_offset(place: Place, tmp_path: Path) -> None:
    """What is there up to the offset stays, right or wrong: that was looked at before."""
    place.write("a", b"?" * 1000 + b"and something else")

    async def check() -> None:
        async with connected(place) as remote:
            assert await remote.put(source(tmp_path, LARGE), f"{remote.root}/a", 1000) == len(
                LARGE
            )

    asyncio.run(check())
    assert place.files() == {"a": b"?" * 1000 + LARGE[1000:]}


def test_a_frozen_server(place: Place, sshd: Server, tmp_path: Path) -> None:
    before = threads()

    async def check() -> None:
        async with connected(place, timeout=3) as remote:
            with sshd.hanging():
                with pytest.raises(TransientError, match=r"stopped answering for 3 seconds"):
                    await remote.put(source(tmp_path, LARGE * 4), f"{remote.root}/a")
                assert remote.broken

    asyncio.run(check())
    gone(before)


def test_its_log_holds_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    """A server may repeat what it was given."""
    caplog.set_level(logging.DEBUG, "paramiko.transport")
    words = b"you are s3cret-word, I know\r\n" * 3
    with strangers.answering(strangers.says(words)) as port:
        options = {"client": "paramiko", "password": "s3cret-word", "host_key_check": False}
        message = refused(Unreachable, f"sftp://u@127.0.0.1:{port}/", options)
    assert "you are" in caplog.text
    assert "s3cret-word" not in caplog.text + message


def test_an_answer_that_comes_before_anybody_listens(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a busy machine: the login must not wait for it until its time is up."""
    send = paramiko.Transport._send_message

    def dawdle(transport: paramiko.Transport, message: paramiko.Message) -> None:
        send(transport, message)
        if message.asbytes()[:1] == paramiko.common.cMSG_USERAUTH_REQUEST:
            time.sleep(1)

    monkeypatch.setattr(paramiko.Transport, "_send_message", dawdle)

    async def nothing() -> None:
        async with connected(place, timeout=20):
            pass

    asyncio.run(nothing())
