"""Mistakes in where rules send: what an administrator reads about them, and never a secret."""

from __future__ import annotations

from typing import Any

import pytest

import pigeon
from pigeon.checks import check_all
from tests.checks.conftest import Found
from tests.checks.test_rules import rule

SECRET = "hunter2"


def test_an_unknown_destination(found: Found, settings: Any) -> None:
    settings.PIGEON_DESTINATIONS = {"beloved": {"URL": "dummy://"}}
    rule(push_urls=["belovde"])
    message = found("E010")
    assert message.msg == (
        "Rule 'partner' cannot send to one of its destinations: 'belovde' is neither a URL nor "
        "a name of PIGEON_DESTINATIONS. Known names: beloved."
    )
    assert str(message.hint).startswith("Did you mean 'beloved'? Correct the entry in")


@pytest.mark.parametrize(
    "url",
    [
        f"sftp://news:{SECRET}@host:99999/in",
        f"sftp://news:{SECRET}@[::1/in",
        f"sftp://news:{SECRET} @host/in",
    ],
)
def test_a_malformed_url(found: Found, settings: Any, url: str) -> None:
    settings.PIGEON_PUSH_URLS = {"partner": [url]}
    rule(push_urls=None)
    message = found("E011")
    assert message.msg.startswith("Rule 'partner' cannot send to one of its destinations: The URL")
    assert SECRET not in str(message)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"URLS": ["dummy://"]}, "must be a dictionary with a 'URL'"),
        ({"URL": f"sftp://news:{SECRET}@host:0/"}, "port 0 does not exist"),
        ({"URL": "host/in"}, "has no scheme"),
    ],
)
def test_a_malformed_destination(
    found: Found, settings: Any, entry: dict[str, Any], reason: str
) -> None:
    settings.PIGEON_DESTINATIONS = {"beloved": entry}
    message = found("E011")
    assert message.msg.startswith("The destination 'beloved' cannot be used:")
    assert reason in message.msg
    assert SECRET not in str(message)


def test_push_urls_that_are_no_list(found: Found) -> None:
    rule(push_urls=f"sftp://news:{SECRET}@host/in")
    message = found("E011")
    assert message.msg == "The push URLs of rule 'partner' are a str, not a list."
    assert SECRET not in str(message)


def test_push_urls_that_raise(found: Found) -> None:
    rule(get_push_urls=lambda self: 1 / 0)
    assert found("E011").msg == (
        "get_push_urls of rule 'partner' raised ZeroDivisionError: division by zero"
    )


def test_an_unknown_scheme(found: Found) -> None:
    rule(push_urls=[f"carrier://news:{SECRET}@host/in"])
    message = found("E012")
    assert message.msg.startswith(
        "Nobody can deliver to 'carrier://news@host/in': No sender serves the scheme 'carrier'. "
        "Known schemes: dummy, file, ftp, "
    )
    assert SECRET not in str(message)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"verfy": "size"}, "Unknown option 'verfy'. Did you mean 'verify'?"),
        ({"connections": "2"}, "Option 'connections' must be a whole number, not str."),
        ({"connections": 0}, "Option 'connections' must be more than 0."),
        ({"verify": "md5"}, "Option 'verify' is one of 'size', 'sha256', 'none', not 'md5'."),
    ],
)
def test_a_wrong_option(found: Found, settings: Any, options: Any, sentence: str) -> None:
    url = f"sftp://news:{SECRET}@host/in"
    settings.PIGEON_DESTINATIONS = {"beloved": {"URL": url, "OPTIONS": options}}
    message = found("E013")
    assert message.msg == f"Destination 'beloved': {sentence}"
    assert message.hint == "Correct PIGEON_DESTINATIONS['beloved']."
    assert SECRET not in str(message)


def test_a_url_that_its_sender_cannot_use(found: Found) -> None:
    rule(push_urls=["sftp:///incoming"])
    message = found("E013")
    assert message.msg.startswith("Destination 'sftp:///incoming': ")
    assert message.hint == (
        "Correct the URL, or give it a name and options in PIGEON_DESTINATIONS."
    )


def test_two_urls_that_would_be_one_destination(found: Found, settings: Any) -> None:
    urls = [f"sftp://news:{SECRET}@host/in", "sftp://news:other-secret@host/in"]
    rule(push_urls=urls)
    message = found("E014")
    assert "are both called 'sftp://news@host/in'" in message.msg
    assert SECRET not in str(message)
    assert "other-secret" not in str(message)


