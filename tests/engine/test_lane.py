from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.db import DatabaseError
from django.utils import timezone

import pigeon
from pigeon import queue
from pigeon.engine import lane
from pigeon.exceptions import (
    AmbiguousError,
    AuthenticationError,
    DestinationMisconfigured,
    PermanentError,
    TransientError,
    Unreachable,
)
from pigeon.models import DestinationState, Hold, ItemToPush, Parcel, Publication, Status
from pigeon.parcel import Receipt
from pigeon.senders import dummy
from pigeon.senders.base import Delivery, SyncSender
from pigeon.senders.registry import register_sender, unregister_sender
from tests.apps.newsroom.models import Story
from tests.engine.scripted import Scripted
from tests.flows.site import Site

pytestmark = pytest.mark.django_db(databases=["default"])


def test_a_pushed_item_has_a_record_of_everything(site: Site) -> None:
    site.rule("partner", "dummy://")
    story = Story.objects.create(title="One", body="text")
    summary = site.push()
    item, [attempt] = site.item(), site.attempts()
    assert (item.status, item.push_attempts, item.message) == (Status.PUSHED, 1, "")
    assert item.pushed_date and item.last_push_attempts_date and item.parcel
    assert not item.lease_token and not item.lease_owner and item.lease_until is None
    assert attempt.outcome == "pushed" and attempt.bytes_sent == item.parcel.size
    [receipt] = attempt.receipts
    assert receipt["path"] == f"newsroom_story_{story.pk}.xml"
    publication = Publication.objects.get()
    assert (publication.item_id, publication.sha256) == (item.pk, receipt["sha256"])
    assert summary.total("pushed") == 1 and not summary.errors
    assert not Hold.objects.exists()


