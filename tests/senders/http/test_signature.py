"""The signature is what the documentation says."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pigeon.senders.http.signature import content_digest, digest_said, signature
from pigeon.testing.http_partner import HTTPPartner
from pigeon.testing.http_requests import Handler
from tests.contracts.places import at_partner
from tests.docs.pages import page
from tests.senders.parcels import delivery, held, parcel

SECRET = "schlüssel"


def is_genuine() -> Callable[..., bool]:
    """The function that the page shows to partners."""
    [code] = [
        block.text
        for block in page("docs/reference/senders/http.rst").blocks
        if "is_genuine" in block.text
    ]
    names: dict[str, Any] = {}
    exec(compile(code, "http.rst", "exec"), names)
    found: Callable[..., bool] = names["is_genuine"]
    return found


class Verifying(Handler):
    seen: list[tuple[str, str, Any, bytes]]

    def put(self) -> None:
        with self.body() as body:
            self.seen.append((self.command, self.path, self.headers, body.read()))
        self.answer(201)

    post = put

    def delete(self) -> None:
        self.seen.append((self.command, self.path, self.headers, b""))
        self.answer(204)


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_what_the_page_shows_verifies_real_requests(tmp_path: Path, method: str) -> None:
    genuine, seen = is_genuine(), list[tuple[str, str, Any, bytes]]()
    handler = type("Handler", (Verifying,), {"seen": seen})
    with type("Partner", (HTTPPartner,), {"handler_class": handler})() as partner:
        files = {"Grüße & so.xml": b"<a/>", "large": os.urandom(400_000), "empty": b""}
        place, options = at_partner(partner), {"hmac_secret": SECRET, "query": {"a": "b c"}}
        place.send(delivery(parcel(tmp_path, files)), method=method, **options)
        place.send(delivery(None, action="remove", held=(held("a b"),)), **options)
    assert [each[0] for each in seen] == [method] * (3 if method == "PUT" else 1) + ["DELETE"]
    for verb, target, headers, body in seen:
        assert genuine(SECRET, verb, target, headers, body)
        assert not genuine("another", verb, target, headers, body)
        assert not genuine(SECRET, "GET", target, headers, body)
        assert not genuine(SECRET, verb, target + "x", headers, body)
        assert not genuine(SECRET, verb, target, headers, body + b"x")


def test_old_requests_are_not_genuine() -> None:
    headers = {"X-Pigeon-Timestamp": "1700000000"}
    digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    headers["X-Pigeon-Signature"] = signature(SECRET, 1700000000, "PUT", "/a", digest)
    assert headers["X-Pigeon-Signature"].startswith("sha256=")
    assert not is_genuine()(SECRET, "PUT", "/a", headers, b"")


def test_other_names_of_the_headers(tmp_path: Path) -> None:
    with HTTPPartner() as partner:
        at_partner(partner).send(
            delivery(parcel(tmp_path, {"a": b"x"})),
            hmac_secret=SECRET, hmac_header="X-Hub-Signature", hmac_timestamp_header="X-Time",
        )  # fmt: skip
        assert {"x-hub-signature", "x-time"} <= {*partner.came[0].headers}


def test_digests() -> None:
    """The example of RFC 9530, appendix D."""
    hexadecimal = "5f8f04f6a3a892aaabbddb6cf273894493773960d4a325b105fee46eef4304f1"
    said = content_digest(hexadecimal)
    assert digest_said(said) == hexadecimal
    assert digest_said(f"sha-512=:AA==:, {said}") == hexadecimal
    for garbage in ("", "sha-256=:", "sha-256=:?:", "sha-256=abc", "md5=:AA==:"):
        assert digest_said(garbage) == ""
