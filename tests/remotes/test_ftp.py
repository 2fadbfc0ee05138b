"""The dialogue with an FTP server that answers as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from pigeon.exceptions import (
    AuthenticationError,
    DeliveryError,
    DestinationMisconfigured,
    PermanentError,
    TransientError,
    Unreachable,
)
from pigeon.remotes.base import RemoteStat
from pigeon.remotes.ftp import FTPRemote
from pigeon.remotes.source import Source
from tests.senders.parcels import destination, parcel

GREETING = "220 hello"


class Script:
    """An FTP server over one folder in memory, whose answers can be replaced."""

    def __init__(self, **answers: str) -> None:
        self.answers = {
            "USER": "331 password", "PASS": "230 in", "TYPE": "200 binary", "FEAT": "500 what?",
            "EPSV": "", "PASV": "", "STOR": "226 done", "SIZE": "550 no", "RNFR": "350 ready",
            "RNTO": "250 done", "MLST": "500 what?", "CWD": "550 no", "OPTS": "200 on",
        } | answers  # fmt: skip
        self.commands: list[str] = []
        self.received = b""
        self.tasks: list[asyncio.Task[None]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.tasks.append(task)
        data = await asyncio.start_server(self._take, "127.0.0.1", 0)
        try:
            await self._talk(reader, writer, data.sockets[0].getsockname()[1])
        finally:
            data.close()
            writer.transport.abort()

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int
    ) -> None:
        writer.write(f"{self.answers.get('GREETING', GREETING)}\r\n".encode())
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            self.commands.append(line)
            verb = line.split()[0]
            if verb == "QUIT":
                break
            answer = (
                self.answers[verb]
                or {
                    "EPSV": f"229 data (|||{port}|)",
                    "PASV": f"227 data (10,11,12,13,{port >> 8},{port & 255})",
                }[verb]
            )
            if verb == "STOR" and answer.startswith("226"):
                writer.write(b"150 go\r\n")
                await self.taken.wait()
            writer.write(f"{answer}\r\n".encode())

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.received = await reader.read()
        finally:
            self.taken.set()
            writer.transport.abort()

    def run(self, test: Callable[[FTPRemote], object], url: str = "ftp://u@{}/in") -> None:
        async def run() -> None:
            self.taken = asyncio.Event()
            server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
            host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
            remote = FTPRemote(destination(url.format(host), password="s3cret", timeout=5))
            try:
                await remote.open()
                await test(remote)  # type: ignore[misc]
            finally:
                await remote.close()
                server.close()
                await asyncio.gather(*self.tasks, return_exceptions=True)
                await asyncio.sleep(0)

        asyncio.run(run())


async def nothing(remote: FTPRemote) -> None:
    return None


def a_source(tmp_path: Path) -> Source:
    what = parcel(tmp_path, {"a": b"content"})
    return Source(what.local_path(what.files[0]), what.files[0])


@pytest.mark.parametrize("refusal", ["500 what?", "502 no", "522 no"])
def test_pasv_after_epsv_was_refused_once_and_its_host_is_not_trusted(
    refusal: str, tmp_path: Path
) -> None:
    script = Script(EPSV=refusal)

    async def put_twice(remote: FTPRemote) -> None:
        await remote.put(a_source(tmp_path), "/in/a")
        script.taken.clear()
        await remote.put(a_source(tmp_path), "/in/b")

    script.run(put_twice)
    verbs = [command.split()[0] for command in script.commands]
    assert verbs.count("EPSV") == 1
    assert verbs.count("PASV") == 2
    assert verbs.count("TYPE") == 1
    assert script.received == b"content"


def test_utf8_is_switched_on_where_it_is_offered() -> None:
    script = Script(FEAT="211-yes\r\n UTF8\r\n SIZE\r\n211 end")
    script.run(nothing)
    assert "OPTS UTF8 ON" in script.commands


def test_the_size_is_asked_by_mlst_where_size_is_missing() -> None:
    script = Script(
        FEAT="211-yes\r\n MLST size*;\r\n211 end",
        SIZE="502 no",
        MLST="250-here\r\n type=file;Size=7;modify=20260501120000; /in/a\r\n250 end",
    )

    async def check(remote: FTPRemote) -> None:
        found = await remote.stat("/in/a")
        assert (found.size, found.is_directory) == (7, False)
        assert found.modified is not None

    script.run(check)


def test_a_server_that_does_not_tell_sizes() -> None:
    async def check(remote: FTPRemote) -> None:
        assert await remote.stat("/in/a") == RemoteStat(None)

    Script(SIZE="502 no").run(check)


@pytest.mark.parametrize(
    ("answers", "error", "text"),
    [
        ({"PASS": "530 Login incorrect."}, AuthenticationError, "refused the login of user 'u'"),
        ({"USER": "530 No."}, AuthenticationError, "refused the login"),
        ({"GREETING": "421 Too many connections"}, Unreachable, "no further connection"),
        ({"PASS": "530 maximum of 2 connections"}, Unreachable, "lower OPTIONS['connections']"),
        ({"PASS": "332 account?"}, DestinationMisconfigured, "an account besides"),
        (
            {"GREETING": "SSH-2.0-OpenSSH"},
            DestinationMisconfigured,
            "not as an FTP server: SSH-2.0-OpenSSH.",
        ),
        ({"TYPE": "504 no"}, DestinationMisconfigured, "binary"),
    ],
)
def test_logins_that_fail(answers: dict[str, str], error: type[DeliveryError], text: str) -> None:
    with pytest.raises(error) as caught:
        Script(**answers).run(nothing)
    assert type(caught.value) is error
    assert text in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_server_that_repeats_our_password_does_not_get_it_into_the_message() -> None:
    with pytest.raises(AuthenticationError) as caught:
        Script(PASS="530 PASS s3cret is wrong").run(nothing)
    assert "s3cret" not in str(caught.value)
    assert "[redacted]" in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        ("452 full", TransientError, "disk or our quota is full"),
        ("552 quota", TransientError, "disk or our quota is full"),
        ("426 aborted", TransientError, "could not write /in/a now: 426"),
        ("421 bye", TransientError, "421 bye"),
        ("501 bad name", PermanentError, "refused to write /in/a: 501"),
        ("502 no", DestinationMisconfigured, "lacks a command"),
        ("530 no", AuthenticationError, "no longer accepts"),
    ],
)
def test_transfers_that_are_refused(
    answer: str, error: type[DeliveryError], text: str, tmp_path: Path
) -> None:
    async def put(remote: FTPRemote) -> None:
        with pytest.raises(error) as caught:
            await remote.put(a_source(tmp_path), "/in/a")
        assert text in str(caught.value)

    Script(STOR=answer).run(put)


@pytest.mark.parametrize("path", ["/in/a\r\nDELE b", "/in/a\nb", "/in/a\0"])
def test_a_name_cannot_smuggle_in_a_command(path: str, tmp_path: Path) -> None:
    script = Script()

    async def check(remote: FTPRemote) -> None:
        before = len(script.commands)
        for step in (
            remote.put(a_source(tmp_path), path),
            remote.stat(path),
            remote.remove(path),
            remote.make_directory(path),
            remote.rename("/in/x", path, replace=True),
            remote.rename(path, "/in/x", replace=True),
        ):
            with pytest.raises(PermanentError, match="line break"):
                await step
        assert len(script.commands) == before

    script.run(check)


def test_rename_is_asked_for_only_after_the_transfer_was_confirmed(tmp_path: Path) -> None:
    script = Script(SIZE="213 7")

    async def check(remote: FTPRemote) -> None:
        put = asyncio.create_task(remote.put(a_source(tmp_path), "/in/.a"))
        await script.taken.wait()
        assert not any(command.startswith("RNFR") for command in script.commands)
        await put
        await remote.rename("/in/.a", "/in/a", replace=True)
        assert script.commands[-2:] == ["RNFR /in/.a", "RNTO /in/a"]

    script.run(check)
