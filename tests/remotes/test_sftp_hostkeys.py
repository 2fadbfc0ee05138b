"""Whom Pigeon takes for the partner: by known_hosts files and by pinned keys."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from pigeon.exceptions import AuthenticationError, DestinationMisconfigured
from pigeon.senders.registry import check_destination
from tests.capabilities import need
from tests.remotes.sftp_logins import CLIENTS, log_in, refused, url_at
from tests.senders.parcels import destination
from tests.servers.account import Account
from tests.servers.server import Server
from tests.servers.sshd import certify_host, run_sshd

HOSTS = ["127.0.0.1", "::1"]


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def both(scratch: Path, account: Account) -> Iterator[Server]:
    """A server at both loopback addresses, whose key has a certificate, too."""
    need("sshd")
    with run_sshd(scratch / "hostkeys", account, config="ListenAddress ::1\n") as server:
        yield server


def without(server: Server, client: str, **more: Any) -> dict[str, Any]:
    """Options that log in as ourselves, and say nothing about the server."""
    return {"key_file": str(server.key_file), "client": client, **more}


def host_key(server: Server) -> str:
    """The server's public key: type and data."""
    return " ".join((server.known_hosts.parent / "host_key.pub").read_text().split()[:2])


def fingerprint(server: Server) -> str:
    return asyncssh.import_public_key(host_key(server)).get_fingerprint()


def a_key(kind: str = "ssh-ed25519") -> str:
    return asyncssh.generate_private_key(kind).export_public_key().decode().strip()


@pytest.mark.parametrize("host", HOSTS)
def test_the_line_of_the_message_makes_the_server_known(
    both: Server, client: str, tmp_path: Path, host: str
) -> None:
    file, url = tmp_path / "known_hosts", url_at(both, host)
    message = refused(AuthenticationError, url, without(both, client, known_hosts=file))
    assert "is unknown" in message
    explanation, line = message.split("add this line to it: ")
    assert f"the fingerprint {fingerprint(both)}" in explanation
    assert f"OPTIONS['host_key'] to '{fingerprint(both)}'" in explanation
    assert line == f"[{host}]:{both.port} {host_key(both)}"
    file.write_text(line + "\n")
    facts = log_in(url, without(both, client, known_hosts=file))
    assert facts["host key"] == f"ssh-ed25519 {fingerprint(both)}"
    log_in(url, without(both, client, host_key=fingerprint(both)))


def test_the_line_for_the_usual_port(client: str) -> None:
    """Nobody listens at port 22 in a test; the line is what counts."""
    from pigeon.remotes.sftp import SFTPRemote
    from pigeon.remotes.sftp_hostkeys import HostKeys

    key = asyncssh.generate_private_key("ssh-ed25519").convert_to_public()
    for url, name in (
        ("sftp://u@[2001:db8::7]/x", "2001:db8::7"),
        ("sftp://u@a.example", "a.exa"),
    ):
        keys = HostKeys(SFTPRemote(destination(url, known_hosts="/nowhere/at/all")))
        assert not keys.accepts(key)
        line = str(keys.refusal()).split("add this line to it: ")[1]
        assert line.startswith(name)
        found = asyncssh.import_known_hosts(line).match(keys._host, "", None)[0]
        assert found == [key]


@pytest.mark.parametrize("host", HOSTS)
def test_hashed_names(both: Server, client: str, tmp_path: Path, host: str) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(f"[{host}]:{both.port} {host_key(both)}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", file], check=True, capture_output=True)
    assert file.read_text().startswith("|1|")
    log_in(url_at(both, host), without(both, client, known_hosts=file))