def test_a_few_are_shared_by_all_connections(
    site: Site, scripted: type[Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.destination("two", "scripted://host", in_flight=4, connections=2)
    site.rule("partner", "two")
    for number in range(5):
        Story.objects.create(title=str(number))
    carried: list[Scripted] = []
    send = scripted.send

    async def noted(self: Scripted, delivery: Delivery) -> None:
        carried.append(self)
        await send(self, delivery)

    monkeypatch.setattr(scripted, "send", noted)
    assert site.push().total("pushed") == 5
    assert sorted(carried.count(each) for each in set(carried)) == [2, 3]


def test_many_are_sent_together_on_few_connections(site: Site, scripted: type[Scripted]) -> None:
    site.destination("many", "scripted://host", in_flight=4)
    site.rule("partner", "many")
    for number in range(30):
        Story.objects.create(title=str(number))
    assert site.push().total("pushed") == 30
    assert (scripted.opened, scripted.closed, scripted.most) == (1, 1, 4)


@pytest.mark.parametrize("error", [TransientError("Try later."), AmbiguousError("No answer.")])
def test_a_passing_failure_of_one_item_is_tried_again(
    site: Site, scripted: type[Scripted], error: Exception
) -> None:
    site.rule("partner", "scripted://host")
    Story.objects.create(title="bad")
    Story.objects.create(title="good")
    scripted.script = lambda delivery: error if delivery.title == "bad" else None
    summary = site.push()
    assert (summary.total("pushed"), summary.total("retry")) == (1, 1)
    item = ItemToPush.objects.get(title="bad")
    assert item.status == Status.RETRY and item.message == str(error)
    assert item.next_attempt_date and item.next_attempt_date > timezone.now()
    assert item.push_attempts == 1
    assert DestinationState.objects.get().is_well
    scripted.script = None
    assert site.push().total("pushed") == 0  # it is not due yet
    site.later(minutes=1)
    assert site.push().total("pushed") == 1
    assert scripted.sent[-1].stale_tokens  # the sender looks for what the first attempt left
    assert scripted.sent[-1].idempotency_key


def test_a_permanent_failure_ends_the_item(site: Site, scripted: type[Scripted]) -> None:
    site.rule("partner", "scripted://host")
    Story.objects.create(title="bad")
    scripted.script = lambda delivery: PermanentError("The partner refuses such files.")
    assert site.push().total("failed") == 1
    item, [attempt] = site.item(), site.attempts()
    assert (item.status, item.message) == (Status.SEND_ERROR, "The partner refuses such files.")
    assert (attempt.outcome, attempt.error_class) == ("failed", "PermanentError")


def test_spent_attempts_end_the_item(site: Site, scripted: type[Scripted]) -> None:
    site.settings.PIGEON_MAX_PUSH_ATTEMPTS = 2
    site.rule("partner", "scripted://host")
    Story.objects.create(title="bad")
    scripted.script = lambda delivery: TransientError("Disk full.")
    site.push()
    site.later(minutes=1)
    site.push()
    item = site.item()
    assert item.status == Status.SEND_ERROR
    assert item.message == "Disk full. No attempts are left (2 were made)."


def test_a_sender_that_raises_anything_else_fails_only_its_item(
    site: Site, scripted: type[Scripted]
) -> None:
    site.rule("partner", "scripted://host")
    Story.objects.create(title="bad")
    Story.objects.create(title="good")
    scripted.script = lambda delivery: KeyError("x") if delivery.title == "bad" else None
    summary = site.push()
    assert (summary.total("pushed"), summary.total("failed")) == (1, 1)
    assert "KeyError" in ItemToPush.objects.get(title="bad").message


class Odd(Exception):
    """Of a sender's library, with an attribute like one of ours."""

    stops_destination = True


@pytest.mark.parametrize("beside", [(), ("dummy://",)], ids=["alone", "beside another"])
@pytest.mark.parametrize(
    "error",
    [
        Unreachable("No route to host."),
        AuthenticationError("Wrong password."),
        DestinationMisconfigured("No rename."),
        Odd("What now?"),
    ],
)
def test_a_destination_that_fails_costs_one_attempt_and_loses_nothing(
    site: Site, scripted: type[Scripted], error: Exception, beside: tuple[str, ...]
) -> None:
    site.rule("partner", "scripted://host", *beside)
    for number in range(20):
        Story.objects.create(title=str(number))
    scripted.opening = error
    message = "Could not connect: Odd: What now?" if isinstance(error, Odd) else str(error)
    summary = site.push()
    assert summary.total("retry") == 1 and summary.total("pushed") == 20 * len(beside)
    items = ItemToPush.objects.filter(destination="scripted://host")
    assert items.filter(status=Status.RETRY, message=message).count() == 1
    assert items.filter(status=Status.NEW, push_attempts=0).count() == 19
    state = DestinationState.objects.get(name="scripted://host")
    assert state.last_error == message and state.next_probe > timezone.now()
    site.push()
    assert scripted.opened == 1  # nobody knocks before the next probe
    scripted.opening = None
    site.push(retry_now=True)
    assert items.filter(status=Status.PUSHED).count() == 20
    assert DestinationState.objects.get(name="scripted://host").is_well


def test_a_refused_login_is_tried_again_with_another_configuration(
    site: Site, scripted: type[Scripted]
) -> None:
    site.destination("beloved", "scripted://host", password="wrong")
    site.rule("partner", "beloved")
    Story.objects.create(title="one")
    scripted.opening = AuthenticationError("Wrong password 'wrong'.")
    site.push()
    assert "wrong'" not in site.item().message.replace("[redacted]", "")
    assert DestinationState.objects.get().stopped_reason == "Wrong password '[redacted]'."
    scripted.opening = None
    site.later(seconds=40)
    site.push()
    assert scripted.opened == 1
    site.destination("beloved", "scripted://host", password="right")
    assert site.push().total("pushed") == 1
    assert DestinationState.objects.get().is_well


def test_a_failing_destination_does_not_hold_up_another(
    site: Site, scripted: type[Scripted]
) -> None:
    site.rule("partner", "scripted://dead", "dummy://")
    Story.objects.create(title="one")

    async def hang(delivery: Delivery) -> None:
        assert dummy.outbox or await _until(lambda: bool(dummy.outbox))

    scripted.script = hang
    assert site.push().total("pushed") == 2


async def _until(condition: Any) -> bool:
    for _ in range(500):
        if condition():
            return True
        await asyncio.sleep(0.01)
    return False


def test_an_error_of_the_rule_is_the_items_and_the_next_goes(site: Site) -> None:
    site.rule(
        "partner", "dummy://", template="<a>{{ object.title }}{{ 1 // object.body|int }}</a>"
    )
    Story.objects.create(title="bad", body="0")
    Story.objects.create(title="good", body="1")
    summary = site.push()
    assert (summary.total("pushed"), summary.total("failed")) == (1, 1)
    item = ItemToPush.objects.get(title="bad")
    assert item.status == Status.OUTPUT_GENERATION_ERROR
    assert "newsroom_story.xml" in item.message


def test_an_object_deleted_before_its_turn_is_cancelled(site: Site) -> None:
    site.rule("partner", "dummy://")
    Story.objects.create(title="one").delete()
    assert site.push().total("cancelled") == 1
    assert site.item().status == Status.CANCELLED
    assert "deleted before its turn" in site.item().message
    assert not dummy.outbox


def test_a_rule_that_is_gone_is_named_on_the_item(site: Site) -> None:
    rule = site.rule("partner", "dummy://")
    site.rule("other", "dummy://")
    Story.objects.create(title="one")
    pigeon.unregister(rule)
    summary = site.push()
    assert (summary.total("pushed"), summary.total("failed")) == (1, 1)
    item = ItemToPush.objects.get(rule_name="partner")
    assert item.status == Status.PUSH_ERROR and "No rule is called 'partner'" in item.message


def test_outputs_are_rendered_once_for_all_destinations(site: Site) -> None:
    site.rule("partner", "dummy://one", "dummy://two", "dummy://three")
    Story.objects.create(title="one")
    assert site.push().total("pushed") == 3
    assert Parcel.objects.count() == 1


def test_a_retry_sends_the_stored_parcel(site: Site, scripted: type[Scripted]) -> None:
    site.rule("partner", "scripted://host")
    story = Story.objects.create(title="one")
    scripted.script = lambda delivery: TransientError("Later.")
    site.push()
    Story.objects.filter(pk=story.pk).update(title="changed without a save")
    scripted.script = None
    site.push(retry_now=True)
    [delivery] = scripted.sent
    assert delivery.parcel
    [file] = delivery.parcel.files
    assert b"one" in delivery.parcel.local_path(file).read_bytes()


def test_a_parcel_that_is_missing_is_rendered_anew_and_the_attempt_says_so(
    site: Site, scripted: type[Scripted]
) -> None:
    site.rule("partner", "scripted://host")
    Story.objects.create(title="one")
    scripted.script = lambda delivery: TransientError("Later.")
    site.push()
    parcel = Parcel.objects.get()
    for file in parcel.files().files:
        parcel.files().local_path(file).unlink()
    scripted.script = None
    assert site.push(retry_now=True).total("pushed") == 1
    assert "rendered anew" in site.attempts()[-1].message


def test_two_objects_under_one_path_never_fly_together(
    site: Site, scripted: type[Scripted]
) -> None:
    site.rule("partner", "scripted://host", get_filename=lambda self, instance: "latest.xml")
    for number in range(6):
        Story.objects.create(title=str(number))
    assert site.push().total("pushed") == 6
    assert scripted.most == 1
    assert not Hold.objects.exists()


def test_a_path_is_never_replaced_by_an_older_rendering(
    site: Site, scripted: type[Scripted]
) -> None:
    site.rule("partner", "scripted://host", get_filename=lambda self, instance: "latest.xml")
    first = Story.objects.create(title="first")
    scripted.script = lambda delivery: TransientError("Later.")
    site.push()
    scripted.script = None
    Story.objects.create(title="second")
    site.push()
    Story.objects.filter(pk=first.pk).update(title="first, as it is now")
    site.push(retry_now=True)
    delivery = scripted.sent[-1]
    assert delivery.parcel
    content = delivery.parcel.local_path(delivery.parcel.files[0]).read_bytes()
    assert b"first, as it is now" in content


def test_a_limit_is_kept(site: Site) -> None:
    site.rule("partner", "dummy://")
    for number in range(5):
        Story.objects.create(title=str(number))
    assert site.push(limit=3).total("pushed") == 3
    assert ItemToPush.objects.new().count() == 2


def test_only_the_rules_and_destinations_that_were_named(site: Site) -> None:
    site.rule("one", "dummy://a", "dummy://b")
    site.rule("two", "dummy://a")
    Story.objects.create(title="x")
    assert site.push(rules=("one",), destinations=("dummy://a",)).total("pushed") == 1
    with pytest.raises(pigeon.exceptions.NotRegistered, match="Unknown destination: nowhere"):
        site.push(destinations=("nowhere",))


def test_an_expired_item_is_not_sent(site: Site) -> None:
    site.rule("partner", "dummy://")
    Story.objects.create(title="x")
    ItemToPush.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert site.push().total("cancelled") == 1
    assert site.item().message.startswith("Expired at ")


def test_results_that_the_database_refuses_at_first_are_written_later(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.rule("partner", "dummy://")
    Story.objects.create(title="x")
    finish, failures = queue.finish, [DatabaseError("gone"), DatabaseError("still gone")]

    def unlucky(*args: Any, **kwargs: Any) -> set[int]:
        if failures:
            raise failures.pop()
        return finish(*args, **kwargs)

    monkeypatch.setattr(queue, "finish", unlucky)
    assert site.push().total("pushed") == 1
    assert len(dummy.outbox) == 1


@pytest.mark.parametrize("step", ["slots.free_paths", "queue.destination_succeeded"])
def test_what_is_recorded_is_told_even_if_the_database_fails_right_after(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, step: str
) -> None:
    def fail(*args: Any) -> bool:
        raise DatabaseError("gone for a moment")

    monkeypatch.setattr(f"pigeon.engine.recorder.{step}", fail)
    site.rule("partner", "dummy://")
    Story.objects.create(title="x")
    assert site.push().total("pushed") == 1
    assert "gone for a moment" in caplog.text and "lease was taken" not in caplog.text


def test_a_lost_lease_publishes_nothing_and_writes_nothing(
    site: Site, scripted: type[Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.settings.PIGEON_LEASE_DURATION = 0.001
    site.rule("partner", "scripted://host")
    Story.objects.create(title="x")
    real = queue.claim

    def taken_over(*args: Any, **kwargs: Any) -> list[ItemToPush]:
        items = real(*args, **kwargs)
        ItemToPush.objects.filter(pk__in=[item.pk for item in items]).update(
            lease_token="other", lease_until=timezone.now() + timedelta(hours=1)
        )
        return items

    monkeypatch.setattr(queue, "claim", taken_over)
    summary = site.push()
    assert not scripted.sent and summary.total("pushed") == 0
    assert not site.attempts()


class Own(SyncSender):
    """A user's own sender: fifteen lines with plain methods."""

    schemes = ("own",)
    got: ClassVar[dict[str, bytes]] = {}

    def send(self, delivery: Delivery) -> None:
        self.check_lease(delivery)
        assert delivery.parcel
        for file in delivery.parcel.files:
            content = delivery.parcel.local_path(file).read_bytes()
            self.got[file.path] = content
            delivery.record(Receipt(file.path, file.path, file.size, file.sha256, "own", "none"))


def test_a_senders_plain_methods_are_enough(site: Site) -> None:
    register_sender(Own)
    try:
        site.rule("partner", "own://somewhere")
        Story.objects.create(title="x")
        assert site.push().total("pushed") == 1
    finally:
        unregister_sender(Own)
    assert b"<title>x</title>" in next(iter(Own.got.values()))


def test_a_deletion_removes_what_was_published(site: Site) -> None:
    site.rule("partner", "dummy://", push_deletions="remove")
    story = Story.objects.create(title="x")
    site.push()
    story.delete()
    assert site.push().total("pushed") == 1
    assert dummy.outbox[-1].action == "remove"
    assert not Publication.objects.exists()


def test_each_removal_of_one_object_has_a_key_of_its_own(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who keeps the keys it has seen would take the second for a repetition of the first."""
    keys: list[str] = []
    send = dummy.DummySender.send

    async def noting(sender: dummy.DummySender, delivery: Delivery) -> None:
        keys.append(delivery.idempotency_key)
        await send(sender, delivery)

    monkeypatch.setattr(dummy.DummySender, "send", noting)
    site.rule(
        "partner",
        "dummy://",
        push_withdrawals=True,
        filter_by_state=lambda self, instance: instance.is_online,
    )
    story = Story.objects.create(title="x", is_online=True)
    for is_online in (False, True, False):
        site.push()
        story.is_online = is_online
        story.save()
    site.push()
    assert [sent.action for sent in dummy.outbox] == ["put", "remove", "put", "remove"]
    assert len({*keys}) == 4


def test_a_withdrawn_object_is_removed(site: Site) -> None:
    site.rule(
        "partner",
        "dummy://",
        push_withdrawals=True,
        filter_by_state=lambda self, instance: instance.is_online,
    )
    story = Story.objects.create(title="x", is_online=True)
    site.push()
    story.is_online = False
    story.save()
    site.push()
    assert [sent.action for sent in dummy.outbox] == ["put", "remove"]


def test_a_partners_message_that_no_database_takes_is_stored_all_the_same(
    site: Site, scripted: type[Scripted]
) -> None:
    site.rule("partner", "scripted://host")
    Story.objects.create(title="bad")
    scripted.script = lambda delivery: PermanentError("a\0b\ud800c")
    site.push()
    assert site.item().message == site.attempts()[0].message == "a\N{REPLACEMENT CHARACTER}b?c"


def test_a_destination_that_nobody_can_serve_stops_no_other(site: Site) -> None:
    site.rule("partner", "pigeonpost://host", "dummy://")
    Story.objects.create(title="one")
    summary = site.push()
    assert summary.total("pushed") == 1
    [error] = summary.errors
    assert "pigeonpost" in error and "dummy, file" in error
    assert ItemToPush.objects.get(destination="pigeonpost://host").status == Status.NEW


def test_a_database_error_in_the_middle_gives_back_only_what_was_not_begun(
    site: Site, scripted: type[Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.settings.PIGEON_BATCH_SIZE = 2
    site.rule("partner", "scripted://host")
    for number in range(4):
        Story.objects.create(title=str(number))
    claim, claims = queue.claim, []

    def failing(*args: Any, **kwargs: Any) -> list[ItemToPush]:
        claims.append(1)
        if len(claims) == 2:
            raise DatabaseError("The server went away.")
        return claim(*args, **kwargs)

    monkeypatch.setattr(queue, "claim", failing)
    summary = site.push()
    assert summary.errors == ["scripted://host: The server went away."]
    assert len(scripted.sent) == summary.total("pushed") == 2
    assert ItemToPush.objects.new().count() == 2
    assert not ItemToPush.objects.in_progress().exists()
    assert site.push().total("pushed") == 2
    assert not Hold.objects.exists()


def test_results_that_cannot_be_written_at_all_are_not_taken_for_untried(
    site: Site, scripted: type[Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pigeon.engine.recorder.WAITS", ())
    site.rule("partner", "scripted://host")
    Story.objects.create(title="one")
    finish = queue.finish

    def refusing(results: Any, **kwargs: Any) -> set[int]:
        if any(result.outcome for result in results):
            raise DatabaseError("The server went away.")
        return finish(results, **kwargs)

    monkeypatch.setattr(queue, "finish", refusing)
    assert site.push().errors
    assert site.item().status == Status.IN_PROGRESS
    monkeypatch.undo()
    ItemToPush.objects.update(lease_until=timezone.now())
    assert site.push().total("pushed") == 1
    first, second = scripted.sent
    assert second.stale_tokens == (first.token,)


@pytest.mark.parametrize("where", ["open", "send"])
def test_an_unexpected_errors_traceback_is_logged_without_secrets(
    site: Site, scripted: type[Scripted], caplog: pytest.LogCaptureFixture, where: str
) -> None:
    site.destination("beloved", "scripted://host", password="s3cret-word")
    site.rule("partner", "beloved")
    Story.objects.create(title="one")
    error = KeyError("scripted://user:s3cret-word@host")
    if where == "open":
        scripted.opening = error
    else:
        scripted.script = lambda delivery: error
    site.push()
    assert "Traceback" in caplog.text and "[redacted]" in caplog.text
    stored = [site.item().message, *(attempt.message for attempt in site.attempts())]
    stored.append(DestinationState.objects.get().last_error)
    assert "s3cret-word" not in caplog.text + " ".join(stored)


def test_a_stored_parcel_of_an_object_that_went_offline_is_not_sent(
    site: Site, scripted: type[Scripted]
) -> None:
    state = {"filter_by_state": lambda self, instance: instance.is_online}
    site.rule("partner", "scripted://host", **state)
    offline = Story.objects.create(title="offline", is_online=True)
    deleted = Story.objects.create(title="deleted", is_online=True)
    Story.objects.create(title="online", is_online=True)
    scripted.script = lambda delivery: TransientError("Later.")
    site.push()
    scripted.script = None
    Story.objects.filter(pk=offline.pk).update(is_online=False)
    Story.objects.filter(pk=deleted.pk).delete()
    summary = site.push(retry_now=True)
    assert [delivery.title for delivery in scripted.sent] == ["online"]
    assert summary.total("cancelled") == 2
    said = ItemToPush.objects.get(title="offline").message
    assert "no longer accepted by filter_by_state" in said


def test_what_arrived_goes_again_as_sent_whatever_has_become_of_the_object(
    site: Site, scripted: type[Scripted]
) -> None:
    site.rule("partner", "scripted://host")
    story = Story.objects.create(title="one")
    site.push()
    story.delete()
    pushed = ItemToPush.objects.pushed().get()
    page = queue.steering.Page([pushed.pk], "default")
    assert queue.steering.send_again(page).ids == [pushed.pk]
    assert site.push().total("pushed") == 1


def test_a_site_without_time_zones(
    site: Site, scripted: type[Scripted], settings: Any, alias: str
) -> None:
    settings.USE_TZ = False
    site.rule("partner", "scripted://host")
    story = Story(title="one")
    story.save(using=alias)
    scripted.script = lambda delivery: TransientError("Later.")
    assert site.push().total("retry") == 1
    scripted.script = None
    assert site.push(retry_now=True).total("pushed") == 1
    story.save(using=alias)
    assert site.push().total("pushed") == 1


def test_an_outage_uses_up_no_attempts(site: Site, scripted: type[Scripted]) -> None:
    site.settings.PIGEON_MAX_PUSH_ATTEMPTS = 2
    site.rule("partner", "scripted://host")
    Story.objects.create(title="one")
    scripted.opening = Unreachable("No route to host.")
    for _ in range(4):
        site.push(retry_now=True)
    assert len(site.attempts()) == 4
    scripted.opening, scripted.script = None, lambda delivery: TransientError("Disk full.")
    site.push(retry_now=True)
    assert site.item().status == Status.RETRY


@pytest.mark.parametrize(("quick", "parts"), [(0, [2, 2, 1]), (60, [2, 3])])
def test_a_batch_is_exported_in_parts_so_that_leases_can_be_renewed_in_between(
    site: Site, monkeypatch: pytest.MonkeyPatch, quick: int, parts: list[int]
) -> None:
    """If that turned out to be quick, the next part is larger."""
    exported: list[int] = []

    def counting(destination: Any, items: Any, using: str) -> Any:
        exported.append(len(items))
        return prepare(destination, items, using)

    prepare = lane.prepare
    monkeypatch.setattr(lane, "prepare", counting)
    monkeypatch.setattr(lane, "EXPORTED_AT_ONCE", 2)
    monkeypatch.setattr(lane, "QUICK", quick)
    site.rule("partner", "dummy://")
    for number in range(5):
        Story.objects.create(title=str(number))
    assert site.push().total("pushed") == 5
    assert exported == parts


def test_an_item_that_is_tried_twice_in_one_run_counts_once(
    site: Site, scripted: type[Scripted]
) -> None:
    site.settings.PIGEON_RETRY_SCHEDULE = [0]
    site.rule("partner", "scripted://host")
    Story.objects.create(title="one")
    answers = [TransientError("Later."), None]
    scripted.script = lambda delivery: answers.pop(0)
    summary = site.push()
    assert (summary.total("pushed"), summary.total("retry")) == (1, 0)
    assert len(site.attempts()) == 2
