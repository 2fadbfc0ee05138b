"""TLS at real servers: who is trusted, what is demanded, and that nothing goes in plain."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from pigeon.checks.destinations import check
from pigeon.exceptions import (
    AuthenticationError,
    DeliveryError,
    DestinationMisconfigured,
    Unreachable,
)
from pigeon.remotes import tls
from pigeon.remotes.base import Remote
from pigeon.remotes.ftp_connection import FTPConnection
from pigeon.remotes.ftp_tls import _RETRY, Secured, group_wanted
from pigeon.senders.registry import check_destination, sender_class
from tests.capabilities import need
from tests.contracts.places import Place, at_server
from tests.senders.parcels import delivery, destination, parcel
from tests.servers import proftpd as proftpd_server
from tests.servers import vsftpd as vsftpd_server
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.proftpd import run_proftpd
from tests.servers.vsftpd import run_vsftpd

LARGE = os.urandom(1024 * 1024)
KINDS = ["vsftpd_tls", "vsftpd_implicit", "proftpd_tls", "proftpd_implicit"]


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest) -> Place:
    return at_server(request.getfixturevalue(request.param))


def a_delivery(tmp_path: Path) -> Any:
    return delivery(parcel(tmp_path / "p", {"a.txt": b"x", "b.bin": LARGE}))


def facts(place: Place, after: Callable[[Remote], Awaitable[Any]]) -> dict[str, str]:
    """What is known of the connection once ``after`` was done."""

    async def run() -> dict[str, str]:
        target = place.destination()
        remote: Remote = sender_class(target.scheme).remote_class(target)  # type: ignore[union-attr]
        try:
            await remote.open()
            await after(remote)
            return dict(remote.facts())
        finally:
            await remote.close()

    return asyncio.run(run())


async def _list(remote: Remote) -> None:
    _ = [entry async for entry in remote.list(remote.root)]


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_the_session_is_resumed(
    place: Place, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The servers demand it; see that it is so in both versions of TLS."""
    make = tls.make_context

    def limited(target: Any) -> ssl.SSLContext:
        context = make(target)
        if version == "TLSv1.2":
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        else:
            context.minimum_version = ssl.TLSVersion.TLSv1_3
        return context

    monkeypatch.setattr(tls, "make_context", limited)
    found = facts(place, _list)
    assert (found["protocol"], found["session reuse"]) == (version, "yes")
    assert found["cipher"]
    assert "until" in found["certificate"]
    assert "EPSV" in found["features"]


def test_an_authority_that_is_not_known(place: Place, tmp_path: Path) -> None:
    """Neither among the system's nor the one that is named; no login is sent."""
    other = make_certificates(tmp_path / "other")
    for ca_file in (None, str(other.authority)):
        options = {key: value for key, value in place.options.items() if key != "ca_file"}
        place.options = options | ({"ca_file": ca_file} if ca_file else {})
        with pytest.raises(AuthenticationError, match=r"was not accepted: .*'ca_file'") as caught:
            place.send(a_delivery(tmp_path))
        assert "No login was sent" in str(caught.value)
    place.send(a_delivery(tmp_path), verify_certificate=False)
    assert place.files() == {"a.txt": b"x", "b.bin": LARGE}


def test_switching_the_check_off_is_a_warning(settings: Any) -> None:
    options = {"verify_certificate": False}
    settings.PIGEON_DESTINATIONS = {"beloved": {"URL": "ftps://h/in", "OPTIONS": options}}
    assert any("verify_certificate" in found.msg for found in check())


def test_a_certificate_for_somebody_else(
    server_folder: Path, account: Any, tmp_path: Path
) -> None:
    need("vsftpd")
    made = make_certificates(tmp_path / "certificates", "ftp.partner.example")
    with (
        run_vsftpd(server_folder, account, certificates=made) as server,
        pytest.raises(AuthenticationError, match=r"127\.0\.0\.1"),
    ):
        at_server(server).send(a_delivery(tmp_path))


def test_a_certificate_that_has_expired(
    server_folder: Path, account: Any, certificates: Certificates, tmp_path: Path
) -> None:
    need("vsftpd")
    authority = trustme.CA(key_type=trustme.KeyType.RSA)
    old = authority.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC))
    made = make_certificates(tmp_path / "certificates")
    authority.cert_pem.write_to_path(made.authority)
    old.cert_chain_pems[0].write_to_path(made.server)
    old.private_key_pem.write_to_path(made.server_key)
    with (
        run_vsftpd(server_folder, account, certificates=made) as server,
        pytest.raises(AuthenticationError, match="expired"),
    ):
        at_server(server).send(a_delivery(tmp_path))


def run_with_client_certificate(kind: str, folder: Path, account: Any, made: Certificates) -> Any:
    need("vsftpd" if kind == "vsftpd" else "proftpd-tls")
    if kind == "vsftpd":
        config = vsftpd_server.CLIENT_CERTIFICATE
        return run_vsftpd(folder, account, config=config, certificates=made)
    config = proftpd_server.CLIENT_CERTIFICATE
    return run_proftpd(folder, account, config=config, certificates=made)


@pytest.mark.parametrize("kind", ["vsftpd", "proftpd"])
def test_a_client_certificate(
    kind: str, server_folder: Path, account: Any, certificates: Certificates, tmp_path: Path
) -> None:
    with run_with_client_certificate(kind, server_folder, account, certificates) as server:
        place = at_server(server)
        with pytest.raises(DeliveryError) as caught:
            place.send(a_delivery(tmp_path))
        assert not place.files()
        assert isinstance(
            caught.value, (AuthenticationError, DestinationMisconfigured, Unreachable)
        )
        named = {"client_certificate": certificates.client, "client_key": certificates.client_key}
        place.send(a_delivery(tmp_path), **named)
        assert place.files() == {"a.txt": b"x", "b.bin": LARGE}


