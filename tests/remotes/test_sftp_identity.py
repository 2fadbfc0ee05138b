"""Whom the partner takes Pigeon for: every way to log in, at the real sshd, by each library."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncssh
import pytest

from pigeon.exceptions import AuthenticationError, DestinationMisconfigured
from pigeon.senders.registry import check_destination
from tests.capabilities import find_program, need
from tests.remotes.sftp_logins import CLIENTS, log_in, refused
from tests.senders.parcels import destination
from tests.servers.account import Account
from tests.servers.agent import run_agent
from tests.servers.server import Server
from tests.servers.sshd import run_sshd

PASSPHRASE = "päss phrase@1"


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def server(scratch: Path, account: Account) -> Iterator[Server]:
    need("sshd")
    with run_sshd(scratch / "identity", account) as made:
        yield made


@pytest.fixture(scope="module")
def keys(server: Server) -> Path:
    """A folder where keys can be added that log in at the server."""
    return server.known_hosts.parent


def knowing(server: Server, client: str, **more: Any) -> dict[str, Any]:
    """Options that know the server, and say nothing about us."""
    return {"known_hosts": server.known_hosts, "client": client, **more}


def make_key(folder: Path, server: Server, *how: str, phrase: str = "") -> Path:
    """A key made by ssh-keygen that logs in at ``server``."""
    path = folder / "key"
    words = [find_program("ssh-keygen"), "-q", "-f", str(path), "-N", phrase, "-a", "1", *how]
    subprocess.run(words, check=True, capture_output=True)
    with server.known_hosts.with_name("authorized_keys").open("a") as file:
        file.write(path.with_name("key.pub").read_text())
    return path


KINDS = {
    "ed25519": ("-t", "ed25519"),
    "ecdsa": ("-t", "ecdsa", "-b", "384"),
    "rsa": ("-t", "rsa", "-b", "2048"),
    "rsa-pem": ("-t", "rsa", "-b", "2048", "-m", "PEM"),
    "ecdsa-pkcs8": ("-t", "ecdsa", "-b", "256", "-m", "PKCS8"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_key_files(server: Server, client: str, tmp_path: Path, kind: str) -> None:
    key = make_key(tmp_path, server, *KINDS[kind])
    log_in(server.url(), knowing(server, client, key_file=key))


@pytest.mark.parametrize("kind", ["ed25519", "rsa-pem"])
def test_encrypted_key_files(server: Server, client: str, tmp_path: Path, kind: str) -> None:
    key = make_key(tmp_path, server, *KINDS[kind], phrase=PASSPHRASE)
    for secret in (PASSPHRASE, lambda: PASSPHRASE):
        log_in(server.url(), knowing(server, client, key_file=key, passphrase=secret))


@pytest.mark.parametrize("kind", ["ed25519", "rsa-pem"])
def test_a_wrong_passphrase(server: Server, client: str, tmp_path: Path, kind: str) -> None:
    key = make_key(tmp_path, server, *KINDS[kind], phrase=PASSPHRASE)
    options = knowing(server, client, key_file=key)
    message = refused(DestinationMisconfigured, server.url(), options)
    assert f"The private key {key}" in message
    assert "Set OPTIONS['passphrase']" in message
    message = refused(DestinationMisconfigured, server.url(), options | {"passphrase": "wr0ng!"})
    assert "passphrase is wrong" in message
    assert "wr0ng!" not in message


def test_a_key_that_the_partner_does_not_have(server: Server, client: str, tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(tmp_path / "key")
    options = knowing(server, client, key_file=tmp_path / "key")
    message = refused(AuthenticationError, server.url(), options)
    assert f"refused the login of user '{server.username}'" in message
    assert f"offered the key {tmp_path / 'key'} ({key.get_fingerprint()})" in message
    assert "has our public key" in message


def test_a_user_that_there_is_not(server: Server, client: str) -> None:
    options = knowing(server, client, key_file=server.key_file)
    url = server.url().replace(server.username, "nobody-here")
    message = refused(AuthenticationError, url, options)
    assert "user 'nobody-here'" in message
    assert "user name" in message


def certify(server: Server, tmp_path: Path, name: str, user: str) -> Path:
    """A key that is not among the authorized ones, and a certificate in the file ``name``."""
    authority = asyncssh.read_private_key(server.known_hosts.with_name("authority"))
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(tmp_path / "key")
    made = authority.generate_user_certificate(key, "pigeon", principals=[user])
    made.write_certificate(tmp_path / name)
    return tmp_path / "key"


def test_certificates(server: Server, client: str, tmp_path: Path) -> None:
    beside, elsewhere = tmp_path / "1", tmp_path / "2"
    beside.mkdir()
    elsewhere.mkdir()
    key = certify(server, beside, "key-cert.pub", server.username)
    log_in(server.url(), knowing(server, client, key_file=key))
    key = certify(server, elsewhere, "of-ours.pub", server.username)
    options = knowing(server, client, key_file=key)
    refused(AuthenticationError, server.url(), options)
    log_in(server.url(), options | {"certificate_file": elsewhere / "of-ours.pub"})


def test_certificates_that_are_of_no_use(server: Server, client: str, tmp_path: Path) -> None:
    key = certify(server, tmp_path, "key-cert.pub", "somebody-else")
    options = knowing(server, client, key_file=key)
    message = refused(AuthenticationError, server.url(), options)
    assert "with its certificate" in message
    other = options | {"key_file": server.key_file}
    for name in ("key-cert.pub", "missing", "key"):
        options = other | {"certificate_file": tmp_path / name}
        message = refused(DestinationMisconfigured, server.url(), options)
        assert f"The certificate {tmp_path / name}" in message
        assert "OPTIONS['certificate_file']" in message


def test_the_agent(
    server: Server, client: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = make_key(tmp_path, server)
    unknown = tmp_path / "unknown"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(unknown)
    for path in (key, unknown):
        path.chmod(0o600)
    with run_agent(unknown, key) as socket:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        log_in(server.url(), knowing(server, client, agent=True))
        # Nor does a named key that is wrong stand in its way.
        log_in(server.url(), knowing(server, client, agent=True, key_file=unknown))
        refused(AuthenticationError, server.url(), knowing(server, client, key_file=unknown))
    with run_agent() as socket:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        options = knowing(server, client, agent=True)
        message = refused(DestinationMisconfigured, server.url(), options)
        assert f"{socket} (SSH_AUTH_SOCK) holds none" in message
    message = refused(DestinationMisconfigured, server.url(), options)
    assert f"none answers at {socket}" in message
    monkeypatch.delenv("SSH_AUTH_SOCK")
    message = refused(DestinationMisconfigured, server.url(), options)
    assert "has no SSH_AUTH_SOCK" in message


def test_keys_in_the_home_directory(
    server: Server, client: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only with nothing else to log in by; one that does not open is passed over."""
    ssh = tmp_path / ".ssh"
    ssh.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    options = knowing(server, client)
    assert "offered nothing" in refused(AuthenticationError, server.url(), options)
    (ssh / "id_ed25519").write_text("no key")
    make_key(ssh, server).rename(ssh / "id_rsa")
    log_in(server.url(), options)
    message = refused(AuthenticationError, server.url(), options | {"password": "no"})
    assert "offered a password" in message


