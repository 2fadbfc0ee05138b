"""No secret ever reaches the database, a log, an error, a file or what a command prints."""

from __future__ import annotations

import io
import random
import socket
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.error import URLError

import asyncssh
import pytest
from django.core import checks

from pigeon import engine
from pigeon.destinations import Destination, named, resolve
from pigeon.exceptions import ConfigurationError, PermanentError, TransientError
from pigeon.management.progress import shown_progress
from pigeon.models import DestinationState, PushAttempt, Status
from pigeon.registry import registry
from pigeon.senders.base import Delivery, SyncSender
from pigeon.senders.registry import make_sender, register_sender, unregister_sender
from pigeon.testing.ftp_partner import FTPPartner
from pigeon.testing.sftp_partner import SFTPPartner
from tests.apps.newsroom.models import Story
from tests.flows.leaks import (
    BARE,
    CORE,
    ENCODED,
    FORMS,
    SECRET,
    TellingSFTPPartner,
    Watch,
    all_logs,
    telling_ftp_partner,
)
from tests.flows.site import Site
from tests.servers.server import Server

pytestmark = pytest.mark.django_db(databases=["default"])


@pytest.fixture(autouse=True)
def watch(capfd: Any, tmp_path: Path) -> Iterator[Watch]:
    """Look into everything when the test is over."""
    found = Watch(capfd, tmp_path)
    with all_logs(found.logged):
        yield found
    found.assert_nothing_leaked()


def secret() -> str:
    return SECRET


def story(title: str = "A story") -> Story:
    return Story.objects.create(title=title)


def push(site: Site, watch: Watch) -> PushAttempt:
    """Push one story with the command; what was recorded about it."""
    story()
    watch.run("pigeon_push", "--traceback")
    return site.attempts()[-1]


def look_everywhere(watch: Watch, item: Any) -> None:
    """Whatever an operator may ask about what happened."""
    watch.run("pigeon_push", "--dry-run", "--traceback")
    watch.run("pigeon_push", "--dry-run", "--format", "json")
    watch.run("pigeon_push", "--retry-now", "--format", "json", "--traceback")
    watch.run("pigeon_check")
    watch.run("pigeon_check", "--format", "json")
    watch.run("pigeon_explain", "newsroom.Story", item.object_id)
    watch.run("pigeon_explain", "newsroom.Story", item.object_id, "--format", "json")
    watch.run("pigeon_preview", "partner", "newsroom.Story", item.object_id)
    watch.run("check", "--tag", "pigeon")
    for destination in registry.destinations().values():
        sender = make_sender(destination)
        watch.said += [repr(destination), str(destination), destination.endpoint, repr(sender)]
        watch.said += [str(vars(sender).get("_remote")), repr(vars(sender).get("_plain"))]
    watch.said.append(repr(engine.Options()))


def bar(site: Site, watch: Watch) -> None:
    """The progress bar that a terminal would show."""
    with shown_progress(engine.Options(), is_terminal=True) as progress:
        watch.said.append(repr(engine.push(engine.Options(retry_now=True), progress)))


ARRIVALS: dict[str, Any] = {
    "sftp option": (SFTPPartner, "pigeon", {"password": SECRET}),
    "sftp callable": (SFTPPartner, "pigeon", {"password": secret}),
    "sftp url": (SFTPPartner, f"pigeon:{ENCODED}", {}),
    "ftp option": (FTPPartner, "pigeon", {"password": SECRET}),
    "ftp callable": (FTPPartner, "pigeon", {"password": secret}),
    "ftp url": (FTPPartner, f"pigeon:{ENCODED}", {}),
    "ftp bare url": (FTPPartner, f"pigeon:{BARE}", {}),
}


@pytest.mark.parametrize("way", ARRIVALS)
def test_a_success(site: Site, watch: Watch, way: str) -> None:
    kind, user, options = ARRIVALS[way]
    with kind(password=SECRET) as partner:
        if kind is SFTPPartner:
            options = {**options, "known_hosts": str(partner.known_hosts)}
        site.destination("place", f"{kind.scheme}://{user}@127.0.0.1:{partner.port}/", **options)
        site.rule("partner", "place")
        assert push(site, watch).outcome == "pushed"
        bar(site, watch)
        look_everywhere(watch, site.item())


