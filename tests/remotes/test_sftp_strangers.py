"""What is said when no SFTP server answers, or one that gives us no session."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import asyncssh
import pytest

from pigeon.exceptions import AuthenticationError, DestinationMisconfigured, Unreachable
from pigeon.remotes.threads import in_own_thread
from pigeon.testing.sftp_partner import SFTPPartner
from tests.capabilities import need
from tests.contracts.places import at_server, opened
from tests.remotes import strangers
from tests.remotes.sftp_logins import CLIENTS, log_in, refused
from tests.senders.parcels import delivery, destination, parcel
from tests.servers.account import Account
from tests.servers.process import free_port
from tests.servers.sshd import run_sshd

#: Seconds; short where the time-out is what a test waits for.
SHORT = 1.5
#: What is said of those who say nothing.
LATE = "did not answer within 0.5 seconds"


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.parametrize(
    ("talk", "words"),
    [
        (strangers.says(strangers.HTTP), "does not speak SSH|hung up"),
        (strangers.says(strangers.FTP, then_close=False), "not FTP|within 1.5 seconds"),
        (strangers.says(strangers.OLD), "does not speak SSH"),
        (strangers.repeats(strangers.GARBAGE), "does not speak SSH"),
        (strangers.repeats(strangers.LINE), "does not speak SSH"),
        (strangers.repeats(b"x" * 1000), "does not speak SSH|within 1.5 seconds"),
        (strangers.says(b""), "hung up"),
        (strangers.says(b"SSH-2.0-x\r\n"), "hung up"),
        (strangers.says(b"", then_close=False), LATE),
        (strangers.says(b"SSH-2.0-x\r\n", then_close=False), LATE),
        (strangers.repeats(b"SSH-2.0-x\r\n"), "does not speak SSH"),
    ],
    ids=["http", "ftp", "ssh-1", "garbage", "endless", "no-line", "hang-up", "hang-up-later",
         "silence", "silence-later", "no-packets"],
)  # fmt: skip
def test_strangers(client: str, talk: Callable[..., None], words: str) -> None:
    with strangers.answering(talk) as port:
        url = f"sftp://u@127.0.0.1:{port}/x"
        options = {"client": client, "password": "s3cret", "timeout": SHORT}
        if words == LATE:
            options["timeout"] = 0.5
        message = refused(Unreachable, url, options | {"host_key_check": False})
        assert any(word in message for word in words.split("|")), message
        assert f"127.0.0.1:{port}" in message
        assert "port" in message
    no_threads_left()


def no_threads_left() -> None:
    deadline = time.monotonic() + 60
    while names := [one.name for one in threading.enumerate() if _is_ours(one)]:
        assert time.monotonic() < deadline, names
        time.sleep(0.02)


def _is_ours(thread: threading.Thread) -> bool:
    return thread.name.startswith("pigeon-") or "paramiko" in type(thread).__module__


def test_nobody_there(client: str) -> None:
    options = {"client": client, "password": "x"}
    message = refused(Unreachable, f"sftp://u@127.0.0.1:{free_port()}/x", options)
    assert "cannot be reached" in message
    message = refused(Unreachable, "sftp://u@no-such-host.invalid/x", options)
    assert "host name 'no-such-host.invalid' cannot be resolved" in message


@pytest.mark.parametrize("how", ["subsystem", "command"])
def test_a_login_without_sftp(
    server_folder: Path, account: Account, client: str, how: str
) -> None:
    need("sshd")
    config = {
        "subsystem": "Subsystem sftp /nowhere/at/all\nForceCommand /bin/false\n",
        "command": "ForceCommand echo This service allows sftp connections only.\n",
    }[how]
    with run_sshd(server_folder, account, config=config) as server:
        message = refused(
            DestinationMisconfigured, server.url(), server.options(client=client, timeout=20)
        )
    assert f"let user '{account.name}' in but offers no SFTP" in message
    assert "enable the SFTP subsystem" in message


def test_no_session_at_all(server_folder: Path, account: Account, client: str) -> None:
    need("sshd")
    with run_sshd(server_folder, account, config="MaxSessions 0\n") as server:
        message = refused(Unreachable, server.url(), server.options(client=client))
    assert "opens no further session" in message
    assert "OPTIONS['connections']" in message


def test_fewer_sessions_than_we_would_use(
    server_folder: Path, account: Account, client: str, tmp_path: Path
) -> None:
    """paramiko has one file at a time on each: then it makes do with what there are."""
    need("sshd")
    with run_sshd(server_folder, account, config="MaxSessions 2\n") as server:
        place = at_server(server)
        wanted = {f"{n}.txt": b"%d" % n for n in range(20)}
        place.send(delivery(parcel(tmp_path, wanted)), client=client)
        assert place.files() == wanted


def test_too_many_connections(server_folder: Path, account: Account, client: str) -> None:
    """Those that are not logged in yet count; here two that say nothing."""
    need("sshd")
    with run_sshd(server_folder, account, config="MaxStartups 2:100:2\n") as server:

        async def try_it() -> str:
            async with AsyncExitStack() as stack:
                for _ in range(2):
                    stack.callback((await silent_line(server.port)).close)
                with pytest.raises(Unreachable) as caught:
                    async with opened(destination(server.url(), **server.options(client=client))):
                        pass
                return str(caught.value)

        message = asyncio.run(try_it())
    assert "does the server take so many connections of ours at once" in message


async def silent_line(port: int) -> asyncio.StreamWriter:
    """A connection that the server counts, once it has forgotten those of the test's start."""
    async with asyncio.timeout(60):
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            if (await reader.readline()).startswith(b"SSH-2.0"):
                return writer
            writer.close()
            await asyncio.sleep(0.05)


