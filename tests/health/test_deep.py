"""``pigeon_check --deep``: logging in everywhere, at real servers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pigeon.models import DestinationState
from pigeon.testing import FTPPartner
from tests.management.conftest import Run
from tests.servers.process import free_port

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site"), pytest.mark.wire]
SECRET = "hunter2"


def place(settings: Any, name: str, url: str, **options: Any) -> None:
    entry = {name: {"URL": url, "OPTIONS": options}}
    settings.PIGEON_DESTINATIONS = settings.PIGEON_DESTINATIONS | entry


def test_logins_that_work_and_logins_that_do_not(
    run: Run, settings: Any, ftp_partner: FTPPartner
) -> None:
    settings.PIGEON_DESTINATIONS = settings.PIGEON_DESTINATIONS | {"right": ftp_partner.entry}
    said = run("pigeon_check --deep")
    assert (said.status, said.out.partition(" | ")[0]) == (
        0, "PIGEON OK - logged in at 3 destinations",
    )  # fmt: skip
    url = f"ftp://{ftp_partner.username}@127.0.0.1:{ftp_partner.port}/"
    place(settings, "wrong", url, password=SECRET)
    place(settings, "dead", f"sftp://news:{SECRET}@127.0.0.1:{free_port()}/")
    place(settings, "malformed", "sftp://news@host:99999/")
    place(settings, "unusable", "sftp:///incoming")
    said = run("pigeon_check --deep --format json")
    assert said.status == 2
    *refused, well = said.json["sentences"]
    assert well == "logged in at 3 destinations"
    assert sorted(words.split(":")[:2] for words in refused) == [
        ["dead", " log in failed"],
        ["malformed", " configuration failed"],
        ["unusable", " configuration failed"],
        ["wrong", " log in failed"],
    ]
    assert SECRET not in said.out


def test_who_sleeps_is_left_alone(run: Run, settings: Any) -> None:
    soon = timezone.now() + timedelta(hours=3)
    hours = f"{soon:%H:%M}-{soon + timedelta(minutes=1):%H:%M} UTC"
    place(settings, "paused", f"ftp://news@127.0.0.1:{free_port()}/")
    place(settings, "resting", f"ftp://news@127.0.0.1:{free_port()}/", hours=hours)
    DestinationState.objects.create(
        name="paused", paused_by="ada", paused_date=timezone.now(), paused_reason=""
    )
    said = run("pigeon_check --deep")
    assert (said.status, "logged in at 2 destinations" in said.out) == (0, True)


def test_nothing_is_tried_unless_asked(run: Run, settings: Any) -> None:
    place(settings, "dead", f"ftp://news@127.0.0.1:{free_port()}/")
    assert run("pigeon_check").status == 0