def test_one_url_twice_is_one_destination() -> None:
    rule(push_urls=["dummy://host/in", "dummy://HOST/in"])
    assert check_all(None) == []


def test_a_name_that_is_too_long(found: Found) -> None:
    rule(push_urls=["dummy://host/" + "x" * 200])
    message = found("E011")
    assert "PIGEON_DESTINATIONS" in str(message.hint)
    assert "200" in message.msg


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("tests.nowhere.Pigeon", "cannot be imported"),
        ("tests.apps.newsroom.models.Story", "is not a sender"),
        ("tests.checks.test_destinations.Thief", "wants the scheme 'sftp'"),
    ],
)
def test_senders_that_are_none(found: Found, settings: Any, path: str, reason: str) -> None:
    settings.PIGEON_SENDERS = [path]
    message = found("E015")
    assert reason in message.msg
    assert message.obj == "PIGEON_SENDERS"


class Thief(pigeon.SyncSender):
    schemes = ("sftp",)

    def send(self, delivery: object) -> None:
        raise NotImplementedError


def test_a_rule_without_destinations(found: Found) -> None:
    rule(push_urls=None)
    message = found("W001")
    assert message.msg == "Rule 'partner' has no destination, so nothing is queued by it."
    assert "PIGEON_PUSH_URLS['partner']" in str(message.hint)


def test_push_urls_of_an_unknown_rule(found: Found, settings: Any) -> None:
    settings.PIGEON_PUSH_URLS = {"partnr": ["dummy://"]}
    rule()
    message = found("W003")
    assert message.msg == "PIGEON_PUSH_URLS names the rule 'partnr', which does not exist."
    assert message.hint == "Did you mean 'partner'? Registered rules: partner."


def test_a_destination_that_trusts_everybody(found: Found, settings: Any) -> None:
    settings.PIGEON_DESTINATIONS = {
        "beloved": {
            "URL": "sftp://host/in",
            "OPTIONS": {"host_key_check": False, "password": SECRET},
        }
    }
    message = found("W004")
    assert message.msg == (
        "host_key_check of destination 'beloved' is False, so the host key of the server is not "
        "checked and whoever answers gets the password and the content."
    )
    assert SECRET not in str(message)


@pytest.mark.parametrize(
    "url", ["https://news@host/in", "ftps://news@host/in", "ftp+tls://news@host/in"]
)
def test_a_certificate_that_nobody_looks_at(found: Found, settings: Any, url: str) -> None:
    options = {"verify_certificate": False, "password": SECRET}
    settings.PIGEON_DESTINATIONS = {"beloved": {"URL": url, "OPTIONS": options}}
    assert found("W004").msg.startswith("verify_certificate of destination 'beloved' is False")


@pytest.mark.parametrize(
    ("url", "options"),
    [
        (f"ftp://news:{SECRET}@host/in", {}),
        ("ftp://news@host/in", {"password": SECRET}),
        ("ftp://news@192.0.2.1/in", {"password": lambda: SECRET}),
        ("http://host/in", {"token": SECRET}),
        (f"http://news:{SECRET}@[2001:db8::1]/in", {}),
    ],
)
def test_a_login_in_the_clear(found: Found, settings: Any, url: str, options: Any) -> None:
    settings.PIGEON_DESTINATIONS = {"beloved": {"URL": url, "OPTIONS": options}}
    message = found("W008")
    assert message.msg.startswith("The login of destination 'beloved' and all content travel by ")
    assert "Ask the partner for " in str(message.hint)
    assert SECRET not in str(message)


@pytest.mark.parametrize(
    "url",
    [
        f"ftp://news:{SECRET}@127.0.0.1/in",
        f"ftp://news:{SECRET}@localhost/in",
        f"http://news:{SECRET}@[::1]/in",
        "ftp://host/in",
        "http://host/in",
        f"ftps://news:{SECRET}@host/in",
        f"https://news:{SECRET}@host/in",
        f"sftp://news:{SECRET}@host/in",
    ],
)
def test_a_login_that_nobody_can_read(settings: Any, url: str) -> None:
    settings.PIGEON_DESTINATIONS = {"beloved": {"URL": url}}
    assert check_all(None) == []
