"""Destinations: endpoint, password, redaction, fingerprint."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest

from pigeon.destinations import REDACTED, Destination, named, resolve
from pigeon.exceptions import DestinationMisconfigured


def make(settings: Any, url: str = "sftp://news@h/in", **options: Any) -> Destination:
    settings.PIGEON_DESTINATIONS = {"beloved": {"URL": url, "OPTIONS": options}}
    return named("beloved")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sftp://news@h/in", "sftp://news:geheim@H:22/out"),
        ("ftp://[::1]", "ftp://[::1]:21/x"),
        ("storage://Archive/a", "storage://Archive/b"),
    ],
)
def test_two_paths_at_one_server_share_its_endpoint(one: str, other: str) -> None:
    assert resolve(one).endpoint == resolve(other).endpoint


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sftp://news@h", "sftp://desk@h"),
        ("sftp://h", "sftp://h:2222"),
        ("ftp://h", "sftp://h"),
        ("file:///a", "file:///b"),
        ("storage://Archive", "storage://archive"),
    ],
)
def test_others_do_not(one: str, other: str) -> None:
    assert resolve(one).endpoint != resolve(other).endpoint


def test_the_password_of_the_options_comes_first(settings: Any) -> None:
    assert make(settings, "sftp://u:url@h", password="option").get_password() == "option"
    assert make(settings, "sftp://u:url@h").get_password() == "url"
    assert make(settings).get_password() == ""


def test_a_callable_gives_the_password_anew_each_time(settings: Any) -> None:
    passwords = iter(["first", "second"])
    found = make(settings, password=lambda: next(passwords))
    assert found.redact("first second") == "first second"
    assert [found.get_password(), found.get_password()] == ["first", "second"]
    assert found.redact("first second") == f"{REDACTED} {REDACTED}"


def test_a_callable_that_raises_stops_the_destination(settings: Any) -> None:
    def ask_the_vault() -> str:
        raise OSError("the token geheim has expired")

    found = make(settings, password=ask_the_vault)
    with pytest.raises(DestinationMisconfigured, match=r"'beloved'.*OSError.*ask_the_vault") as e:
        found.get_password()
    assert "geheim" not in str(e.value)
    assert found.redact("text") == "text"


def test_no_secret_is_shown(settings: Any) -> None:
    found = make(
        settings,
        "https://u:in-url@h",
        password="in-option",
        headers={"Authorization": "Bearer of-header", "X-Feed": "plain"},
        bearer_token="tok/en",
        hmac_secret=b"bytes",
        passphrase=["first", {"deep": "second"}],
        connections=2,
    )
    shown = repr(found)
    for secret in ("in-url", "in-option", "tok/en", "bytes", "first", "second", "of-header"):
        assert secret not in shown
        assert found.redact(f"<{secret}>") == f"<{REDACTED}>"
    assert found.redact("tok%2Fen") == REDACTED
    assert found.redact("2 connections to h, plain") == "2 connections to h, plain"


def test_secrets_within_secrets_and_within_the_replacement(settings: Any) -> None:
    found = make(settings, password="geheim", api_key="geheim-lang", token="red")
    assert found.redact("geheim-lang geheim red") == f"{REDACTED} {REDACTED} {REDACTED}"


def test_a_sender_may_know_of_more_secrets() -> None:
    found = resolve("dummy://x")
    found.hide("geheim", "")
    assert found.redact("so geheim") == f"so {REDACTED}"


def test_without_secrets_nothing_is_redacted() -> None:
    assert resolve("dummy://x").redact("everything") == "everything"


def test_the_fingerprint_changes_with_the_configuration(settings: Any) -> None:
    marks = {
        make(settings).fingerprint(),
        make(settings, "sftp://news@h/out").fingerprint(),
        make(settings, "sftp://news:a@h/in").fingerprint(),
        make(settings, "sftp://news:b@h/in").fingerprint(),
        make(settings, password="a").fingerprint(),
        make(settings, connections=2).fingerprint(),
        make(settings, connections="2").fingerprint(),
        make(settings, key_file=Path("/a")).fingerprint(),
        make(settings, password=len).fingerprint(),
        make(settings, password=str).fingerprint(),
    }
    assert len(marks) == 10
    settings.SECRET_KEY = "another"
    assert make(settings).fingerprint() not in marks


class Vault:
    def __call__(self) -> str:
        return "x"


@pytest.mark.parametrize(
    "make_value", [lambda: functools.partial(len, "x"), Vault, object, lambda: lambda: "x"]
)
def test_the_fingerprint_is_the_same_in_every_process(settings: Any, make_value: Any) -> None:
    """What depends on an address in memory would change from process to process."""
    keep = [make_value(), make_value()]
    marks = {make(settings, password=value).fingerprint() for value in keep}
    assert len(marks) == 1


def test_the_order_of_options_does_not_matter(settings: Any) -> None:
    one = make(settings, connections=2, in_flight=3).fingerprint()
    assert make(settings, in_flight=3, connections=2).fingerprint() == one


def test_the_path_of_a_web_hook_is_a_secret(settings: Any) -> None:
    entry = {"URL": "https://chat.example/services/T0-s3cret-t0ken", "OPTIONS": {"method": "POST"}}
    settings.PIGEON_DESTINATIONS = {"chat": entry}
    hook = resolve("chat")
    assert hook.url == "https://chat.example/…"
    assert "s3cret" not in repr(hook)
    assert hook.redact("no /services/T0-s3cret-t0ken, no services") == "no [redacted], no services"
    assert hook.redact("got T0-s3cret-t0ken") == "got [redacted]"
    settings.PIGEON_DESTINATIONS = {"chat": {**entry, "OPTIONS": {}}}
    assert resolve("chat").url == entry["URL"], "files have addresses"
    other = {**entry, "URL": entry["URL"] + "2"}
    settings.PIGEON_DESTINATIONS = {"chat": other}
    assert resolve("chat").fingerprint() != hook.fingerprint()


def test_what_others_quoted_may_stand_in_a_url() -> None:
    found = resolve("ftp://u@h/")
    found.hide("p\"ä'")
    for form in ("%7B%22k%22%3A%20%22p%5C%22%5Cu00e4%27%22%7D", "p%22%C3%A4%5C%27"):
        assert "u00e4" not in found.redact(form)
        assert "[redacted]" in found.redact(form)
