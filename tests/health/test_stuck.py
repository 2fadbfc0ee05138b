"""A mail when items wait too long: one in an interval for each destination, from whoever looks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from pigeon import alerts
from pigeon.models import Alert, DestinationState, ItemToPush
from pigeon.models.alert import Kind
from tests.health.conftest import SetOptions
from tests.management.conftest import Run
from tests.management.test_check import ago, item

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]


@pytest.fixture(autouse=True)
def wanted(settings: Any) -> None:
    settings.PIGEON_ALERT_EMAILS = ["ops@example.org"]
    settings.EMAIL_SUBJECT_PREFIX = ""


def subjects() -> list[str]:
    return [message.subject for message in mail.outbox]


def interval_passes() -> None:
    Alert.objects.exclude(sent_date=None).update(sent_date=timezone.now() - timedelta(hours=2))


def test_a_check_sends_one_mail_in_an_interval(run: Run) -> None:
    item(creation_date=ago(minutes=45))
    said = run("pigeon_check --mail")
    assert said.status == 2
    assert "sent the alert 'Pigeon: beloved has items that wait too long'" in said.out
    [message] = mail.outbox
    assert "The oldest has been waiting 45 min; 30 min are too long." in message.body
    assert "pigeon_pause" in message.body
    for _ in range(3):
        run("pigeon_check --mail")
    assert len(mail.outbox) == 1
    interval_passes()
    run("pigeon_check --mail")
    assert len(mail.outbox) == 2, "it still waits"


def test_each_destination_has_its_own_interval(run: Run) -> None:
    item(creation_date=ago(minutes=45))
    run("pigeon_check --mail")
    item(creation_date=ago(minutes=45), destination="digest", rule_name="daily")
    run("pigeon_check --mail")
    assert subjects() == [
        "Pigeon: beloved has items that wait too long",
        "Pigeon: digest has items that wait too long",
    ]


def test_what_is_only_old_and_what_went_meanwhile_is_not_told(run: Run) -> None:
    item(creation_date=ago(minutes=15))
    run("pigeon_check --mail")
    assert not mail.outbox
    item(creation_date=ago(minutes=45))
    alerts.note_stuck()
    ItemToPush.objects.all().delete()
    run("pigeon_check --mail")
    assert not mail.outbox


@pytest.mark.parametrize("reason", ["paused", "out of hours", "may wait"])
def test_what_is_meant_to_wait_is_not_told(run: Run, options: SetOptions, reason: str) -> None:
    if reason == "paused":
        DestinationState.objects.create(name="beloved", paused_date=timezone.now())
    if reason == "out of hours":
        soon = timezone.now() + timedelta(hours=3)
        options("beloved", hours=f"{soon:%H:%M}-{soon + timedelta(minutes=1):%H:%M} UTC")
    if reason == "may wait":
        options("beloved", too_old_age=86400)
    item(creation_date=ago(hours=5))
    run("pigeon_check --mail")
    assert not mail.outbox


def test_a_worker_tells_it_too(run: Run) -> None:
    when = timezone.now() + timedelta(hours=1)
    DestinationState.objects.create(
        name="beloved", failures=3, next_probe=when, last_error="No route."
    )
    item(creation_date=ago(hours=3))
    run("pigeon_push")
    assert subjects() == ["Pigeon: beloved has items that wait too long"]
    run("pigeon_push")
    run("pigeon_check --mail")
    assert len(mail.outbox) == 1, "over all that look"


def test_a_wrong_setting_ends_no_push(run: Run, settings: Any) -> None:
    settings.PIGEON_CHECK_TOO_OLD_AGE = "600"
    item(destination="gone", creation_date=ago(hours=3))
    said = run("pigeon_push")
    assert (said.status, said.error) == (0, "")


def test_nobody_is_noted_when_nobody_wants_mails(run: Run, settings: Any) -> None:
    settings.PIGEON_ALERT_EMAILS = []
    item(creation_date=ago(hours=3))
    run("pigeon_push --rule daily")
    assert not Alert.objects.exists()
    said = run("pigeon_check --mail")
    assert "no mail can be sent, since PIGEON_ALERT_EMAILS names nobody" in said.out
    assert not mail.outbox


def test_without_the_option_no_mail(run: Run) -> None:
    item(creation_date=ago(hours=3))
    run("pigeon_check")
    assert not mail.outbox and not Alert.objects.exists()


def test_a_mail_that_cannot_be_sent_is_told_and_sent_later(run: Run, settings: Any) -> None:
    item(creation_date=ago(hours=3))
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "tests.alerts.test_alerts.Broken"
    said = run("pigeon_check --mail")
    assert said.status == 2 and "the alert could not be sent: " in said.out
    settings.EMAIL_BACKEND = working
    alert = Alert.objects.get()
    alert.sent_date -= timedelta(minutes=2)
    alert.save()
    run("pigeon_check --mail")
    assert subjects() == ["Pigeon: beloved has items that wait too long"]


def test_on_every_database(alias: str, site: Any) -> None:
    ItemToPush.objects.using(alias).create(
        rule_name="partner", destination="beloved", creation_date=ago(hours=3)
    )
    alerts.note_stuck()
    alerts.note_stuck()
    alert = Alert.objects.using(alias).get()
    assert (alert.kind, alert.destination, alert.pending) == (Kind.STUCK, "beloved", 1)
    assert alerts.take() is not None and alerts.take() is None
