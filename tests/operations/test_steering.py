"""What people do to items: what changes, what is refused, and what is written down."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pigeon.exceptions import OperationRefused
from pigeon.models import Action, ItemToPush, Operation, Outcome, Status
from pigeon.operations import (
    By,
    Done,
    Selection,
    cancel,
    move,
    reset,
    send_again,
    set_priority,
)
from pigeon.queue.steering import Refusal
from tests.operations.making import ANN, HERE, THERE, at, operations, tried
from tests.queue.making import batch, fail, make, make_many, partner, push, record, status, take
from tests.queue.test_replay import parcel


def item(alias: str, object_id: object = 1, **values: Any) -> ItemToPush:
    return make(alias, object_id, **({"destination": HERE} | values))


def taken(alias: str, name: str = HERE) -> list[ItemToPush]:
    return take(alias, to=partner(name))


def pushed(alias: str, object_id: object = 1, **values: Any) -> ItemToPush:
    made = item(alias, object_id, **values)
    push(alias, taken(alias))
    return made


def only(*items: ItemToPush) -> Selection:
    return Selection(ids=tuple(each.pk for each in items))


def test_as_sent_goes_the_stored_parcel_and_somebody_did_it(alias: str) -> None:
    made = pushed(alias, parcel=parcel(alias))
    assert send_again(only(made), ANN) == Done(1)
    [again] = taken(alias)
    assert (again.pk, again.parcel_id, again.forced) == (made.pk, made.parcel_id, False)
    assert operations(alias) == [("ann", "sent again", "", [made.pk])]


def test_rendered_anew_forgets_the_parcel(alias: str) -> None:
    made = pushed(alias, parcel=parcel(alias))
    assert send_again(only(made), ANN, rerender=True) == Done(1)
    [again] = taken(alias)
    assert again.parcel_id is None and again.render_after
    assert operations(alias) == [("ann", "rendered anew", "", [made.pk])]


def test_disk_was_full_from_2_to_4(alias: str) -> None:
    before, during, elsewhere, waiting = (item(alias, n) for n in range(4))
    push(alias, [each for each in taken(alias) if each.pk != waiting.pk])
    fail(alias, list(ItemToPush.objects.using(alias).in_progress()), 9999)
    tried(before, 1.99)
    tried(before, 4)
    tried(during, 2)
    tried(elsewhere, 3, THERE)
    tried(waiting, 3.99)
    chosen = Selection(destination=HERE, since=at(2), until=at(4))
    assert send_again(chosen, ANN) == Done(2)
    assert {each.pk for each in taken(alias)} == {during.pk, waiting.pk}


def test_what_waits_for_another_attempt_is_due_at_once_with_all_attempts(alias: str) -> None:
    made = item(alias)
    fail(alias, taken(alias), 9999)
    assert taken(alias) == []
    assert send_again(only(made), ANN) == Done(1)
    [again] = taken(alias)
    assert (again.failures, again.push_attempts) == (0, 0)


def test_what_was_forced_and_waits_stays_so(alias: str) -> None:
    made = item(alias, forced=True)
    fail(alias, taken(alias), 9999)
    send_again(only(made), ANN)
    made.refresh_from_db()
    assert made.forced


def test_what_is_new_or_in_progress_is_left_alone(alias: str) -> None:
    held = item(alias)
    taken(alias)
    new = item(alias, 2)
    done = send_again(only(held, new), ANN)
    assert done == Done(0, 2, {Refusal.HELD: 1, Refusal.WAITS: 1})
    assert (status(held), status(new)) == (Status.IN_PROGRESS, Status.NEW)
    assert operations(alias) == [], "nothing was done"


@pytest.mark.parametrize("rerender", [False, True])
def test_an_older_deletion_never_removes_what_came_after_it(alias: str, rerender: bool) -> None:
    deletion = pushed(alias, action=Action.DELETED)
    pushed(alias)
    done = send_again(only(deletion), ANN, rerender=rerender)
    assert done == Done(0, 1, {Refusal.NEWER: 1})
    assert reset(only(deletion), ANN).number == 0


def test_what_has_expired_goes_only_if_forced(alias: str) -> None:
    made = pushed(alias, expires=timezone.now() + timedelta(days=1))
    rows = ItemToPush.objects.using(alias).filter(pk=made.pk)
    rows.update(expires=timezone.now() - timedelta(minutes=5))
    assert send_again(only(made), ANN) == Done(0, 1, {Refusal.EXPIRED: 1})
    assert send_again(only(made), ANN, force=True) == Done(1)
    assert rows.get().expires is None, "or it would be cancelled at once"


def test_what_never_had_a_destination_cannot_go(alias: str) -> None:
    made = item(alias, destination="", status=Status.PUSH_ERROR)
    assert send_again(only(made), ANN) == Done(0, 1, {Refusal.NOWHERE: 1})
    assert reset(only(made), ANN) == Done(0, 1, {Refusal.NOWHERE: 1})


def test_a_dry_run_counts_and_changes_nothing(alias: str) -> None:
    old, new = pushed(alias), pushed(alias)
    before = list(ItemToPush.objects.using(alias).order_by("pk").values())
    assert send_again(only(old, new), ANN, dry_run=True) == Done(1, 1, {Refusal.NEWER: 1})
    assert move(only(new), THERE, ANN, dry_run=True) == Done(1)
    assert reset(only(old, new), ANN, dry_run=True) == Done(2)
    assert cancel(only(new), ANN, dry_run=True).number == 0
    assert list(ItemToPush.objects.using(alias).order_by("pk").values()) == before
    assert not Operation.objects.using(alias).exists()


def test_many_go_in_pages_and_are_one_operation(alias: str) -> None:
    make_many(alias, range(1200), destination=HERE, status=Status.SEND_ERROR)
    assert send_again(Selection(destination=HERE), ANN) == Done(1200)
    [(_, _, destination, items)] = operations(alias)
    assert (destination, len(items)) == (HERE, 1200)


def test_cancelling_says_who(alias: str) -> None:
    waiting, done = item(alias, 1), item(alias, 2, status=Status.PUSHED)
    assert cancel(only(waiting, done), ANN) == Done(1, 1, {Refusal.FINISHED: 1})
    assert status(waiting) == Status.CANCELLED
    assert waiting.message == "Cancelled by ann."


def test_reset_makes_items_new(alias: str) -> None:
    made = pushed(alias, parcel=parcel(alias))
    assert reset(only(made), ANN) == Done(1)
    assert status(made) == Status.NEW
    assert made.parcel is None


def test_priority_decides_who_goes_first(alias: str) -> None:
    make_many(alias, range(3), destination=HERE)
    last = item(alias, "last")
    assert set_priority(only(last), 5, ANN) == Done(1)
    assert taken(alias)[0].pk == last.pk
    with pytest.raises(OperationRefused, match="from -32768 to 32767"):
        set_priority(only(last), 32768, ANN)


def test_moved_items_go_to_the_other_destination_in_their_order(alias: str) -> None:
    first, second = item(alias, destination="gone"), item(alias, destination="gone")
    other = item(alias, 2, destination="gone", status=Status.PUSHED)
    assert move(Selection(destination="gone"), THERE, ANN) == Done(3)
    assert {each.pk for each in taken(alias, THERE)} == {second.pk, other.pk}
    assert status(first) == Status.SUPERSEDED, "they are about the same object again"
    rows = ItemToPush.objects.using(alias)
    assert {row.order_key for row in rows} == {row.make_order_key() for row in rows}
    assert operations(alias) == [("ann", "moved", "gone", sorted([first.pk, second.pk, other.pk]))]


def test_what_is_older_than_what_went_there_stays(alias: str) -> None:
    old = pushed(alias)
    newer = item(alias, destination=THERE)
    push(alias, taken(alias, THERE))
    assert move(only(old, newer), THERE, ANN) == Done(0, 2, {Refusal.NEWER: 1, Refusal.THERE: 1})
    assert move(only(old), THERE, ANN, force=True) == Done(1)
    old.refresh_from_db()
    assert old.forced


def test_mass_pushes_move_as_well(alias: str) -> None:
    one, two = batch(alias, "a", destination=HERE), batch(alias, "b", destination=HERE)
    assert move(only(one, two), THERE, ANN) == Done(2)
    assert len({row.order_key for row in ItemToPush.objects.using(alias)}) == 1


def test_nobody_moves_items_to_nowhere(alias: str) -> None:
    with pytest.raises(OperationRefused, match=r"no destination 'nowhere'.*here, there"):
        move(only(item(alias)), "nowhere", ANN)


def test_what_changed_since_it_was_chosen_is_left_alone(alias: str) -> None:
    from pigeon.queue.steering import Page
    from pigeon.queue.steering import send_again as one_page

    made = pushed(alias)
    steered = one_page(Page([made.pk], alias, statuses=[Status.SEND_ERROR]))
    assert (steered.ids, steered.refused) == ([], {Refusal.CHANGED: 1})


def test_ids_belong_to_one_database(settings: Any) -> None:
    settings.PIGEON_DATABASES = ["default", "other"]
    with pytest.raises(OperationRefused, match="which one"):
        send_again(Selection(ids=(1,)), ANN)
    with pytest.raises(OperationRefused, match="has no queue"):
        send_again(Selection(ids=(1,)), ANN, using="elsewhere")


@pytest.mark.django_db(databases=["default", "other"])
def test_every_queue_is_worked_through(settings: Any) -> None:
    settings.PIGEON_DATABASES = ["default", "other"]
    for alias in settings.PIGEON_DATABASES:
        item(alias, status=Status.SEND_ERROR)
    assert send_again(Selection(destination=HERE), ANN) == Done(2)
    for alias in settings.PIGEON_DATABASES:
        assert len(operations(alias)) == 1, "the record is where the items are"


def test_one_line_in_the_log_that_programs_can_read(alias: str, caplog: Any) -> None:
    made = item(alias, status=Status.SEND_ERROR)
    with caplog.at_level(logging.INFO, "pigeon.operations"):
        send_again(Selection(ids=(made.pk,)), ANN, force=True)
    [line] = caplog.records
    assert line.getMessage() == (
        f"ann (command line): sent again as sent: item {made.pk} (forced), 1 item"
    )
    assert (line.actor, line.verb, line.items) == ("ann", "sent again", 1)
    assert (line.door, line.database) == ("command", alias)
    assert line.operation == Operation.objects.using(alias).get().pk


def test_a_strange_name_is_stored(alias: str) -> None:
    made = item(alias)
    cancel(only(made), By("a\0b" * 200, ANN.door))
    assert Operation.objects.using(alias).get().actor.startswith("a\N{REPLACEMENT CHARACTER}b")
    assert status(made) == Status.CANCELLED


def test_failed_for_good_goes_again(alias: str) -> None:
    made = item(alias)
    record(alias, taken(alias), Outcome.FAILED, status=Status.SEND_ERROR, message="full")
    assert send_again(Selection(statuses=(Status.SEND_ERROR,)), ANN) == Done(1)
    assert status(made) == Status.RETRY


def test_any_number_of_items_may_be_named(alias: str) -> None:
    make_many(alias, range(3), destination=HERE, status=Status.SEND_ERROR)
    pks = list(ItemToPush.objects.using(alias).values_list("pk", flat=True))
    assert send_again(Selection(ids=[*range(10**6, 10**6 + 70_000), *pks, *pks]), ANN) == Done(3)
