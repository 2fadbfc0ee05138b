"""Two days in the life of the site: really saved, really pushed, and then dated back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.browser.desk import Desk
from tests.browser.partners import Partners

#: The site's, as :mod:`tests.browser.settings` says.
ZONE = ZoneInfo("Asia/Kolkata")
#: The story that its rule refuses.
REFUSED = 42
#: A title as an enemy would write it.
NASTY = '<img src=x onerror=alert(1)> & "friends"'


@dataclass
class Told:
    """What was done, in the terms of those who look for it.

    Attributes:
        yesterday: the day before the site was filled, where the site is.
        morning: titles of the stories that went everywhere yesterday, in the morning.
        lost: keys of the stories for which there was no room at south's, from 2 to 4.
        later: titles of stories that south got yesterday, after that.
    """

    yesterday: date = date.min
    morning: list[str] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    later: list[str] = field(default_factory=list)


class _Clock:
    """Lets what happened fall back in time until it is as late as it should be."""

    def __init__(self, desk: Desk, start: datetime) -> None:
        self._desk, self._now = desk, start

    def move_to(self, moment: datetime) -> None:
        """What was done since the last move was done then; what comes is done at ``moment``."""
        self._desk.pass_time((moment - self._now).total_seconds())
        self._now = moment


def fill(desk: Desk, partners: Partners) -> Told:
    """Let it happen."""
    now = datetime.now(ZONE)
    told = Told(yesterday=now.date() - timedelta(days=1))

    def at(hours: int, minutes: int = 0) -> datetime:
        return datetime.combine(told.yesterday, time(hours, minutes), ZONE)

    clock = _Clock(desk, at(1, 10))
    told.morning = _quiet_night(desk)
    for hour in (2, 3):
        clock.move_to(at(hour, 20))
        told.lost += _full_disk(desk, partners, hour)
    clock.move_to(at(9, 30))
    told.later = _morning_after(desk)
    clock.move_to(now)
    _today(desk, partners)
    return told


def _quiet_night(desk: Desk) -> list[str]:
    titles = ["The bridge opens", "Rain until Sunday", NASTY]
    for title in titles:
        desk.save("ada", title=title, is_online=True, body="All of it.")
    desk.push()
    return titles


def _full_disk(desk: Desk, partners: Partners, hour: int) -> list[int]:
    """Two stories that south has no room for, however often it is tried."""
    partners.south.disk.full = True
    keys = [
        desk.save("ada", title=f"Night story {hour}-{number}", is_online=True) for number in (1, 2)
    ]
    for _ in range(2):
        desk.push("--retry-now")
    partners.south.disk.full = False
    return keys


def _morning_after(desk: Desk) -> list[str]:
    desk.save("vera", title="Trams run again", is_online=True)
    desk.push("--retry-now")
    return ["Trams run again"]


def _today(desk: Desk, partners: Partners) -> None:
    """Somebody refuses, somebody is paused, somebody has changed a password."""
    partners.metro.change_password("another")
    desk.pause("agency", "ada", "They move house")
    desk.save("ada", pk=REFUSED, title="The mayor's wedding", is_online=False)
    desk.save("ada", title="Flood warning", is_online=True, workflow_state="urgent")
    desk.push()