def test_a_name_without_port_and_comments(both: Server, client: str, tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(f"# the partner\n\nother.example,127.0.0.1 {host_key(both)} comment\n")
    log_in(url_at(both), without(both, client, known_hosts=file))


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
def test_a_changed_key(both: Server, client: str, tmp_path: Path, kind: str) -> None:
    """Also where the known key is of a type that the server has no more."""
    file = tmp_path / "known_hosts"
    file.write_text(f"[127.0.0.1]:{both.port} {a_key(kind)}\n")
    options = without(both, client, known_hosts=file)
    message = refused(AuthenticationError, url_at(both), options)
    assert f"shows another host key than the one in {file}" in message
    explanation, line = message.split("put this line there in its place: ")
    assert fingerprint(both) in explanation
    file.write_text(line)
    log_in(url_at(both), options)


def test_one_of_several_known_keys(both: Server, client: str, tmp_path: Path) -> None:
    file, name = tmp_path / "known_hosts", f"[127.0.0.1]:{both.port}"
    keys = [a_key("ecdsa-sha2-nistp256"), host_key(both), a_key()]
    file.write_text("".join(f"{name} {key}\n" for key in keys))
    log_in(url_at(both), without(both, client, known_hosts=file))


@pytest.mark.parametrize("name", ["[127.0.0.1]:{port}", "127.0.0.1", "*"])
def test_a_revoked_key(both: Server, client: str, tmp_path: Path, name: str) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(
        f"[127.0.0.1]:{both.port} {host_key(both)}\n"
        f"@revoked {name.format(port=both.port)} {host_key(both)}\n"
    )
    message = refused(AuthenticationError, url_at(both), without(both, client, known_hosts=file))
    assert f"is revoked in {file}" in message


def test_a_revoked_key_counts_where_the_name_has_no_port(
    both: Server, client: str, tmp_path: Path
) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(
        f"127.0.0.1 {host_key(both)}\n@revoked [127.0.0.1]:{both.port} {host_key(both)}\n"
    )
    options = without(both, client, known_hosts=file)
    assert "is revoked in" in refused(AuthenticationError, url_at(both), options)


def test_a_file_that_is_none(both: Server, client: str, tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text("only-one-word\n")
    options = without(both, client, known_hosts=file)
    message = refused(DestinationMisconfigured, url_at(both), options)
    assert f"known_hosts file {file} cannot be read" in message
    assert "only-one-word" in message


def test_certificates_of_hosts(scratch: Path, account: Account, tmp_path: Path) -> None:
    need("sshd")
    file = tmp_path / "known_hosts"
    with run_sshd(scratch / "certified", account, config=certify_host("127.0.0.1")) as server:
        authority = (server.known_hosts.parent / "authority.pub").read_text()
        options = without(server, "asyncssh", known_hosts=file)
        file.write_text(f"@cert-authority * {authority}")
        log_in(server.url(), options)
        file.write_text(f"@cert-authority * {a_key()}")
        assert "certificate" in refused(AuthenticationError, server.url(), options)
        file.write_text(f"@cert-authority * {authority}@revoked * {authority}")
        assert "is revoked in" in refused(AuthenticationError, server.url(), options)
        file.write_text(f"@cert-authority * {authority}@revoked * {host_key(server)}\n")
        assert "is revoked in" in refused(AuthenticationError, server.url(), options)
        # A plain key counts as ever, and is what paramiko can check.
        file.write_text(f"@cert-authority other.example {authority}* {host_key(server)}")
        for client in CLIENTS:
            log_in(server.url(), options | {"client": client})
        file.write_text(f"@cert-authority * {authority}")
        message = refused(AuthenticationError, server.url(), options | {"client": "paramiko"})
        assert "paramiko cannot check" in message
    with run_sshd(scratch / "other", account, config=certify_host("other.example")) as server:
        authority = (server.known_hosts.parent / "authority.pub").read_text()
        file.write_text(f"@cert-authority * {authority}")
        message = refused(AuthenticationError, server.url(), options)
        assert "made for this host name" in message


def test_pins(both: Server, client: str) -> None:
    """A fingerprint, with or without padding, a public key, a list of them."""
    right = fingerprint(both)
    wrong = asyncssh.import_public_key(a_key()).get_fingerprint()
    for pin in (right, right + "=", host_key(both), host_key(both) + " root@partner",
                [wrong, right], (a_key(), host_key(both))):  # fmt: skip
        log_in(url_at(both), without(both, client, host_key=pin))
    for pin in (wrong, [wrong], a_key(), [a_key(), a_key("ecdsa-sha2-nistp256")]):
        message = refused(AuthenticationError, url_at(both), without(both, client, host_key=pin))
        assert "another host key than the one in OPTIONS['host_key']" in message
        assert f"set OPTIONS['host_key'] to '{right}'" in message


def test_a_pin_of_another_kind_of_key_than_the_first(
    scratch: Path, account: Account, client: str
) -> None:
    """A server has several keys, and the partner may have told us any of them."""
    need("sshd")
    second = "HostKey {folder}/second_key\n"
    with run_sshd(scratch / f"kinds-{client}", account, config=second) as server:
        public = server.known_hosts.with_name("second_key.pub").read_text()
        key = asyncssh.import_public_key(public)
        assert key.algorithm != b"ssh-ed25519"
        for pin in (public, key.get_fingerprint()):
            facts = log_in(server.url(), without(server, client, host_key=pin))
            assert key.get_fingerprint() in facts["host key"]


def test_without_the_check(both: Server, client: str, tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(f"[127.0.0.1]:{both.port} {a_key()}\n")
    log_in(url_at(both), without(both, client, known_hosts=file, host_key_check=False))


@pytest.mark.parametrize(
    "pin",
    ["", "SHA256:", "SHA256:abc", "SHA256:" + "a" * 44, "MD5:" + ":".join(["aa"] * 16), "ssh-rsa",
     "ssh-ed25519 AAAA", "[h]:2 ssh-ed25519 AAAAC3", [], ["SHA256:abc"], [7]],
)  # fmt: skip
def test_a_malformed_pin(pin: object) -> None:
    [problem] = check_destination(destination("sftp://u@h/x", host_key=pin))
    assert "'host_key'" in problem
    assert "SHA256:…" in problem


def test_pins_beside_what_contradicts_them() -> None:
    pin = "SHA256:" + "a" * 43
    for other in ({"known_hosts": "/x"}, {"host_key_check": False}):
        [problem] = check_destination(destination("sftp://u@h/x", host_key=pin, **other))
        assert "cannot be used together" in problem
    assert check_destination(destination("sftp://u@h", host_key=pin, host_key_check=True)) == []
