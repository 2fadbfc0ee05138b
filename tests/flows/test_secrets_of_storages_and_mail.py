"""What STORAGES and Django's mail settings keep secret gets no further than there."""

from __future__ import annotations

import io
import logging
from contextlib import redirect_stderr

import pytest

from tests.apps.newsroom.models import Story
from tests.flows.leaks import CORE, SECRET, Watch
from tests.flows.site import Site
from tests.servers.smtp import run_sink

pytestmark = pytest.mark.django_db


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
