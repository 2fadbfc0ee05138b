"""What STORAGES and Django's mail settings keep secret gets no further than there."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import pytest

from pigeon.models import DestinationState
from tests.apps.newsroom.models import Story
from tests.flows.leaks import CORE, SECRET, Watch, all_logs
from tests.flows.site import Site
from tests.servers.smtp import run_sink

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def watch(capfd: Any, tmp_path: Path) -> Iterator[Watch]:
    """Look into everything when the test is over."""
    found = Watch(capfd, tmp_path)
    with all_logs(found.logged):
        yield found
    found.assert_nothing_leaked()


def push(site: Site, watch: Watch, url: str) -> str:
    """Push one story and ask whatever an operator may ask; what became of it."""
    site.destination("place", url)
    site.rule("partner", "place")
    Story.objects.create(title="A story")
    watch.run("pigeon_push", "--traceback")
    item = site.item()
    watch.run("pigeon_push", "--retry-now", "--format", "json", "--traceback")
    watch.run("pigeon_check", "--format", "json")
    watch.run("pigeon_explain", "newsroom.Story", item.object_id)
    watch.run("pigeon_doctor", "place")
    watch.run("check", "--tag", "pigeon")
    return site.attempts()[0].message


@pytest.mark.parametrize("refused", [False, True])
def test_the_keys_of_a_storage(site: Site, watch: Watch, s3: Any, refused: bool) -> None:
    from moto.core.authorization import disable_iam_authentication, enable_iam_authentication

    entry = s3.storage(s3.bucket(), access_key="AKIAPIGEON", secret_key=SECRET)
    site.settings.STORAGES = {**site.settings.STORAGES, "Archive": entry}
    with enable_iam_authentication() if refused else disable_iam_authentication():
        message = push(site, watch, "storage://Archive/in")
    assert ("refused the login" in message) == refused
    if refused:
        assert DestinationState.objects.get().stopped_reason
        assert "AKIAPIGEON" not in message


def test_a_storage_that_cannot_be_made(site: Site, watch: Watch) -> None:
    entry = {"BACKEND": f"{__name__}.Telling", "OPTIONS": {"api_token": SECRET}}
    site.settings.STORAGES = {**site.settings.STORAGES, "Archive": entry}
    assert "cannot be made" in push(site, watch, "storage://Archive/in")


class Telling:
    def __init__(self, api_token: str) -> None:
        raise ValueError(f"nothing can be done with {api_token}")


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("login", [True, False])
def test_the_password_of_the_mail_settings(
    site: Site, watch: Watch, login: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("mail.log"), "propagate", False)  # the server's own
    with run_sink(login=login) as sink, redirect_stderr(io.StringIO()):
        sink.refused = {} if login else {"desk@partner.example": f"550 not with {SECRET}"}
        # Python's SMTP takes no other letters in a login.
        password = SECRET.encode("ascii", "ignore").decode() if login else SECRET
        more = {"EMAIL_HOST_USER": "desk" if login else "", "EMAIL_HOST_PASSWORD": password}
        for name, value in sink.settings(**more).items():
            setattr(site.settings, name, value)
        message = push(site, watch, "mailto:desk@partner.example")
    assert ("refused the login" if login else "not with [redacted]") in message
    assert CORE not in message
