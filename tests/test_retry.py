"""Again, and when: bounds that hold for every schedule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pigeon.conf import Settings
from pigeon.retry import delay, next_attempt

NOW = datetime(2026, 1, 1, tzinfo=UTC)
schedules = st.lists(st.floats(0.1, 100_000), min_size=1, max_size=12).map(sorted)
failures = st.integers(1, 40)
jitters = st.floats(0, 1)
waits = st.timedeltas(timedelta(), timedelta(days=30))


@given(schedules, failures, jitters)
def test_jitter_takes_off_up_to_half(schedule: list[float], count: int, jitter: float) -> None:
    full = delay(count, schedule, lambda: 0)
    assert full == timedelta(seconds=schedule[min(count, len(schedule)) - 1])
    slack = timedelta(microseconds=1)
    assert full / 2 - slack <= delay(count, schedule, lambda: jitter) <= full


@given(schedules, failures, jitters)
def test_each_pause_is_at_least_as_long_as_the_one_before(
    schedule: list[float], count: int, jitter: float
) -> None:
    assert delay(count, schedule, lambda: jitter) <= delay(count + 1, schedule, lambda: jitter)


@given(schedules, failures, jitters, waits)
def test_never_earlier_than_the_partner_asked(
    schedule: list[float], count: int, jitter: float, wait: timedelta
) -> None:
    when = next_attempt(
        NOW, count, schedule=schedule, max_attempts=99, retry_after=wait, jitter=lambda: jitter
    )
    assert when is not None
    assert when >= NOW + wait
    assert when >= NOW + delay(count, schedule, lambda: jitter)


@given(schedules, failures, st.integers(1, 40))
def test_never_again_once_the_attempts_are_spent(
    schedule: list[float], count: int, most: int
) -> None:
    when = next_attempt(NOW, count, schedule=schedule, max_attempts=most)
    assert (when is None) == (count >= most)


@given(schedules, failures, waits)
def test_never_when_the_item_has_expired_by_then(
    schedule: list[float], count: int, lifetime: timedelta
) -> None:
    expires = NOW + lifetime
    when = next_attempt(NOW, count, schedule=schedule, max_attempts=99, expires=expires)
    assert when is None or when < expires


def test_the_default_schedule_grows() -> None:
    assert list(Settings.RETRY_SCHEDULE) == sorted(Settings.RETRY_SCHEDULE)
    total = sum(
        (
            delay(n, Settings.RETRY_SCHEDULE, lambda: 0)
            for n in range(1, Settings.MAX_PUSH_ATTEMPTS)
        ),
        timedelta(),
    )
    assert timedelta(days=2) < total < timedelta(days=5), "a partner may be away for a weekend"