@pytest.fixture
def encrypted_key(certificates: Certificates, tmp_path: Path) -> Path:
    from cryptography.hazmat.primitives import serialization as s

    key = s.load_pem_private_key(certificates.client_key.read_bytes(), None)
    path = tmp_path / "encrypted.pem"
    path.write_bytes(key.private_bytes(
        s.Encoding.PEM, s.PrivateFormat.PKCS8, s.BestAvailableEncryption(b"open sesame")
    ))  # fmt: skip
    return path


def test_an_encrypted_key(encrypted_key: Path, certificates: Certificates) -> None:
    files = {"client_certificate": certificates.client, "client_key": encrypted_key}

    def made(**options: Any) -> ssl.SSLContext:
        return tls.make_context(destination("ftps://h/", **files, **options))

    made(client_key_passphrase="open sesame")
    made(client_key_passphrase=lambda: "open sesame")
    for wrong in ({}, {"client_key_passphrase": "s3cret"}):
        with pytest.raises(DestinationMisconfigured, match="client_key_passphrase") as caught:
            made(**wrong)
        assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("option", ["ca_file", "client_certificate"])
def test_files_that_are_none(option: str, tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no certificate")
    for path in (tmp_path / "no.pem", tmp_path / "missing.pem"):
        with pytest.raises(DestinationMisconfigured, match=rf"{option}.*cannot be used"):
            tls.make_context(destination("ftps://h/", **{option: str(path)}))


def test_options_that_cannot_be() -> None:
    for options, text in (
        ({"minimum_tls": "1.1"}, "'1.2' or '1.3'"),
        ({"client_key": "/k.pem"}, "needs 'client_certificate'"),
        ({"ca_fil": "x"}, "Did you mean 'ca_file'"),
    ):
        [problem] = check_destination(destination("ftps://h/in", **options))
        assert text in problem
    [problem] = check_destination(destination("ftp://h/in", ca_file="x"))
    assert "Unknown option 'ca_file'" in problem


def test_a_server_with_old_tls_only(
    server_folder: Path, account: Any, certificates: Certificates, tmp_path: Path
) -> None:
    need("proftpd-tls")
    config = proftpd_server.ONLY_TLS_12
    with run_proftpd(server_folder, account, config=config, certificates=certificates) as server:
        place = at_server(server)
        with pytest.raises(DestinationMisconfigured, match="no version of TLS in common"):
            place.send(a_delivery(tmp_path), minimum_tls="1.3")
        place.send(a_delivery(tmp_path))
        assert place.files() == {"a.txt": b"x", "b.bin": LARGE}


def test_a_plain_server_where_tls_was_expected(ftp_server: Any, tmp_path: Path) -> None:
    place = at_server(ftp_server)
    for scheme, text in (("ftps", "does not speak TLS"), ("ftp+tls", "refuses TLS")):
        place.url = f"{scheme}:{place.url.partition(':')[2]}"
        with pytest.raises(DestinationMisconfigured, match=text):
            place.send(a_delivery(tmp_path))
    assert not place.files()


@pytest.mark.parametrize("kind", ["vsftpd_tls", "proftpd_tls"])
def test_plain_where_tls_is_demanded(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server = request.getfixturevalue(kind)
    place = at_server(server)
    place.url = place.url.replace("ftp+tls:", "ftp:")
    place.options = {"password": server.password}
    with pytest.raises(DestinationMisconfigured, match=r"demands TLS: use ftp\+tls://"):
        place.send(a_delivery(tmp_path))


def shaken(server: ssl.SSLContext, client: ssl.SSLContext) -> tuple[Secured, int]:
    """Our end after a handshake in memory, and how often we had to answer."""
    ours = Secured(client, "127.0.0.1")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    theirs = server.wrap_bio(incoming, outgoing, server_side=True)
    received, answers = b"", 0
    while not ours.shake(received):
        answers += 1
        incoming.write(ours.to_send())
        with suppress(ssl.SSLWantReadError):
            theirs.do_handshake()
        received = outgoing.read()
    return ours, answers


@pytest.mark.parametrize("group", ["", "prime256v1", "secp384r1", "secp521r1"])
def test_a_server_that_wants_another_key_exchange_is_understood(
    group: str, certificates: Certificates
) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificates.server, certificates.server_key)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(certificates.authority)
    if group:
        server.set_ecdh_curve(group)
    first, answers = shaken(server, client)
    assert (first.group, answers) == (group, 2 if group else 1)
    if group:
        client.set_ecdh_curve(group)
        again, answers = shaken(server, client)
        assert (again.group, answers) == ("", 1)


@pytest.mark.parametrize("received", [b"", _RETRY, _RETRY + b"\x20", _RETRY + b"\0" * 99])
def test_nonsense_instead_of_a_key_exchange(received: bytes) -> None:
    assert group_wanted(received) == ""


def test_data_connections_offer_what_the_server_wanted(
    vsftpd_tls: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Else each of them takes a round trip more."""
    made: list[Secured] = []
    new_secured = FTPConnection.new_secured

    def noting(self: FTPConnection, *arguments: Any) -> Secured:
        made.append(new_secured(self, *arguments))
        return made[-1]

    monkeypatch.setattr(FTPConnection, "new_secured", noting)
    at_server(vsftpd_tls).send(a_delivery(tmp_path))
    assert [one.group for one in made] == ["prime256v1", "", ""]
