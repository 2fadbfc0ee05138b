"""The dialogue with an FTP server that answers as a test says."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pigeon.exceptions import (
    AuthenticationError,
    DeliveryError,
    DestinationMisconfigured,
    ParcelDamaged,
    PermanentError,
    TransientError,
    Unreachable,
)
from pigeon.remotes.base import ChmodUnsupported, RemoteStat
from pigeon.remotes.ftp import FTPRemote
from pigeon.remotes.source import Source
from pigeon.senders.registry import sender_class
from tests.senders.parcels import destination, parcel
from tests.servers.certificates import Certificates

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
        self.to_send: bytes | None = None
        #: Seconds for which it looks, before its 226, whether something comes meanwhile.
        self.listens, self.early = 0.0, b""
        self.context: ssl.SSLContext | None = None
        #: Bytes of a transfer that its system takes in advance; ``None`` lets it choose.
        self.buffer: int | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.tasks.append(task)
        data = await asyncio.start_server(self._take, "127.0.0.1", 0)
        if self.buffer is not None:
            data.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.buffer)
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
            if verb in ("STOR", "APPE") and answer.startswith("226"):
                writer.write(b"150 go\r\n")
                await self.taken.wait()
                if self.listens:
                    with contextlib.suppress(TimeoutError):
                        self.early = await asyncio.wait_for(reader.readline(), self.listens)
            writer.write(f"{answer}\r\n".encode("utf-8", "surrogateescape"))
            if verb == "AUTH" and answer.startswith("234"):
                await writer.start_tls(self.context)  # type: ignore[arg-type]
            if verb in ("MLSD", "RETR") and answer.startswith("150"):
                await self.taken.wait()
                writer.write(b"226 done\r\n")

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.to_send is None:
                self.received = await reader.read()
            elif self.to_send:
                writer.write(self.to_send)
                writer.write_eof()
                await reader.read()
        finally:
            self.taken.set()
            writer.transport.abort()

    def run(
        self,
        test: Callable[[FTPRemote], object],
        url: str = "ftp://u@{}/in",
        **options: object,
    ) -> None:
        async def run() -> None:
            self.taken = asyncio.Event()
            server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
            host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
            given = {"password": "s3cret", "timeout": 5} | options
            target = destination(url.format(host), **given)
            remote = sender_class(target.scheme).remote_class(target)  # type: ignore[union-attr]
            try:
                await remote.open()
                await test(remote)  # type: ignore[misc]
            finally:
                await remote.close()
                server.close()
                await asyncio.gather(*self.tasks, return_exceptions=True)
                for _ in range(5):  # what was let in at last is closed by then
                    await asyncio.sleep(0)

        asyncio.run(run())


async def nothing(remote: FTPRemote) -> None:
    return None


def a_source(tmp_path: Path) -> Source:
    what = parcel(tmp_path, {"a": b"content"})
    return Source(what.local_path(what.files[0]), what.files[0])


@pytest.mark.parametrize(
    ("greeting", "size", "order"),
    [
        (
            "220 (vsFTPd 3.0.3)",
            7,
            ["EPSV", "STOR", "SIZE", "EPSV", "RNFR", "RNTO", "STOR", "SIZE", "EPSV", "QUIT"],
        ),
        ("220 ProFTPD Server", None, ["EPSV", "STOR", "RNFR", "RNTO", "EPSV", "STOR", "QUIT"]),
    ],
)
def test_size_and_the_next_port_are_asked_for_behind_a_transfer_where_that_is_safe(
    greeting: str, size: int | None, order: list[str], tmp_path: Path
) -> None:
    """A server that answers in the middle of a transfer would be put out of step."""
    script = Script(GREETING=greeting, SIZE="213 7")

    async def put_twice(remote: FTPRemote) -> None:
        assert await remote.put(a_source(tmp_path), "/in/a") == size
        await remote.rename("/in/a", "/in/c", replace=True)
        script.taken.clear()
        assert await remote.put(a_source(tmp_path), "/in/b") == size

    script.run(put_twice)
    verbs = [command.split()[0] for command in script.commands]
    assert verbs[verbs.index("EPSV") :] == order


def test_a_port_is_not_used_by_another_connection_than_that_which_asked(tmp_path: Path) -> None:
    script = Script(GREETING="220 (vsFTPd 3.0.3)")

    async def put_after_opening_again(remote: FTPRemote) -> None:
        await remote.put(a_source(tmp_path), "/in/a")
        await remote.close()
        script.taken.clear()
        await remote.open()
        try:
            await remote.put(a_source(tmp_path), "/in/b")
        finally:
            script.taken.set()  # or the server would wait for data that went elsewhere

    script.run(put_after_opening_again)
    again = script.commands[script.commands.index("QUIT") :]
    assert [line.split()[0] for line in again][-5:] == ["EPSV", "STOR", "SIZE", "EPSV", "QUIT"]


@pytest.mark.parametrize("answer", ["500 what?", "550 no", "213 ?"])
def test_a_size_that_is_not_told_behind_a_transfer_is_no_failure(
    answer: str, tmp_path: Path
) -> None:
    script = Script(GREETING="220 (vsFTPd 3.0.3)", SIZE=answer)

    async def put_twice(remote: FTPRemote) -> None:
        for _ in range(2):
            script.taken.clear()
            assert await remote.put(a_source(tmp_path), "/in/a") is None

    script.run(put_twice)
    asked = [line.split()[0] for line in script.commands].count("SIZE")
    assert asked == (1 if answer.startswith("500") else 2), "what it does not know is asked once"


def test_a_refusal_counts_although_the_size_is_told(tmp_path: Path) -> None:
    """A file of an earlier attempt may stand there."""
    script = Script(GREETING="220 (vsFTPd 3.0.3)", SIZE="213 7", STOR="452 full")

    async def put(remote: FTPRemote) -> None:
        with pytest.raises(TransientError, match="452 full"):
            await remote.put(a_source(tmp_path), "/in/a")

    script.run(put)


def test_who_waits_for_the_turn_hears_that_the_server_is_silent(tmp_path: Path) -> None:
    """Both, the one whose transfer it is and the one behind it, in one time-out."""

    class Silent(Script):
        async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.transport.abort()

    script = Silent(GREETING="220 (vsFTPd 3.0.3)")

    async def put_two(remote: FTPRemote) -> None:
        puts = [remote.put(a_source(tmp_path), f"/in/{name}") for name in "ab"]
        async with asyncio.timeout(20):
            errors = await asyncio.gather(*puts, return_exceptions=True)
        assert [type(error) for error in errors] == [TransientError] * 2, errors
        assert "stopped answering for 1 seconds" in str(errors[0])
        script.taken.set()  # or the server would wait for ever

    script.run(put_two, timeout=1)


def test_the_turn_goes_on_after_one_who_was_cancelled(tmp_path: Path) -> None:
    script = Script(GREETING="220 (vsFTPd 3.0.3)", SIZE="213 7")

    async def put_three(remote: FTPRemote) -> None:
        puts = [
            asyncio.create_task(remote.put(a_source(tmp_path), f"/in/{name}")) for name in "abc"
        ]
        await script.taken.wait()
        puts[1].cancel()
        async with asyncio.timeout(20):
            done = await asyncio.gather(*puts, return_exceptions=True)
        assert [done[0], done[2]] == [7, 7]
        assert isinstance(done[1], asyncio.CancelledError)

    script.run(put_three)


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


def test_what_others_want_to_say_during_a_transfer_goes_out_together_after_it(
    tmp_path: Path,
) -> None:
    script = Script(SIZE="213 7", DELE="550 no")
    script.listens = 0.3

    async def check(remote: FTPRemote) -> None:
        first = asyncio.create_task(remote.put(a_source(tmp_path), "/in/.a"))
        await script.taken.wait()  # the 226 has not been read
        others = [
            asyncio.create_task(remote.stat("/in/x")),
            asyncio.create_task(remote.remove("/in/y")),
        ]
        await asyncio.gather(first, *others, return_exceptions=True)
        verbs = [command.split()[0] for command in script.commands]
        assert verbs[verbs.index("STOR") :] == ["STOR", "SIZE", "DELE", "SIZE"]

    script.run(check)
    assert script.early == b""


def test_a_cancelled_question_does_not_shift_the_answers() -> None:
    script = Script(SIZE="213 7", CWD="250 in", MKD="257 made")

    async def check(remote: FTPRemote) -> None:
        asked = asyncio.create_task(remote.make_directory("/in/new"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # it has been sent
        asked.cancel()
        assert (await remote.stat("/in/a")).size == 7
        assert not remote.broken

    script.run(check)


def test_half_a_rename_is_never_sent() -> None:
    """After a lone RNFR the next RNTO, of whatever delivery, would give this file its name."""
    script = Script()

    async def check(remote: FTPRemote) -> None:
        given_up = asyncio.create_task(remote.rename("/in/a.part", "/in/a", replace=True))
        await asyncio.sleep(0)  # both commands wait for the next flight
        given_up.cancel()
        await remote.rename("/in/b.part", "/in/b", replace=True)
        given_up = asyncio.create_task(remote.rename("/in/c.part", "/in/c", replace=True))
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # both have been sent
        given_up.cancel()
        await remote.rename("/in/d.part", "/in/d", replace=True)

    script.run(check)
    renames = [command for command in script.commands if command.startswith("RN")]
    pairs = list(zip(renames[::2], renames[1::2], strict=True))
    assert [first.replace("RNFR", "RNTO").removesuffix(".part") for first, _ in pairs] == [
        second for _, second in pairs
    ]
    assert {"RNTO /in/b", "RNTO /in/d"} <= set(renames)


def test_an_rnfr_that_is_refused_is_no_rename_whatever_the_rnto_says() -> None:
    async def check(remote: FTPRemote) -> None:
        with pytest.raises(PermanentError, match=r"refused to rename /in/a\.part"):
            await remote.rename("/in/a.part", "/in/a", replace=True)

    Script(RNFR="501 bad sequence", RNTO="250 done", SIZE="213 7").run(check)


def test_an_offset_is_taken_back_with_the_delivery_that_asked_for_it(tmp_path: Path) -> None:
    """A server keeps it for the next upload, which would begin in the middle of its file."""
    script = Script(REST="350 ok")

    async def check(remote: FTPRemote) -> None:
        before = len(script.commands)
        given_up = asyncio.create_task(remote.put(a_source(tmp_path), "/in/a", 3))
        while script.commands[-1] != "REST 3":
            await asyncio.sleep(0)
        given_up.cancel()
        await remote.put(a_source(tmp_path), "/in/b")
        assert script.commands[before:] == ["EPSV", "REST 3", "REST 0", "EPSV", "STOR /in/b"]

    script.run(check)
    assert script.received == b"content"


@pytest.mark.parametrize("when", ["SIZE", "EPSV", "STOR", "RNFR", "DELE"])
def test_421_at_any_point_ends_the_connection(when: str, tmp_path: Path) -> None:
    async def check(remote: FTPRemote) -> None:
        with pytest.raises(DeliveryError, match="421 Timeout"):
            if when == "SIZE":
                await remote.stat("/in/a")
            elif when == "DELE":
                await remote.remove("/in/a")
            elif when == "RNFR":
                await remote.rename("/in/a", "/in/b", replace=True)
            else:
                await remote.put(a_source(tmp_path), "/in/a")
        assert remote.broken

    Script(**{when: "421 Timeout"}).run(check)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("229 over there", "nonsense: 22[79] over there"),
        ("229 (|||0|)", "nonsense"),
        ("229 (|||99999|)", "nonsense"),
        ("229 (|||-1|)", "nonsense"),
    ],
)
def test_nonsense_for_a_data_port(answer: str, text: str, tmp_path: Path) -> None:
    async def check(remote: FTPRemote) -> None:
        with pytest.raises(DestinationMisconfigured, match=text.replace("(", r"\(")):
            await remote.put(a_source(tmp_path), "/in/a")

    Script(EPSV=answer).run(check)
    Script(EPSV="500 what?", PASV=answer.replace("229", "227")).run(check)


def test_a_listing_that_would_lead_elsewhere(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever sets up logging in this process may have switched off what there was before.
    monkeypatch.setattr(logging.getLogger("pigeon.remotes"), "disabled", False)
    script = Script(FEAT="211-yes\r\n MLST size*;\r\n211 end", MLSD="150 here")
    script.to_send = (
        b"type=file;size=1; ..\r\ntype=file;size=1; ../../etc/passwd\r\n"
        b"type=file;size=1; /etc/passwd\r\ntype=file;size=1; a\rb\r\n"
        b"type=file;size=1; \r\ngarbage\r\ntype=file;size=1; \xff\xfe\r\n"
        b"type=file;size=9999999999999999999999999; big\r\n"
        b"type=file;size=3; good.xml\r\n"
    )

    async def check(remote: FTPRemote) -> None:
        found = {entry.name: entry.stat.size async for entry in remote.list("/in")}
        assert found == {"good.xml": 3, "big": None}

    script.run(check)
    assert caplog.text.count("which is no file name") == 3


def test_a_listing_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pigeon.remotes.ftp.MAX_LISTING", 100)
    script = Script(FEAT="211-yes\r\n MLST size*;\r\n211 end", MLSD="150 here")
    script.to_send = b"type=file; x\r\n" * 100

    async def check(remote: FTPRemote) -> None:
        with pytest.raises(PermanentError, match="does not stop listing"):
            _ = [entry async for entry in remote.list("/in")]

    script.run(check)


def test_an_announced_length_is_only_a_number(tmp_path: Path) -> None:
    async def check(remote: FTPRemote) -> None:
        assert (await remote.stat("/in/a")).size == 10 * 1024**3

    Script(SIZE=f"213 {10 * 1024**3}").run(check)


@pytest.mark.parametrize("code", ["500", "502", "504", "550"])
def test_chmod_where_there_is_none(code: str) -> None:
    async def check(remote: FTPRemote) -> None:
        with pytest.raises(ChmodUnsupported, match=f"{code} no"):
            await remote.chmod("/in/a", 0o640)

    script = Script(SITE=f"{code} no")
    script.run(check)
    assert "SITE CHMOD 640 /in/a" in script.commands


def test_free_space_where_it_is_told() -> None:
    async def told(remote: FTPRemote) -> None:
        assert await remote.free_space() == 1234

    async def not_told(remote: FTPRemote) -> None:
        assert await remote.free_space() is None

    Script(FEAT="211-yes\r\n AVBL\r\n211 end", AVBL="213 1234").run(told)
    Script().run(not_told)


@pytest.mark.parametrize(
    ("answers", "verbs"),
    [
        ({"REST": "350 ok"}, ["EPSV", "REST", "STOR"]),
        (
            {"REST": "502 no", "SIZE": "213 3", "APPE": "226 done"},
            ["EPSV", "REST", "SIZE", "EPSV", "APPE"],
        ),
        ({"REST": "502 no", "SIZE": "213 4"}, ["EPSV", "REST", "SIZE", "EPSV", "STOR"]),
        (
            {"REST": "502 no", "SIZE": "213 3", "APPE": "502 no"},
            ["EPSV", "REST", "SIZE", "EPSV", "APPE", "EPSV", "STOR"],
        ),
    ],
)  # fmt: skip
def test_going_on_at_an_offset(answers: dict[str, str], verbs: list[str], tmp_path: Path) -> None:
    script = Script(**answers)

    async def check(remote: FTPRemote) -> None:
        before = len(script.commands)
        await remote.put(a_source(tmp_path), "/in/a", 3)
        assert [command.split()[0] for command in script.commands[before:]] == verbs

    script.run(check)
    went_on = verbs[-1] == "APPE" or "SIZE" not in verbs
    assert script.received == (b"tent" if went_on else b"content")


def test_a_data_connection_that_breaks_is_no_success(tmp_path: Path) -> None:
    """Even if the server says 226."""
    script = Script()
    script.to_send = b""  # it closes at once
    what = parcel(tmp_path, {"a": b"x" * 8_000_000})

    async def check(remote: FTPRemote) -> None:
        source = Source(what.local_path(what.files[0]), what.files[0])
        with pytest.raises(TransientError, match="broke off the data connection"):
            await remote.put(source, "/in/a")

    script.run(check)


def test_plain_is_no_way_out_where_tls_is_refused() -> None:
    for answer in ("500 what?", "534 not here", "431 no"):
        script = Script(AUTH=answer)
        with pytest.raises(DestinationMisconfigured, match=r"refuses TLS: \d+ .* ftps://"):
            script.run(nothing, "ftp+tls://u@{}/in")
        assert script.commands == ["AUTH TLS"]


@pytest.fixture
def tls(certificates: Certificates) -> ssl.SSLContext:
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found.load_cert_chain(certificates.server, certificates.server_key)
    return found


def test_data_in_plain_is_no_way_out_either(
    tls: ssl.SSLContext, certificates: Certificates
) -> None:
    script = Script(AUTH="234 go", PBSZ="200 ok", PROT="536 no")
    script.context = tls
    with pytest.raises(DestinationMisconfigured, match=r"refuses to encrypt data .*536 no"):
        script.run(nothing, "ftp+tls://u@{}/in", ca_file=str(certificates.authority))
    assert "PASS s3cret" in script.commands


def test_nothing_can_be_slipped_in_before_tls(tls: ssl.SSLContext) -> None:
    script = Script(AUTH="234 go\r\n230 you are in already")
    script.context = tls
    with pytest.raises(DeliveryError):
        script.run(nothing, "ftp+tls://u@{}/in")
    assert script.commands == ["AUTH TLS"]


def test_a_wrong_login_in_tls(tls: ssl.SSLContext, certificates: Certificates) -> None:
    script = Script(AUTH="234 go", PASS="530 Login incorrect.")
    script.context = tls
    with pytest.raises(AuthenticationError, match="refused the login of user 'u'"):
        script.run(nothing, "ftp+tls://u@{}/in", ca_file=str(certificates.authority))


LARGE = bytes(range(256)) * 32_768  # 8 MB


def a_large_source(tmp_path: Path) -> Source:
    what = parcel(tmp_path, {"a": LARGE})
    return Source(what.local_path(what.files[0]), what.files[0])


@pytest.mark.parametrize("damaged", [LARGE[:-1] + b"#", LARGE + b"#", LARGE[:-1], LARGE[:99]])
def test_a_damaged_large_file_never_counts_as_whole(damaged: bytes, tmp_path: Path) -> None:
    """Its end is a reset, so that the server cannot take it for a whole file either."""

    class Noting(Script):
        ends: str = ""
        size = 0

        async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while block := await reader.read(1_000_000):
                    self.size += len(block)
                self.ends = "in order"
            except ConnectionResetError:
                self.ends = "reset"
            self.taken.set()
            writer.transport.abort()

    source = a_large_source(tmp_path)
    source.local_path.write_bytes(damaged)
    script = Noting()

    async def put(remote: FTPRemote) -> None:
        with pytest.raises(ParcelDamaged):
            await remote.put(source, "/in/a")
        await script.taken.wait()
        assert not remote.broken

    script.run(put)
    assert script.ends == "reset"
    assert script.size <= len(LARGE)


def test_a_server_that_stops_taking_a_large_file_is_noticed(tmp_path: Path) -> None:
    class Full(Script):
        async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            await self.taken.wait()
            writer.transport.abort()

    script = Full()
    what = parcel(tmp_path, {"a": LARGE * 4})

    async def put(remote: FTPRemote) -> None:
        source = Source(what.local_path(what.files[0]), what.files[0])
        async with asyncio.timeout(20):
            with pytest.raises(TransientError, match=r"stopped answering for 1 seconds"):
                await remote.put(source, "/in/a")
        assert remote.broken
        script.taken.set()

    script.run(put, timeout=1)


def test_a_server_that_takes_a_large_file_slowly_is_borne_with(tmp_path: Path) -> None:
    """As long as something moves, the file may take longer than the time-out."""

    class Slow(Script):
        async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            got = bytearray()
            while block := await reader.read(200_000):
                got += block
                await asyncio.sleep(0.04)
            self.received = bytes(got)
            self.taken.set()
            writer.transport.abort()

    script = Slow()
    # What the system has taken looks as if it had arrived: with megabytes of that, the test
    # would be about the size of the buffer.
    script.buffer = 100_000
    took = 0.0

    async def put(remote: FTPRemote) -> None:
        nonlocal took
        began = time.monotonic()
        await remote.put(a_large_source(tmp_path), "/in/a")
        took = time.monotonic() - began

    script.run(put, timeout=1.5)
    assert script.received == LARGE
    assert took > 1.5, "too fast to show anything"