def test_a_password_in_every_place(server: Server, client: str, account: Account) -> None:
    if not account.is_system:
        pytest.skip("OpenSSH knows passwords of system accounts only (run the tests as root)")
    for secret in (server.password, lambda: server.password):
        log_in(server.url(), knowing(server, client, password=secret))
    in_url = server.url().replace("@", f":{quote(server.password, safe='')}@")
    log_in(in_url, knowing(server, client))
    named = server.url().replace(f"{server.username}@", "")
    log_in(named, knowing(server, client, username=server.username, password=server.password))


def test_a_wrong_password(server: Server, client: str, caplog: Any, account: Account) -> None:
    caplog.set_level(logging.DEBUG)
    for logger in ("asyncssh", "paramiko.transport"):
        caplog.set_level(logging.DEBUG, logger)
    options = knowing(server, client, password="s3cret but wr0ng")
    message = refused(AuthenticationError, server.url(), options)
    assert "OPTIONS['password']" in message
    assert "offered a password" in message
    assert "s3cret" not in message + caplog.text


@pytest.fixture
def questions(server_folder: Path, account: Account) -> Iterator[Server]:
    """An sshd that asks questions, by PAM, and takes nothing else."""
    need("sshd")
    if not account.is_system:
        pytest.skip("PAM knows system accounts only (run the tests as root)")
    config = (
        "UsePAM yes\nKbdInteractiveAuthentication yes\nPasswordAuthentication no\n"
        "PubkeyAuthentication no\n"
    )
    with run_sshd(server_folder, account, config=config) as made:
        yield made


@pytest.mark.slow  # PAM takes its time for a wrong password
def test_keyboard_interactive(questions: Server, client: str) -> None:
    options = knowing(questions, client, password=questions.password)
    log_in(questions.url(), options)
    message = refused(AuthenticationError, questions.url(), options | {"password": "wr0ng-one"})
    assert "wrong user, password or key" in message
    assert "wr0ng-one" not in message


def test_options_that_say_nothing() -> None:
    for name in ("passphrase", "certificate_file"):
        [problem] = check_destination(destination("sftp://u@h/x", **{name: "x"}))
        assert f"{name!r} says nothing without 'key_file'" in problem
    [problem] = check_destination(destination("sftp://u@h/x", client="libssh"))
    assert "'client' is one of 'asyncssh', 'paramiko', not 'libssh'" in problem
