"""URLs: what they mean, what they are called, and that their secrets are never shown."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from pigeon.destinations import named, resolve
from pigeon.destinations.url import without_secret
from pigeon.exceptions import ConfigurationError


@pytest.mark.parametrize(
    ("url", "host", "port", "username", "password", "path"),
    [
        ("sftp://partner.example", "partner.example", None, "", "", ""),
        ("sftp://news@partner.example:2222/in/x", "partner.example", 2222, "news", "", "/in/x"),
        ("SFTP://News@Partner.Example/In", "partner.example", None, "News", "", "/In"),
        ("ftp://u:p@[::1]:2121/", "::1", 2121, "u", "p", "/"),
        ("ftp://[fe80::1]/in", "fe80::1", None, "", "", "/in"),
        ("ftp://u%40firm:p%2Fq@h/a%20b", "h", None, "u@firm", "p/q", "/a b"),
        ("file:///var/out", "", None, "", "", "/var/out"),
        ("dummy://partner", "partner", None, "", "", ""),
        ("mailto:desk@partner.example", "", None, "", "", "desk@partner.example"),
        ("storage://Archive/in/x", "Archive", None, "", "", "/in/x"),
        ("STORAGE://My%20Bucket", "My Bucket", None, "", "", ""),
        ("sftp://h:/in", "h", None, "", "", "/in"),
        ("sftp://h:65535/in", "h", 65535, "", "", "/in"),
        ("sftp://@h/in", "h", None, "", "", "/in"),
        ("sftp://:pw@h/in", "h", None, "", "pw", "/in"),
        ("sftp://news@h/a@b", "h", None, "news", "", "/a@b"),
        ("sftp://h/a@b", "h", None, "", "", "/a@b"),
        ("sftp://h./in", "h.", None, "", "", "/in"),
        ("sftp://h/in/", "h", None, "", "", "/in/"),
        ("sftp://h/in//x/../y", "h", None, "", "", "/in//x/../y"),
        ("sftp://xn--mller-kva.example/", "xn--mller-kva.example", None, "", "", "/"),
        ("sftp://h/%23%3F%25%40", "h", None, "", "", "/#?%@"),
        ("sftp://a%3Ab%2F%40%25%23:x@h", "h", None, "a:b/@%#", "x", ""),
        ("sftp://u:100%25@h", "h", None, "u", "100%", ""),
        ("ftp://[fe80::1%25eth0]:2121/in", "fe80::1%eth0", 2121, "", "", "/in"),
        ("ftp://[fe80::1%eth0]/in", "fe80::1%eth0", None, "", "", "/in"),
        ("ftp://[2001:DB8::1]/in", "2001:db8::1", None, "", "", "/in"),
        ("dummy://Möwe/", "möwe", None, "", "", "/"),
    ],
)
def test_parts_of_a_url(
    url: str, host: str, port: int | None, username: str, password: str, path: str
) -> None:
    found = resolve(url)
    assert (found.host, found.port, found.username) == (host, port, username)
    assert (found.get_password(), found.path) == (password, path)


@pytest.mark.parametrize(
    "password", ["a@b", "a:b", "a/b", "a%b", "a#b", "a?b", "ä ö", "%41", "1/2"]
)
def test_an_encoded_password_may_be_anything(password: str) -> None:
    found = resolve(f"sftp://news:{quote(password, safe='')}@partner.example:22/in")
    assert found.get_password() == password
    assert (found.host, found.username, found.path) == ("partner.example", "news", "/in")
    assert password not in repr(found)
    assert quote(password, safe="") not in found.name


@pytest.mark.parametrize("password", ["a@b", "a:b", "a@b:c@", "100%", "p&w=x"])
def test_some_passwords_work_bare(password: str) -> None:
    found = resolve(f"sftp://news:{password}@partner.example/in")
    assert (found.get_password(), found.host) == (password, "partner.example")


@pytest.mark.parametrize("password", ["geheim/x", "12/34", "12#34", "12?34", "geheim#x", "a/b@c"])
def test_others_are_refused_rather_than_misread(password: str) -> None:
    with pytest.raises(ConfigurationError, match="percent-encoded") as caught:
        resolve(f"sftp://news:{password}@partner.example/in")
    assert password not in str(caught.value)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sftp://h:99999/in", "port is not a number from 1 to 65535"),
        ("sftp://h:0/in", "port 0"),
        ("sftp://[::1/in", "bad host"),
        ("sftp://h/a b", "%20"),
        ("sftp://h/a\nb", "control character"),
        ("sftp:news:geheim@h/in", "'//' is missing"),
        ("sftp:/news:geheim@h/in", "'//' is missing"),
        ("", "neither a URL nor a name"),
        ("partner", "neither a URL nor a name"),
        ("news:geheim@h/in", "'//' is missing"),
        ("//news:geheim@h/in", "neither a URL nor a name"),
        (None, "strings"),
        (["sftp://h"], "strings"),
        ("dummy://" + "x" * 300, "Give it a shorter name"),
        ("sftp://h:65536/in", "port is not a number from 1 to 65535"),
        ("sftp://h:-1/in", "port is not a number from 1 to 65535"),
        ("sftp://h:abc/in", "port is not a number from 1 to 65535"),
        ("sftp://h:+22/in", "port is not a number from 1 to 65535"),
        ("sftp://h:2٢/in", "port is not a number from 1 to 65535"),
        ("sftp://u:geheim@h:22:22/in", "bad host|port is not a number"),
        ("sftp://::1/in", "port is not a number|bad host"),
        ("sftp://[::1]x/in", "bad host|port"),
        ("sftp://[::g]/in", "bad host"),
        ("sftp://::1]/in", "bad host"),
        ("sftp://[]/in", "bad host"),
        ("sftp://u:geheim@[::1/in", "bad host"),
        ("sftp://news partner.example/in", "%20"),
        ("sftp://u:geh eim@h/in", "%20"),
        ("	sftp://h/in", "neither a URL nor a name|control character"),
        ("sftp://h/in", "control character"),
        ("sftp://h/a%00b", "path holds an encoded control character"),
        ("ftp://h/a%0D%0ADELE%20x", "path holds an encoded control character"),
        ("ftp://u%0aDELE:geheim@h/", "user name holds an encoded control character"),
        ("ftp://u:geheim%0d%0aDELE@h/", "password holds an encoded control character"),
        ("ftp://u:geheim%FF@h/", "password is percent-encoded, but not as UTF-8"),
        ("ftp://h/Gr%FC%DFe", "path is percent-encoded, but not as UTF-8"),
        ("sftp://müller.example/in", "xn--"),
        ("sftp://a..b/in", "bad host"),
        ("sftp://.b/in", "bad host"),
        ("sftp://-a.example/in", "bad host"),
        ("sftp://a%2Eb/in", "bad host"),
        ("sftp://a,b/in", "bad host"),
        ("sftp://a;rm/in", "bad host"),
        ("sftp://" + "a" * 64 + ".example/in", "bad host"),
        ("sftp://h/in#1", "%23"),
        ("storage://Archive/in#1", "%23"),
        ("sftp:", "'//' is missing"),
        ("sftp:h", "'//' is missing"),
        ("sftp://h/in?verify=none&verify=size", "'verify' twice"),
        ("sftp://h/in?password=geheim&password=geheim", "'password' twice"),
        ("sftp://h/in?password=geheim%FF", "not as UTF-8"),
        (b"sftp://h/in", "strings"),
        (7, "strings"),
    ],
)
def test_what_is_malformed_is_told_without_its_secrets(url: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        resolve(url)
    assert "geheim" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        "sftp://news:geheim@h/in",
        "sftp://news:gehe@im:geheim@h/in",
        "sftp://news:x/geheim@h/in",
        "sftp:news:geheim@h",
        "https://h/hook?token=geheim",
        "https://h/hook#geheim",
        "sftp://news:a#geheim@h/in",
        "news:geheim@h",
        "sftp://news:\ngeheim@h",
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str) -> None:
    assert "geheim" not in without_secret(url)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sftp://news:geheim@Partner.Example:2222/in", "sftp://news@partner.example:2222/in"),
        ("sftp://partner.example:22/in", "sftp://partner.example/in"),
        ("ftps://partner.example:990", "ftps://partner.example"),
        ("https://h:8443/x?token=geheim#there", "https://h:8443/x"),
        ("ftp://[::1]:21/in", "ftp://[::1]/in"),
        ("ftp://a%40b@h/%C3%A4", "ftp://a%40b@h/%C3%A4"),
        ("mailto:desk@partner.example", "mailto:desk@partner.example"),
        ("file:///var/out", "file:///var/out"),
        ("storage://Archive/in/x?verify=none", "storage://Archive/in/x"),
        ("storage://My%20Bucket", "storage://My%20Bucket"),
        ("ftp://[fe80::1%eth0]/in", "ftp://[fe80::1%25eth0]/in"),
    ],
)
def test_a_bare_url_is_called_by_its_normalised_self(url: str, name: str) -> None:
    found = resolve(url)
    assert found.name == found.url == name
    assert resolve(found.name).name == name


def test_the_query_of_a_bare_url_is_its_options() -> None:
    found = resolve("https://h/hook?fieldname=file&empty=&token=geh%20eim")
    assert found.options == {"fieldname": "file", "empty": "", "token": "geh eim"}
    assert found.redact("said geh eim and geh%20eim") == "said [redacted] and [redacted]"


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("connections=2", {"connections": 2}),
        ("timeout=2.5", {"timeout": 2.5}),
        ("timeout=3", {"timeout": 3}),
        ("host_key_check=false", {"host_key_check": False}),
        ("host_key_check=True", {"host_key_check": True}),
        ("host_key_check=0", {"host_key_check": False}),
        ("password=12345", {"password": "12345"}),
        ("verify=none", {"verify": "none"}),
        ("connections=two", {"connections": "two"}),
        ("host_key_check=maybe", {"host_key_check": "maybe"}),
        ("no_such=2", {"no_such": "2"}),
    ],
)
def test_options_of_a_query_have_the_types_that_the_sender_wants(query: str, options: Any) -> None:
    found = resolve(f"sftp://h/in?{query}").options
    assert found == options
    assert [type(value) for value in found.values()] == [type(v) for v in options.values()]


def test_a_query_that_nobody_understands_stays_text() -> None:
    assert resolve("pony://h/?legs=4").options == {"legs": "4"}


def test_a_url_of_the_settings_may_have_a_query_and_options_come_before_it(settings: Any) -> None:
    entry = {"URL": "sftp://h/in?connections=2&timeout=5", "OPTIONS": {"timeout": 9}}
    settings.PIGEON_DESTINATIONS = {"beloved": entry}
    assert named("beloved").options == {"connections": 2, "timeout": 9}


def test_a_name_of_the_settings(settings: Any) -> None:
    settings.PIGEON_DESTINATIONS = {
        "beloved": {"URL": "sftp://news@h/in", "OPTIONS": {"connections": 2}}
    }
    found = resolve("beloved")
    assert (found.name, found.url, found.options["connections"]) == (
        "beloved", "sftp://news@h/in", 2,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("sftp://h/in", "must be a dictionary with a 'URL'"),
        ({}, "must be a dictionary with a 'URL'"),
        ({"URL": "sftp://h", "OPTIONS": ["a"]}, "OPTIONS.*dictionary"),
        ({"URL": "sftp://h", "OPTIONS": {1: "a"}}, "OPTIONS.*dictionary"),
        ({"URL": 7}, "must be a string"),
        ({"URL": "sftp://u:geheim@h:x"}, "malformed"),
        ({"URL": "nowhere"}, "no scheme"),
    ],
)
def test_a_malformed_entry_of_the_settings(settings: Any, entry: Any, said: str) -> None:
    settings.PIGEON_DESTINATIONS = {"beloved": entry}
    with pytest.raises(ConfigurationError, match=said) as caught:
        named("beloved")
    assert "geheim" not in str(caught.value)


def test_an_unknown_name_is_told_with_the_known_ones(settings: Any) -> None:
    settings.PIGEON_DESTINATIONS = {"beloved": {"URL": "dummy://x"}}
    with pytest.raises(ConfigurationError, match=r"'belovde'.*Known names: beloved"):
        resolve("belovde")
