"""Servers that hang, trickle, break off, talk nonsense or are not there."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from pigeon.exceptions import (
    AmbiguousError,
    DeliveryError,
    DestinationMisconfigured,
    TransientError,
    Unreachable,
)
from pigeon.senders.base import Delivery
from tests.contracts.places import opened
from tests.senders.http.raw import RawServer, Talk, request_of
from tests.senders.parcels import delivery, destination, held, parcel

#: More than the system's buffers hold.
LARGE = os.urandom(24 * 1024 * 1024)
GOOD = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
FOREVER = 3600

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


def send(talk: Talk, *sent: Delivery, **options: Any) -> bool:
    """Send one after another at a server that does ``talk``; whether the sender is broken."""

    async def run() -> bool:
        async with RawServer(talk) as server:
            url = f"http://127.0.0.1:{server.port}/in"
            async with opened(destination(url, **{"timeout": 0.5} | options)) as sender:
                for one in sent:
                    await sender.send(one)
                return sender.broken

    return asyncio.run(run())


def small(tmp_path: Path) -> Delivery:
    return delivery(parcel(tmp_path, {"a.txt": b"x"}))


def large(tmp_path: Path) -> Delivery:
    return delivery(parcel(tmp_path, {"a.txt": LARGE}))


def test_nobody_is_there(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def run() -> None:
        async with opened(destination(f"http://127.0.0.1:{port}/in")) as sender:
            with pytest.raises(Unreachable, match=rf"127.0.0.1:{port} cannot be reached.*refuse"):
                await sender.send(small(tmp_path))
            assert sender.broken

    asyncio.run(run())


def test_a_host_that_is_none(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(destination("https://no-such-host.invalid/in")) as sender:
            with pytest.raises(Unreachable, match=r"no-such-host\.invalid cannot be resolved"):
                await sender.send(small(tmp_path))

    asyncio.run(run())


async def silent(reader: Reader, writer: Writer) -> None:
    """Takes everything, says nothing."""
    while await reader.read(65536):
        pass


async def deaf(reader: Reader, writer: Writer) -> None:
    """Takes nothing."""
    await asyncio.sleep(FOREVER)


async def trickling_head(reader: Reader, writer: Writer) -> None:
    await request_of(reader)
    writer.write(b"HTTP/1.1 201 Created\r\nX: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def closing(reader: Reader, writer: Writer) -> None:
    await request_of(reader)
    writer.close()


async def resetting(reader: Reader, writer: Writer) -> None:
    await request_of(reader)
    writer.transport.abort()


async def breaking_off_in_the_head(reader: Reader, writer: Writer) -> None:
    await request_of(reader)
    writer.write(b"HTTP/1.1 201 Cre")
    await writer.drain()


async def continuing_for_ever(reader: Reader, writer: Writer) -> None:
    await request_of(reader)
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


UNENDING = [silent, trickling_head, continuing_for_ever]


@pytest.mark.parametrize("talk", [*UNENDING, closing, resetting, breaking_off_in_the_head])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_lost_answer_is_ambiguous(tmp_path: Path, talk: Talk, method: str) -> None:
    sent = small(tmp_path)
    with pytest.raises(AmbiguousError, match="answer was lost"):
        send(talk, sent, method=method, timeout=0.5 if talk in UNENDING else 2)
    assert sent.receipts == []
    assert sent.traces


def test_a_lost_answer_to_a_removal(tmp_path: Path) -> None:
    gone = delivery(None, action="remove", held=(held("a.txt"),))
    with pytest.raises(AmbiguousError):
        send(silent, gone)


async def leaving(reader: Reader, writer: Writer) -> None:
    await reader.readexactly(1_000_000)
    writer.transport.abort()


@pytest.mark.parametrize("talk", [deaf, leaving])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_half_a_body_is_no_delivery(tmp_path: Path, talk: Talk, method: str) -> None:
    with pytest.raises(TransientError, match="broke off"):
        send(talk, large(tmp_path), method=method)


async def refusing_early(reader: Reader, writer: Writer) -> None:
    await reader.readexactly(100_000)
    writer.write(
        b"HTTP/1.1 413 Too Large\r\nContent-Length: 9\r\nConnection: close\r\n\r\nToo large"
    )
    await writer.drain()
    await silent(reader, writer)


def test_an_answer_before_the_end_of_the_body(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="413 Too large"):
        send(refusing_early, large(tmp_path), timeout=10)


async def slow(reader: Reader, writer: Writer) -> None:
    """A slow line: longer than the time-out altogether, but something moves."""
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        left = int(head.split("content-length:")[1].split()[0])
        while left:
            left -= len(await reader.read(min(left, 1024 * 1024)))
            await asyncio.sleep(0.05)
        writer.write(GOOD)
        await writer.drain()


@pytest.mark.slow
def test_a_slow_line_is_no_fault(tmp_path: Path) -> None:
    sent = delivery(parcel(tmp_path, {"a.txt": LARGE[: 4 * 1024 * 1024]}))
    assert send(slow, sent, timeout=2) is False


@pytest.mark.parametrize("line", [b"SSH-2.0-OpenSSH_9.6\r\n", b"220 FTP\r\n", b"\x15\x03\x03"])
def test_a_server_that_speaks_something_else(tmp_path: Path, line: bytes) -> None:
    async def talk(reader: Reader, writer: Writer) -> None:
        writer.write(line * 3)
        await writer.drain()
        await silent(reader, writer)

    with pytest.raises(DestinationMisconfigured, match=r"does not speak HTTP.*scheme and port"):
        send(talk, small(tmp_path), timeout=2)


def test_nonsense_from_a_server_that_speaks_http(tmp_path: Path) -> None:
    async def talk(reader: Reader, writer: Writer) -> None:
        await request_of(reader)
        writer.write(GOOD)
        await request_of(reader)
        writer.write(b"Oops\r\n\r\n")
        await writer.drain()

    with pytest.raises(AmbiguousError):
        second = delivery(parcel(tmp_path / "2", {"b": b"x"}), token="t2")
        send(talk, small(tmp_path), second, timeout=10)


def test_an_endless_head(tmp_path: Path) -> None:
    async def talk(reader: Reader, writer: Writer) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-Header: " + b"x" * 60_000 + b"\r\n")
            await writer.drain()

    with pytest.raises(DeliveryError):
        send(talk, small(tmp_path), timeout=10)


@pytest.mark.parametrize("status", [b"201", b"400"])
def test_an_answer_without_an_end(tmp_path: Path, status: bytes) -> None:
    """What it says counts; the rest is not read, and the connection not used again."""

    async def talk(reader: Reader, writer: Writer) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 " + status + b" Words\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            await writer.drain()

    again = delivery(parcel(tmp_path / "2", {"b": b"x"}), token="t2")
    if status == b"201":
        assert send(talk, small(tmp_path), again, timeout=10) is False
    else:
        with pytest.raises(DeliveryError, match="400 xxxx"):
            send(talk, small(tmp_path), timeout=10)


@pytest.mark.parametrize("rest", [b"Content-Length: 10000000000\r\n\r\nfew", b"\r\n", b""])
def test_a_good_answer_whose_body_does_not_come(tmp_path: Path, rest: bytes) -> None:
    async def talk(reader: Reader, writer: Writer) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 201 Created\r\n" + (rest or b"Content-Length: 5\r\n\r\n"))
        await writer.drain()
        if rest == b"\r\n":
            await asyncio.sleep(FOREVER)

    sent = small(tmp_path)
    send(talk, sent, timeout=2)
    assert [r.published for r in sent.receipts] == ["put"]


def test_a_file_given_back_without_an_end(tmp_path: Path) -> None:
    async def talk(reader: Reader, writer: Writer) -> None:
        head = ""
        while not head.startswith("GET"):
            head, _ = await request_of(reader)
            if not head.startswith("GET"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n")
                if head.startswith("PUT"):
                    writer.write(b"x")
                await writer.drain()
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            await writer.drain()

    with pytest.raises(TransientError, match="arrived damaged"):
        send(talk, small(tmp_path), verify="sha256", timeout=10)


def test_closing_does_not_hang(tmp_path: Path) -> None:
    async def run() -> None:
        async with RawServer(deaf) as server:
            target = destination(f"http://127.0.0.1:{server.port}/in", timeout=60)
            async with asyncio.timeout(30), opened(target) as sender:
                task = asyncio.create_task(sender.send(large(tmp_path)))
                await asyncio.sleep(0.2)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                assert sender.broken

    asyncio.run(run())
