"""What the HTTP partner refuses, seen by another client than Pigeon."""

from __future__ import annotations

import base64
import http.client
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from pigeon.testing.http_partner import HTTPPartner

LOGIN = {"Authorization": f"Basic {base64.b64encode(b'pigeon:coo-coo').decode()}"}


@pytest.fixture
def partner(tmp_path: Path) -> Iterator[HTTPPartner]:
    with HTTPPartner(tmp_path / "files") as found:
        yield found


def ask(
    partner: HTTPPartner, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, bytes, Mapping[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", partner.port, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body or None, LOGIN | named)
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.headers)
    finally:
        connection.close()


def test_files_come_go_and_are_given_back(partner: HTTPPartner) -> None:
    assert ask(partner, "PUT", "/a/b%20c", b"content")[0] == 201
    assert partner.files() == {"a/b c": b"content"}
    assert ask(partner, "PUT", "/a/b%20c", b"newer")[0] == 204
    status, content, headers = ask(partner, "GET", "/a/b%20c")
    assert (status, content, headers["Content-Length"]) == (200, b"newer", "5")
    status, content, headers = ask(partner, "HEAD", "/a/b%20c")
    assert (status, content, headers["Content-Length"]) == (200, b"", "5")
    assert ask(partner, "DELETE", "/a/b%20c")[0] == 204
    assert ask(partner, "DELETE", "/a/b%20c")[0] == 404
    assert ask(partner, "GET", "/a")[0] == 404
    assert "PUT" in ask(partner, "OPTIONS", "/")[2]["Allow"]
    assert partner.files() == {}


@pytest.mark.parametrize("path", ["/../x", "/%2e%2e/x", "/a/%2e%2e/%2e%2e/%2e%2e/x", "//../x"])
def test_nothing_leaves_its_folder(partner: HTTPPartner, path: str) -> None:
    assert ask(partner, "PUT", path, b"x")[0] == 400
    assert partner.files() == {}
    assert not (partner.directory.parent / "x").exists()


def test_what_is_refused(partner: HTTPPartner) -> None:
    assert ask(partner, "PUT", "/a", b"x", Authorization="Basic eA==")[0] == 401
    assert ask(partner, "PUT", "/a", b"x", Content_Digest="sha-256=:AAAA:")[0] == 400
    assert ask(partner, "PUT", "/a", b"x", Transfer_Encoding="chunked")[0] == 411
    assert ask(partner, "PUT", "/folder/a", b"x")[0] == 201
    assert ask(partner, "PUT", "/folder", b"x")[0] == 409
    assert ask(partner, "PUT", "/folder/a/b", b"x")[0] == 409
    partner.rules.hmac_secret = "key"
    assert ask(partner, "DELETE", "/folder/a")[0] == 401
    assert partner.files() == {"folder/a": b"x"}


def test_a_form_without_files(partner: HTTPPartner) -> None:
    assert ask(partner, "POST", "/in", b"no form", Content_Type="text/plain")[0] == 201
    assert ask(partner, "POST", "/in", Content_Length="0")[0] == 201
    assert partner.files() == {}
