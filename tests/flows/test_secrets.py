"""No secret ever reaches the database, a log, an error, a file or what a command prints."""

from __future__ import annotations

import io
import socket
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.error import URLError

import pytest
from django.core import checks

from pigeon import engine
from pigeon.destinations import Destination, named, resolve
from pigeon.exceptions import ConfigurationError, PermanentError, TransientError
from pigeon.management.progress import shown_progress
from pigeon.models import PushAttempt, Status
from pigeon.senders.base import Delivery, SyncSender
from pigeon.senders.registry import register_sender, unregister_sender
from pigeon.testing.ftp_partner import FTPPartner
from pigeon.testing.sftp_partner import SFTPPartner
from tests.apps.newsroom.models import Story
from tests.flows.leaks import (
    BARE,
    ENCODED,
    FORMS,
    SECRET,
    TellingSFTPPartner,
    Watch,
)
from tests.flows.site import Site

pytestmark = [pytest.mark.django_db(databases=["default"]), pytest.mark.usefixtures("watch")]


def story(title: str = "A story") -> Story:
    return Story.objects.create(title=title)


def push(site: Site, watch: Watch) -> PushAttempt:
    """Push one story with the command; what was recorded about it."""
    story()
    watch.run("pigeon_push", "--traceback")
    return site.attempts()[-1]


def bar(site: Site, watch: Watch) -> None:
    """The progress bar that a terminal would show."""
    with shown_progress(engine.Options(), is_terminal=True) as progress:
        watch.said.append(repr(engine.push(engine.Options(retry_now=True), progress)))


def test_a_url_of_a_rule_that_is_no_named_destination(site: Site, watch: Watch) -> None:
    with FTPPartner(password=SECRET) as partner:
        site.rule("partner", f"ftp://pigeon:{BARE}@127.0.0.1:{partner.port}/")
        assert push(site, watch).outcome == "pushed"
        watch.look_everywhere(site.item())


def test_an_unknown_host_key(site: Site, watch: Watch, tmp_path: Path) -> None:
    with SFTPPartner(password=SECRET) as partner:
        options = {"password": SECRET, "known_hosts": str(tmp_path / "none")}
        site.destination("place", partner.url, **options)
        site.rule("partner", "place")
        assert "is unknown" in push(site, watch).message
        watch.look_everywhere(site.item())


@pytest.mark.parametrize("scheme", ["sftp", "ftp"])
def test_an_unreachable_partner(site: Site, watch: Watch, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    site.rule("partner", f"{scheme}://pigeon:{ENCODED}@127.0.0.1:{port}/")
    assert "cannot be reached" in push(site, watch).message
    watch.look_everywhere(site.item())


@pytest.mark.parametrize("title", ["file", "goodbye"])
def test_an_sftp_server_that_says_it(site: Site, watch: Watch, title: str) -> None:
    with TellingSFTPPartner(password=SECRET) as partner:
        site.destination("place", partner.url, **partner.options)
        site.rule("partner", "place", get_filename=lambda rule, instance: f"{title}.xml")
        assert ("[redacted]" in push(site, watch).message) is (title == "file")
        assert any("notice: " in line for line in watch.logged)
        watch.look_everywhere(site.item())


class LeakySender(SyncSender):
    """One whose library puts the token into every error."""

    schemes: ClassVar = ("leaky",)
    options: ClassVar = {"api_token": str, "when": str, "kind": str}

    def open(self) -> None:
        if self.destination.options["when"] == "open":
            self._fail()

    def send(self, delivery: Delivery) -> None:
        if self.destination.options["when"] == "send":
            self._fail()

    def close(self) -> None:
        if self.destination.options["when"] == "close":
            self._fail()

    def _fail(self) -> None:
        said = " ".join(FORMS)
        try:
            raise URLError(f"<https://partner.example/?token={said}>")
        except URLError as error:
            kind = self.destination.options["kind"]
            raise {"os": OSError, "permanent": PermanentError, "transient": TransientError}.get(
                kind, RuntimeError
            )(f"failed with {self.destination.options['api_token']!r} {said}") from error


@pytest.fixture
def leaky() -> Iterator[None]:
    register_sender(LeakySender)
    yield
    unregister_sender(LeakySender)


@pytest.mark.usefixtures("leaky")
@pytest.mark.parametrize("when", ["open", "send", "close"])
@pytest.mark.parametrize("kind", ["os", "permanent", "transient", "unexpected"])
def test_a_senders_library_that_says_it(site: Site, watch: Watch, when: str, kind: str) -> None:
    site.destination("place", "leaky://place", api_token=SECRET, when=when, kind=kind)
    site.rule("partner", "place")
    attempt = push(site, watch)
    assert (attempt.outcome == "pushed") is (when == "close")
    bar(site, watch)
    watch.look_everywhere(site.item())


@pytest.mark.parametrize("hook", ["get_filename", "get_context", "get_output_makers"])
def test_a_hook_that_says_it(site: Site, watch: Watch, hook: str) -> None:
    def fail(self: Any, instance: Any) -> Any:
        raise LookupError(f"no {SECRET}")

    site.destination("place", "dummy://place", password=SECRET)
    site.rule("partner", "place", **{hook: fail})
    story()
    site.push()
    assert site.item().status > Status.PUSHED
    watch.run("pigeon_check")


@pytest.mark.parametrize("option", ["password", "passphrase"])
def test_a_vault_that_says_it(site: Site, watch: Watch, tmp_path: Path, option: str) -> None:
    def vault() -> str:
        raise PermissionError(f"no entry but {SECRET}")

    with SFTPPartner() as partner:
        options = {**partner.options, option: vault, "key_file": str(tmp_path / "key")}
        site.destination("place", partner.url, **options)
        site.rule("partner", "place")
        assert "PermissionError" in push(site, watch).message
        watch.look_everywhere(site.item())


MALFORMED = (
    f"sftp://news:{SECRET}@host/in",
    f"sftp://news:{BARE}@host:99999/in",
    f"sftp://news:{ENCODED}@[::1/in",
    f"sftp://news:{BARE} @host/in",
    f"sftp:news:{BARE}@host/in",
    f"//news:{BARE}@host/in",
    f"news:{BARE}@host/in",
    f"carrier://news:{BARE}@host/in",
    f"https://host/hook?token={BARE}",
)


@pytest.mark.parametrize("url", MALFORMED)
def test_a_malformed_url(site: Site, watch: Watch, settings: Any, url: str) -> None:
    site.rule("partner", url, "dummy://other")
    settings.PIGEON_DESTINATIONS = {"place": {"URL": url}, url: {"URL": url}}
    watch.said += [str(message) for message in checks.run_checks(tags=["pigeon"])]
    for entry in (url, "place"):
        try:
            (named if entry == "place" else resolve)(entry)
        except ConfigurationError as error:
            watch.said.append("".join(traceback.format_exception(error)))
    story()
    watch.run("pigeon_push", "--destination", url, "--traceback")
    watch.run("pigeon_push", "--traceback")
    watch.run("pigeon_check")
    watch.run("pigeon_explain", "newsroom.Story", "1")


def test_what_a_destination_shows(watch: Watch) -> None:
    url = f"ftp://news:{BARE}@partner.example/in"
    found = resolve(url)
    assert isinstance(found, Destination)
    assert found.get_password() == SECRET
    watch.said += [repr(found), str(found), found.name, found.url, found.fingerprint()]
    print(found, file=io.StringIO())
    for form in (*FORMS, url):
        said = found.redact(f"before {form} after")
        watch.said.append(said)
        assert said.startswith("before ")
        assert said.endswith(" after")
