"""``https://``: whom we trust, who we are, and what is said when it does not fit."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Any

import pytest

from pigeon.exceptions import AuthenticationError, DeliveryError, DestinationMisconfigured
from pigeon.senders.registry import check_destination
from pigeon.testing.http_partner import HTTPPartner
from tests.contracts.places import Place, at_partner
from tests.senders.http.certificates import Certificates
from tests.senders.parcels import delivery, destination, parcel

LARGE = os.urandom(3 * 1024 * 1024 + 17)


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path / "tls")


def test_files_and_forms_over_tls(certificates: Certificates, tmp_path: Path) -> None:
    with HTTPPartner(tls=certificates.server()) as partner:
        place = at_partner(partner)
        files = {"a b.xml": b"<a/>", "large": LARGE}
        place.send(delivery(parcel(tmp_path / "1", files)), ca_file=certificates.ca_file)
        assert place.files() == files
        form = delivery(parcel(tmp_path / "2", {"form": LARGE}))
        place.send(form, ca_file=str(certificates.ca_file), method="POST", minimum_tls="1.3")
        assert place.files() == files | {"form": LARGE}
        assert form.receipts[0].remote_path == f"https://127.0.0.1:{partner.port}"


def refused(partner: HTTPPartner, tmp_path: Path, **options: Any) -> str:
    with pytest.raises(AuthenticationError) as caught:
        at_partner(partner).send(delivery(parcel(tmp_path / "p", {"a": LARGE})), **options)
    assert partner.files() == {}
    return str(caught.value)


def test_an_unknown_authority(certificates: Certificates, tmp_path: Path) -> None:
    with HTTPPartner(tls=certificates.server()) as partner:
        assert "OPTIONS['ca_file']" in refused(partner, tmp_path)
        other = Certificates(tmp_path / "other").ca_file
        assert "not trusted" in refused(partner, tmp_path, ca_file=other)
        place = at_partner(partner)
        place.send(delivery(parcel(tmp_path / "p", {"a": b"x"})), verify_certificate=False)
        assert place.files() == {"a": b"x"}


def test_a_certificate_for_another_name(certificates: Certificates, tmp_path: Path) -> None:
    with HTTPPartner(tls=certificates.server("elsewhere.example")) as partner:
        said = refused(partner, tmp_path, ca_file=certificates.ca_file)
        assert "127.0.0.1" in said
        assert "not trusted" in said


def test_a_server_that_wants_a_certificate_of_ours(
    certificates: Certificates, tmp_path: Path
) -> None:
    with HTTPPartner(tls=certificates.demanding()) as partner:
        what = {"ca_file": certificates.ca_file}
        assert "OPTIONS['client_certificate']" in refused(partner, tmp_path, **what)
        place, both = at_partner(partner), certificates.client()
        place.send(delivery(parcel(tmp_path / "p", {"a": b"x"})), client_certificate=both, **what)
        assert place.files() == {"a": b"x"}


def test_a_server_with_an_old_version_of_tls(certificates: Certificates, tmp_path: Path) -> None:
    context = certificates.server()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with HTTPPartner(tls=context) as partner:
        place, what = at_partner(partner), delivery(parcel(tmp_path, {"a": b"x"}))
        with pytest.raises(DestinationMisconfigured, match=r"version of TLS.*'minimum_tls'"):
            place.send(what, ca_file=certificates.ca_file, minimum_tls="1.3")
        place.send(what, ca_file=certificates.ca_file)
        assert place.files() == {"a": b"x"}


def test_https_to_a_server_without_tls(certificates: Certificates, tmp_path: Path) -> None:
    with HTTPPartner() as partner:
        place = at_partner(partner)
        place.url = place.url.replace("http://", "https://")
        with pytest.raises(DestinationMisconfigured, match="does not speak TLS"):
            place.send(delivery(parcel(tmp_path, {"a": b"x"})))


def test_http_to_a_server_with_tls(certificates: Certificates, tmp_path: Path) -> None:
    with HTTPPartner(tls=certificates.server()) as partner:
        place = at_partner(partner)
        place.url = place.url.replace("https://", "http://")
        with pytest.raises(DeliveryError):
            place.send(delivery(parcel(tmp_path, {"a": b"x"})), timeout=1)
        assert place.files() == {}


def test_files_that_are_no_certificates(certificates: Certificates, tmp_path: Path) -> None:
    encrypted = tmp_path / "encrypted.pem"
    encrypted.write_text(_encrypted(certificates))
    place = Place("https://127.0.0.1:9", tmp_path)
    what = delivery(parcel(tmp_path / "p", {"a": b"x"}))
    for option, path in (
        ("ca_file", Path(__file__)),
        ("client_certificate", Path(__file__)),
        ("client_certificate", certificates.ca_file),
        ("client_certificate", encrypted),
    ):
        with pytest.raises(DestinationMisconfigured, match=rf"'{option}'\].*cannot be used"):
            place.send(what, **{option: path})


def test_an_encrypted_key(certificates: Certificates, tmp_path: Path) -> None:
    encrypted = tmp_path / "encrypted.pem"
    encrypted.write_text(_encrypted(certificates))
    with HTTPPartner(tls=certificates.demanding()) as partner:
        place = at_partner(partner)
        place.send(
            delivery(parcel(tmp_path / "p", {"a": b"x"})),
            ca_file=certificates.ca_file,
            client_certificate=encrypted,
            client_key_passphrase=lambda: "passphrase",
        )
        assert place.files() == {"a": b"x"}


def _encrypted(certificates: Certificates) -> str:
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )  # fmt: skip

    text = certificates.client().read_text()
    start = text.index("-----BEGIN CERT")
    key = load_pem_private_key(text[:start].encode(), None)
    locked = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"passphrase")
    )
    return locked.decode() + text[start:]


@pytest.mark.parametrize(
    ("url", "options", "text"),
    [
        ("http://h/", {"ca_file": __file__}, "needs https://"),
        ("http://h/", {"verify_certificate": False}, "needs https://"),
        ("https://h/", {"client_key": __file__}, "needs 'client_certificate'"),
        ("https://h/", {"minimum_tls": "1.1"}, "'minimum_tls' is '1.2' or '1.3'"),
    ],
)
def test_options_that_cannot_be(url: str, options: dict[str, Any], text: str) -> None:
    [problem] = check_destination(destination(url, **options))
    assert text in problem
