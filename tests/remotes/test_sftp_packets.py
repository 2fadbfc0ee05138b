"""What a channel says arrives as it was said, in few packets, whoever makes them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pigeon.exceptions import TransientError
from pigeon.remotes.sftp import SFTPRemote
from pigeon.remotes.source import Source
from pigeon.testing.sftp_partner import SFTPPartner
from tests.senders.parcels import destination
from tests.servers.server import Server

#: More than a window of SSH and than a few packets.
CONTENT = bytes(range(256)) * 4 * 1024 * 6


def remote_at(url: str, options: dict[str, Any]) -> SFTPRemote:
    return SFTPRemote(destination(url, **options))


async def _put_at(remote: SFTPRemote, path: str, prepare: Callable[[Any], None]) -> int | None:
    await remote.open()
    try:
        prepare(remote._connection)
        return await remote.put(Source.of("x", CONTENT), path)
    finally:
        await remote.close()


def _nothing(connection: Any) -> None:
    return


def test_asyncssh_is_as_we_know_it(sshd: Server) -> None:
    """If not, it makes the packets itself, more slowly: adapt ``sftp_packets`` to it."""
    sshd.folder("known")

    async def work() -> None:
        remote = remote_at(sshd.url("known"), sshd.options())
        await remote.open()
        connection: Any = remote._connection
        packets, arrivals = remote._client._packets, remote._client._arrivals
        assert packets.direct and packets._cipher.fits(connection._send_encryption)
        assert arrivals.direct and arrivals._cipher.fits(connection._recv_encryption)
        await remote.close()

    asyncio.run(work())


def test_keys_may_be_exchanged_anew_in_the_middle(sshd: Server) -> None:
    folder = sshd.folder("rekey")
    exchanges: list[object] = []

    def often(connection: Any) -> None:
        connection._rekey_bytes = 512 * 1024
        start = connection._send_kexinit

        def counted() -> None:
            exchanges.append(1)
            start()

        connection._send_kexinit = counted

    remote = remote_at(sshd.url("rekey"), sshd.options())
    assert asyncio.run(_put_at(remote, f"{remote.root}/a", often)) == len(CONTENT)
    assert len(exchanges) > 3
    assert (folder / "a").read_bytes() == CONTENT


def test_what_waits_is_let_go_with_the_connection(sshd: Server) -> None:
    sshd.folder("gone")

    async def work() -> None:
        remote = remote_at(sshd.url("gone"), sshd.options())
        await remote.open()
        packets, channel = remote._client._packets, remote._client._packets._channel
        channel._send_window = 0
        packets.write(bytes(100_000))
        packets.flush()
        assert packets._pieces
        remote._connection.abort()
        await remote._connection.wait_closed()
        await remote.close()
        assert not packets._pieces and not packets.direct
        assert "_flush_send_buf" not in vars(channel)

    asyncio.run(work())


def test_a_server_that_takes_packets_of_no_size_holds_up_nobody(sshd: Server) -> None:
    sshd.folder("nothing")

    async def work() -> None:
        remote = remote_at(sshd.url("nothing"), sshd.options(timeout=3))
        await remote.open()
        remote._client._packets._channel._send_pktsize = 0
        with pytest.raises(TransientError, match="stopped answering"):
            await remote.stat("/")
        await remote.close()

    asyncio.run(work())


@pytest.mark.parametrize("cipher", ["aes128-ctr", "chacha20-poly1305@openssh.com"])
def test_other_ciphers_are_asyncsshs(
    sshd: Server, cipher: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pigeon.remotes.sftp_login.CIPHERS", cipher)
    folder = sshd.folder(cipher.split("@")[0])
    remote = remote_at(sshd.url(folder.name), sshd.options())
    assert asyncio.run(_put_at(remote, f"{remote.root}/a", _nothing)) == len(CONTENT)
    assert (folder / "a").read_bytes() == CONTENT


def test_without_its_insides_asyncssh_does_it_all(
    sshd: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pigeon.remotes.sftp_packets._OF_CHANNEL", ("_gone",))
    monkeypatch.setattr("pigeon.remotes.sftp_arrivals._OF_CHANNEL", ("_gone",))
    folder = sshd.folder("plain")
    remote = remote_at(sshd.url("plain"), sshd.options())
    assert asyncio.run(_put_at(remote, f"{remote.root}/a", _nothing)) == len(CONTENT)
    assert (folder / "a").read_bytes() == CONTENT


def test_what_is_read_arrives_as_it_is(sshd: Server) -> None:
    folder = sshd.folder("reading")
    (folder / "a").write_bytes(CONTENT[:-3])
    (folder / "a").chmod(0o644)

    async def work() -> bytes:
        remote = remote_at(sshd.url("reading"), sshd.options())
        await remote.open()
        found = [block async for block in remote.get(f"{remote.root}/a", 5)]
        await remote.close()
        return b"".join(found)

    assert asyncio.run(work()) == CONTENT[5:-3]


def test_many_requests_need_few_packets(tmp_path: Path) -> None:
    """Against a server, through asyncssh as it is installed: were nothing gathered, each request
    would be a packet."""
    with SFTPPartner() as partner:
        packets = asyncio.run(_packets_of_stats(partner, 200))
    assert 0 < packets < 50


async def _packets_of_stats(partner: SFTPPartner, number: int) -> int:
    remote = remote_at(partner.url, partner.options)
    await remote.open()
    connection: Any = remote._connection
    before = connection._send_seq
    try:
        await asyncio.gather(*(remote.stat("/") for _ in range(number)))
        return int(connection._send_seq - before)
    finally:
        await remote.close()