def test_a_server_that_freezes_during_the_login(client: str, sshd_of_ours: object) -> None:
    with sshd_of_ours.hanging():  # type: ignore[attr-defined]
        options = sshd_of_ours.options(client=client, timeout=SHORT)  # type: ignore[attr-defined]
        message = refused(Unreachable, sshd_of_ours.url(), options)  # type: ignore[attr-defined]
    assert "within 1.5 seconds" in message
    no_threads_left()


@pytest.fixture
def sshd_of_ours(server_folder: Path, account: Account) -> object:
    need("sshd")
    with run_sshd(server_folder, account) as server:
        yield server


ODD = "p@ss:w/o%r#d ü?&+"


@pytest.fixture(scope="module")
def odd_partner() -> SFTPPartner:
    with SFTPPartner(password=ODD) as partner:
        yield partner


def test_a_password_of_odd_characters(client: str, odd_partner: SFTPPartner) -> None:
    from urllib.parse import quote

    options = {"known_hosts": odd_partner.known_hosts, "client": client}
    log_in(odd_partner.url, options | {"password": ODD})
    in_url = odd_partner.url.replace("@", f":{quote(ODD, safe='')}@")
    log_in(in_url, options)
    message = refused(AuthenticationError, in_url.replace("%40", "%41"), options)
    assert "p@ss" not in message
    assert "pAss" not in message


class _Doorkeeper(asyncssh.SSHServer):
    """Asks ``prompts``, and lets nobody in whose answers are others than ``answers``."""

    def __init__(
        self, prompts: list[tuple[str, bool]], answers: list[str], *, passwords: bool = False
    ) -> None:
        self.prompts, self.answers, self.passwords = prompts, answers, passwords
        self.given: list[object] = []
        self.connections: list[asyncssh.SSHServerConnection] = []

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.connections.append(conn)

    def password_auth_supported(self) -> bool:
        return self.passwords

    def validate_password(self, username: str, password: str) -> bool:
        self.given.append(password)
        return False

    def kbdint_auth_supported(self) -> bool:
        return True

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> object:
        return "Login", "", "", self.prompts

    def validate_kbdint_response(self, username: str, responses: list[str]) -> bool:
        self.given.append(responses)
        return responses == self.answers


@pytest.mark.parametrize(
    ("prompts", "asked"),
    [
        ([("Ihr Kennwort: ", False)], ""),
        ([("Password: ", False), ("Verification code: ", False)], "Verification code:"),
        ([("Your name: ", True)], "Your name:"),
    ],
    ids=["another language", "a code", "shown"],
)
def test_questions(client: str, prompts: list[tuple[str, bool]], asked: str) -> None:
    """Of an in-process server; tests of the login ask the real sshd's."""

    def check(url: str, options: dict[str, object]) -> None:
        if asked:
            message = refused(AuthenticationError, url, options)
            assert f"it asked '{asked}', which is more than a password" in message
        else:
            log_in(url, options)

    asyncio.run(at_the_door(_Doorkeeper(prompts, ["s3cret"]), client, check))


@pytest.mark.parametrize("passwords", [True, False])
def test_a_wrong_password_is_sent_once(client: str, passwords: bool) -> None:
    """Whatever ways the server offers: a second one could lock the account."""
    door = _Doorkeeper([("Password: ", False)], ["another"], passwords=passwords)
    asyncio.run(at_the_door(door, client, lambda *to: refused(AuthenticationError, *to)))
    assert door.given == [["s3cret"]]


async def at_the_door(door: _Doorkeeper, client: str, what: Callable[..., object]) -> None:
    """Run ``what`` with the URL of a server that ``door`` guards, and options that log in."""
    server = await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        server_factory=lambda: door, sftp_factory=True,
    )  # fmt: skip
    options = {"client": client, "password": "s3cret", "host_key_check": False}
    try:
        url = f"sftp://u@127.0.0.1:{server.get_port()}/"
        await in_own_thread(lambda: what(url, options))
    finally:
        server.close()
        for connection in door.connections:
            connection.abort()
            await connection.wait_closed()
        await server.wait_closed()
