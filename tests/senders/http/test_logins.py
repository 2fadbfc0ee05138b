"""Who we are: passwords, tokens, signatures; and that none of it is seen anywhere."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pigeon.exceptions import AuthenticationError, DestinationMisconfigured, PigeonError
from pigeon.senders.base import Sender
from pigeon.senders.registry import check_destination
from pigeon.testing.http_partner import HTTPPartner
from pigeon.testing.http_requests import Handler
from tests.contracts.places import Place, at_partner
from tests.senders.parcels import delivery, destination, held, parcel

LARGE = os.urandom(1024 * 1024)
SECRETS = ("s3cr3t-tok3n/+=", "p@ss:w/ör%d#", "signing k3y", "c00kie-v4lue", "basic-x-api-k3y")


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"password": "p@ss:w/ör%d#", "username": "us@r/%"},
        {"token": "s3cr3t-tok3n/+="},
        {"hmac_secret": "schlüssel"},
        {"token": "t", "hmac_secret": "k"},
    ],
)
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_logging_in(tmp_path: Path, facts: dict[str, Any], method: str) -> None:
    with HTTPPartner(**facts) as partner:
        place = at_partner(partner)
        if "username" in facts:
            place.url = place.url.replace("us@r/%", "us%40r%2F%25")
        files = {"a b.xml": b"<a/>", "large": LARGE}
        place.send(delivery(parcel(tmp_path, files)), method=method, query={"a": "b c"})
        assert place.files() == files
        if method == "PUT":
            place.send(delivery(None, action="remove", held=(held("a b.xml"),)))
            assert place.files() == {"large": LARGE}


@pytest.mark.parametrize(
    ("facts", "wrong"),
    [
        ({}, {"password": "wrong"}),
        ({"token": "right"}, {"token": "wrong"}),
        ({"hmac_secret": "right"}, {"hmac_secret": "wrong"}),
    ],
)
def test_refused(tmp_path: Path, facts: dict[str, str], wrong: dict[str, str]) -> None:
    with HTTPPartner(**facts) as partner:
        place, what = at_partner(partner), delivery(parcel(tmp_path, {"a": b"x"}))
        with pytest.raises(AuthenticationError, match=r"does not let us in to take a: 401"):
            place.send(what, **wrong)
        assert place.files() == {}
        assert len(partner.came) == 1


@pytest.mark.parametrize("option", ["password", "token", "hmac_secret"])
def test_a_secret_that_changes_while_the_connection_is_open(tmp_path: Path, option: str) -> None:
    """It is asked for again when the server no longer takes the old one."""
    with HTTPPartner(**{option: "first"}) as partner:
        place, asked = at_partner(partner), []

        def vault() -> str:
            asked.append("")
            return "first" if len(asked) == 1 else "second"

        async def send(sender: Sender) -> None:
            await sender.send(delivery(parcel(tmp_path / "1", {"a": b"x"})))
            setattr(partner.rules, option, "second")
            await sender.send(delivery(parcel(tmp_path / "2", {"b": LARGE}), token="token2"))

        place.use(send, **{option: vault})
        assert place.files() == {"a": b"x", "b": LARGE}
        assert len(asked) == 2
        assert [each.status for each in partner.came] == [201, 401, 201]


@pytest.mark.parametrize("token", ["", "two\nlines", "ümlaut", "line\r\nX-Injected: 1"])
def test_tokens_that_are_none(tmp_path: Path, token: str) -> None:
    with HTTPPartner(token="t") as partner:
        place = at_partner(partner)
        with pytest.raises(DestinationMisconfigured, match=r"'token'\] of dest") as caught:
            place.send(delivery(parcel(tmp_path, {"a": b"x"})), token=lambda: token)
        assert not token or token not in str(caught.value)
        assert partner.came == []
        place.send(delivery(parcel(tmp_path, {"a": b"x"})), token=lambda: "t\n")


@pytest.mark.parametrize(
    ("url", "options", "text"),
    [
        ("https://h/", {"token": "t", "password": "p"}, "Give one of token, password"),
        ("https://u:p@h/", {"token": "t"}, "Give one of token, password"),
        ("https://h/", {"token": "t", "headers": {"authorization": "x"}}, "Give one of token, h"),
        ("https://h/", {"password": "p"}, "no user"),
        ("https://a%3Ab@h/", {}, "holds a ':'"),
        ("https:///path", {}, "no host"),
        ("https://h/", {"method": "put"}, "'method' is one of 'PUT', 'POST', not 'put'"),
        ("https://h/", {"verify": "size", "method": "POST"}, "needs 'method': 'PUT'"),
        ("https://h/", {"fields": {"a": "b"}}, "need 'method': 'POST'"),
        ("https://h/", {"fields": {"a": 1}, "method": "POST"}, "must hold strings"),
        ("https://h/", {"query": {"a": 1}}, "'query' must hold strings"),
        ("https://h/", {"headers": {1: "x"}}, "'headers' must hold strings"),
        ("https://h/", {"headers": {"a b": "x"}}, "is no name of a header"),
        ("https://h/", {"headers": {"Content-Length": "1"}}, "Pigeon writes Content-Length"),
        ("https://h/", {"headers": {"X-A": "b\r\nX-C: d"}}, "on one line"),
        ("https://h/", {"headers": {"X-A": "ü"}}, "printable ASCII"),
        ("https://h/", {"headers": "X-A: b"}, "must be a dictionary, not str"),
        ("https://h/", {"hmac_header": "a b"}, "must be the name of a header"),
        ("https://h/", {"tokens": "x"}, "Did you mean 'token'"),
    ],
)
def test_options_that_cannot_be(url: str, options: dict[str, Any], text: str) -> None:
    problems = check_destination(destination(url, **options))
    assert any(text in problem for problem in problems), problems


def test_options_that_can_be() -> None:
    headers = {"X-Tenant": "5", "Content-Type": "text/xml; charset=utf-8"}
    fine = destination("https://h:8443/in", headers=headers, query={"a": "b"}, token=str)
    assert check_destination(fine) == []
    fine = destination("https://u:p@[::1]/in", method="POST", fields={"a": "b"}, fieldname="f")
    assert check_destination(fine) == []


class Parrot(Handler):
    """Repeats all that it was told."""

    def put(self) -> None:
        words = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
        echo = {"X-Echo": f"{self.headers['Authorization']} {self.headers['X-Api-Key']}"}
        self.answer(422, f"<p>{self.path}</p><pre>{words}</pre>".encode(), headers=echo)


@pytest.fixture
def debugging() -> Iterator[None]:
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    yield
    root.setLevel(level)


@pytest.mark.usefixtures("debugging")
@pytest.mark.parametrize("login", ["token", "password"])
def test_no_secret_is_seen(caplog: pytest.LogCaptureFixture, tmp_path: Path, login: str) -> None:
    token, password, key, cookie, api_key = SECRETS
    given = {"token": token} if login == "token" else {"password": lambda: password}

    class Partner(HTTPPartner):
        handler_class = Parrot

    with Partner(username="user", **{login: token if login == "token" else password}) as partner:
        place = Place(partner.url, partner.directory)
        sent = delivery(parcel(tmp_path, {"a": b"x"}))
        with pytest.raises(PigeonError) as caught:
            place.send(
                sent,
                hmac_secret=lambda: key,
                headers={"Cookie": f"session={cookie}; a=b", "X-Api-Key": api_key},
                query={"api_key": api_key, "page": "5"},
                **given,
            )
        assert partner.came[0].status == 422
    seen = str(caught.value) + caplog.text
    assert "X-Echo" in caplog.text
    assert "[redacted]" in str(caught.value)
    for secret in (*SECRETS, partner.came[0].headers["authorization"].split()[1]):
        assert secret not in seen