def test_a_url_of_a_rule_that_is_no_named_destination(site: Site, watch: Watch) -> None:
    with FTPPartner(password=SECRET) as partner:
        site.rule("partner", f"ftp://pigeon:{BARE}@127.0.0.1:{partner.port}/")
        assert push(site, watch).outcome == "pushed"
        look_everywhere(watch, site.item())


@pytest.mark.parametrize("way", [way for way in ARRIVALS if "sftp" in way])
def test_a_wrong_password(site: Site, watch: Watch, way: str) -> None:
    _, user, options = ARRIVALS[way]
    with SFTPPartner(password="another") as partner:
        options = {**options, "known_hosts": str(partner.known_hosts)}
        site.destination("place", f"sftp://{user}@127.0.0.1:{partner.port}/", **options)
        site.rule("partner", "place")
        assert "refused the login" in push(site, watch).message
        assert DestinationState.objects.get().stopped_reason
        bar(site, watch)
        look_everywhere(watch, site.item())


def test_an_unknown_host_key(site: Site, watch: Watch, tmp_path: Path) -> None:
    with SFTPPartner(password=SECRET) as partner:
        options = {"password": SECRET, "known_hosts": str(tmp_path / "none")}
        site.destination("place", partner.url, **options)
        site.rule("partner", "place")
        assert "is unknown" in push(site, watch).message
        look_everywhere(watch, site.item())


@pytest.mark.parametrize("scheme", ["sftp", "ftp"])
def test_an_unreachable_partner(site: Site, watch: Watch, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    site.rule("partner", f"{scheme}://pigeon:{ENCODED}@127.0.0.1:{port}/")
    assert "cannot be reached" in push(site, watch).message
    look_everywhere(watch, site.item())


@pytest.mark.parametrize("title", ["file", "goodbye"])
def test_an_sftp_server_that_says_it(site: Site, watch: Watch, title: str) -> None:
    with TellingSFTPPartner(password=SECRET) as partner:
        site.destination("place", partner.url, **partner.options)
        site.rule("partner", "place", get_filename=lambda rule, instance: f"{title}.xml")
        assert ("[redacted]" in push(site, watch).message) is (title == "file")
        assert any("notice: " in line for line in watch.logged)
        look_everywhere(watch, site.item())


@pytest.mark.parametrize("refuses", [True, False])
@pytest.mark.parametrize("way", [way for way in ARRIVALS if "sftp" not in way])
def test_an_ftp_server_that_says_it(site: Site, watch: Watch, way: str, refuses: bool) -> None:
    _, user, options = ARRIVALS[way]
    with telling_ftp_partner(refuses=refuses) as port:
        site.destination("place", f"ftp://{user}@127.0.0.1:{port}/", **options)
        site.rule("partner", "place")
        assert "[redacted]" in push(site, watch).message
        look_everywhere(watch, site.item())


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
    look_everywhere(watch, site.item())


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


def test_a_key_with_a_passphrase(site: Site, watch: Watch, sshd: Server, tmp_path: Path) -> None:
    assert sshd.key_file
    key = asyncssh.read_private_key(str(sshd.key_file))
    encrypted = tmp_path / "key"
    encrypted.write_bytes(key.export_private_key(passphrase=SECRET))
    folder = sshd.folder(f"secrets-{random.getrandbits(40)}")
    url, options = sshd.url(folder.name), sshd.options()
    options |= {"key_file": str(encrypted), "passphrase": secret}
    site.destination("place", url, **options)
    site.rule("partner", "place")
    assert push(site, watch).outcome == "pushed"
    look_everywhere(watch, site.item())
    site.destination("place", url, **{**options, "passphrase": f"{CORE} is wrong"})
    assert "cannot be read" in push(site, watch).message
    look_everywhere(watch, site.item())


@pytest.mark.parametrize("option", ["password", "passphrase"])
def test_a_vault_that_says_it(site: Site, watch: Watch, tmp_path: Path, option: str) -> None:
    def vault() -> str:
        raise PermissionError(f"no entry but {SECRET}")

    with SFTPPartner() as partner:
        options = {**partner.options, option: vault, "key_file": str(tmp_path / "key")}
        site.destination("place", partner.url, **options)
        site.rule("partner", "place")
        assert "PermissionError" in push(site, watch).message
        look_everywhere(watch, site.item())


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
