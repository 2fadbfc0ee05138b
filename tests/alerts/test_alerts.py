"""Mails to those who run the site: one tells all, and not again for a while."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from pigeon import alerts
from pigeon.engine import alarm
from pigeon.exceptions import AuthenticationError, PermanentError, Unreachable
from pigeon.models import Alert, ItemToPush, PushAttempt
from tests.apps.newsroom.models import Story
from tests.engine.scripted import Scripted
from tests.flows.site import Site
from tests.queue.making import together
from tests.servers.smtp import run_sink

pytestmark = pytest.mark.django_db(databases=["default"])
SECRET = "hunter2"


@pytest.fixture(autouse=True)
def wanted(settings: Any) -> None:
    settings.PIGEON_ALERT_EMAILS = ["ops@example.org", "desk@example.org"]
    settings.SERVER_EMAIL = "pigeon@example.org"
    settings.EMAIL_SUBJECT_PREFIX = "[site] "
    mail.outbox.clear()


def stories(number: int) -> None:
    for index in range(number):
        Story.objects.create(title=f"Story {index}")


def later() -> None:
    """More than the interval passes."""
    for alert in Alert.objects.exclude(sent_date=None):
        past = timezone.now() - timedelta(hours=2)
        Alert.objects.filter(pk=alert.pk).update(sent_date=past)


def refuse(scripted: type[Scripted], error: Exception) -> None:
    scripted.script = lambda delivery: error


def test_many_items_that_fail_are_one_mail(site: Site, scripted: type[Scripted]) -> None:
    site.rule("partner", "scripted://one", "scripted://two")
    stories(100)
    refuse(scripted, PermanentError("No such\nfolder."))
    site.settings.PIGEON_BATCH_SIZE = 10
    assert site.push().total("failed") == 200
    [message] = mail.outbox
    assert message.to == ["ops@example.org", "desk@example.org"]
    assert message.from_email == "pigeon@example.org"
    assert message.subject == (
        "[site] Pigeon: scripted://one has 100 failed items; scripted://two has 100 failed items"
    )
    assert message.body.count("No such folder.") == 2 * alerts.notes.NAMED
    assert "partner: Story 0 → scripted://one: No such folder." in message.body
    assert message.body.count("and 95 more.") == 2
    assert "failed().reset()" in message.body


def test_no_second_mail_within_the_interval_and_then_one_about_all(
    site: Site, scripted: type[Scripted]
) -> None:
    site.rule("partner", "scripted://host")
    refuse(scripted, PermanentError("Refused."))
    stories(1)
    site.push()
    for _ in range(3):
        stories(2)
        site.push()
    assert len(mail.outbox) == 1
    site.push()
    assert len(mail.outbox) == 1
    later()
    site.push()  # nothing is left to push: it only tells what is still to be told
    assert [message.subject for message in mail.outbox[1:]] == [
        "[site] Pigeon: scripted://host has 6 failed items"
    ]
    later()
    site.push()
    assert len(mail.outbox) == 2


@pytest.mark.parametrize("error", [AuthenticationError, Unreachable])
def test_a_destination_that_stops_is_one_mail_and_few_attempts(
    site: Site, scripted: type[Scripted], error: type[Any]
) -> None:
    site.destination("beloved", "scripted://host", password=SECRET, connections=2)
    site.rule("partner", "beloved")
    stories(500)
    scripted.opening = error(f"The partner said: no {SECRET}.")
    for _ in range(3):
        site.push()
        site.push(retry_now=True)
    [message] = mail.outbox
    assert message.subject == "[site] Pigeon: beloved takes nothing"
    assert "The partner said: no [redacted]." in message.body
    assert "It is tried again at " in message.body and "--retry-now" in message.body
    assert SECRET not in f"{message.subject}{message.body}{list(Alert.objects.values())}"
    assert PushAttempt.objects.count() <= 2 + 3, "one for each connection, one for each probe"
    assert ItemToPush.objects.new().count() >= 495
    later()
    site.push(retry_now=True)
    assert len(mail.outbox) == 1, "it is known that it is stopped"


def test_that_it_is_well_again_is_told_to_those_who_know_that_it_was_not(
    site: Site, scripted: type[Scripted]
) -> None:
    site.rule("partner", "scripted://host")
    stories(3)
    scripted.opening = AuthenticationError("No.")
    site.push()
    scripted.opening = None
    site.push(retry_now=True)
    assert [message.subject for message in mail.outbox] == [
        "[site] Pigeon: scripted://host takes nothing",
        "[site] Pigeon: scripted://host is well again",
    ]
    stories(1)
    scripted.opening = AuthenticationError("No.")
    site.push()
    scripted.opening = None
    site.push(retry_now=True)
    assert len(mail.outbox) == 2, "all of it within the interval"


def test_without_addresses_nothing_is_noted(
    site: Site, scripted: type[Scripted], settings: Any
) -> None:
    settings.PIGEON_ALERT_EMAILS = []
    site.rule("partner", "scripted://host")
    stories(1)
    refuse(scripted, PermanentError("Refused."))
    site.push()
    assert not mail.outbox and not Alert.objects.exists()


class Broken(BaseEmailBackend):
    """Cannot send anything."""

    def send_messages(self, email_messages: Any) -> int:
        raise ConnectionRefusedError("no mail server")


class Silent(BaseEmailBackend):
    """Never comes back."""

    release = threading.Event()

    def send_messages(self, email_messages: Any) -> int:
        Silent.release.wait(600)
        return 0


@pytest.mark.parametrize("backend", [Broken, Silent])
def test_a_mail_that_cannot_be_sent_breaks_nothing_and_is_tried_again(
    site: Site,
    scripted: type[Scripted],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    backend: type[BaseEmailBackend],
) -> None:
    monkeypatch.setattr(alarm, "LIMIT", 0.3)
    settings: Any = site.settings
    Silent.release.clear()
    usual = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.{backend.__name__}"
    site.rule("partner", "scripted://host")
    stories(2)
    refuse(scripted, PermanentError("Refused."))
    assert site.push().total("failed") == 2
    assert "The alert 'Pigeon: scripted://host has 2 failed items'" in caplog.text
    Silent.release.set()
    settings.EMAIL_BACKEND = usual
    site.push()
    assert not mail.outbox, "not at once"
    later()
    site.push()
    [message] = mail.outbox
    assert "has 2 failed items" in message.subject
    assert message.body.count("Refused.") == 2


def test_a_worker_that_stays_tells_while_it_works(
    site: Site, scripted: type[Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarm, "GATHER", 0.1)
    site.rule("partner", "scripted://host")
    stories(2)

    async def answer(delivery: Any) -> Exception | None:
        if delivery.title == "Story 0":
            return PermanentError("Refused.")
        for _ in range(600):
            if mail.outbox:
                return None
            await asyncio.sleep(0.05)
        return PermanentError("No mail came while the run went on.")

    scripted.script = answer
    summary = site.push()
    assert (summary.total("pushed"), len(mail.outbox)) == (1, 1)


def test_of_two_workers_one_tells(alias: str) -> None:
    alerts.note_failed("beloved", 3, ["one", "two"])
    alerts.note_failed("beloved", 2, ["three"])
    first, second = alerts.take(), alerts.take()
    assert first is not None and second is None
    assert first.subject == "Pigeon: beloved has 5 failed items"
    assert [line.strip() for line in first.body.splitlines()[1:5]] == [
        "one",
        "two",
        "three",
        "and 2 more.",
    ]


def test_a_lost_mail_that_it_is_well_is_not_told_once_it_is_not(alias: str) -> None:
    alerts.note_opened("beloved", "no route")
    assert alerts.take() is not None
    alerts.note_closed("beloved")
    lost = alerts.take()
    assert lost is not None and lost.subject == "Pigeon: beloved is well again"
    alerts.note_opened("beloved", "no route")
    alerts.give_back(lost)
    Alert.objects.using(alias).update(sent_date=None)
    found = alerts.take()
    assert found is not None and found.subject == "Pigeon: beloved takes nothing"


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_at_the_same_moment_one_tells(alias: str) -> None:
    def work() -> alerts.Digest | None:
        alerts.note_failed("beloved", 1, ["one"])
        barrier.wait(60)
        return alerts.take()

    barrier = threading.Barrier(2)
    told = [digest for digest in together(work, work) if digest is not None]
    assert [digest.subject for digest in told] == ["Pigeon: beloved has 2 failed items"]
    assert Alert.objects.using(alias).get().pending == 0


def test_a_name_with_a_line_break_makes_no_header(site: Site) -> None:
    alerts.note_failed("beloved\nBcc: all@example.org", 1, ["x"])
    digest = alerts.take()
    assert digest is not None
    alerts.send(digest)
    assert "\n" not in mail.outbox[0].subject


def test_what_came_while_a_mail_could_not_be_sent_is_told_with_it(alias: str) -> None:
    alerts.note_failed("beloved", 3, ["one"])
    alerts.note_opened("other", "no route")
    lost = alerts.take()
    assert lost is not None
    alerts.note_failed("beloved", 1, ["four"])
    alerts.note_closed("other")
    alerts.give_back(lost)
    Alert.objects.using(alias).update(sent_date=None)
    found = alerts.take()
    assert found is not None
    assert "beloved has 4 failed items" in found.subject
    assert "one" in found.body and "four" in found.body
    assert "other takes nothing" not in found.body


def test_through_a_real_mail_server(site: Site, scripted: type[Scripted]) -> None:
    with run_sink() as sink:
        for name, value in sink.settings().items():
            setattr(site.settings, name, value)
        site.rule("partner", "scripted://host")
        Story.objects.create(title="Überschrift")
        refuse(scripted, PermanentError("Refused."))
        site.push()
        [sent] = sink.mails
    assert sent.sender == "pigeon@example.org"
    assert sent.recipients == ["ops@example.org", "desk@example.org"]
    assert sent.message["Subject"] == "[site] Pigeon: scripted://host has 1 failed item"
    assert "Überschrift" in sent.message.get_content()
