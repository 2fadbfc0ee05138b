"""What a probe finds at servers that can do everything, and that it leaves nothing there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pigeon.senders.probe_steps import STEPS
from tests.contracts.places import Place
from tests.doctor.conftest import answers, everything, one, probed

#: What some of the servers do not tell or offer, through no fault of theirs.
OPTIONAL = {
    "tell the time", "set permissions", "go on with half a file", "tell the free space",
}  # fmt: skip

IN_ONE_STEP = "publishes by rename, in one step"


def test_all_that_deliveries_need_works(place: Place, untouched: Callable[[], None]) -> None:
    found = probed(place)
    said = answers(found)
    assert list(said) == [
        *(step.name for step in STEPS), "publish: rename", "verify: size", "leave nothing behind",
    ]  # fmt: skip
    assert {name for name, answer in said.items() if answer != "yes"} <= OPTIONAL, found
    assert found.sound
    untouched()


def test_folders_that_are_made_go_again(place: Place, untouched: Callable[[], None]) -> None:
    """Those above the destination's folder, too; but not those that somebody uses meanwhile."""
    place.url += "/new/b%20c"
    found = probed(place)
    assert answers(found)["leave nothing behind"] == "yes", found
    assert one(found, "make a folder").detail.endswith("/new/b c was missing")
    untouched()


def test_an_empty_folder_of_theirs_stays(place: Place) -> None:
    place.own(place.folder)
    probed(place)
    assert everything(place.folder) == []
    assert place.folder.is_dir()


@pytest.mark.parametrize("place", ["file", "sshd", "vsftpd"], indirect=True)
@pytest.mark.parametrize(
    ("options", "name", "does"),
    [
        ({"publish": "in-place"}, "publish: in-place", "writes under final names"),
        ({"publish": "replace"}, "publish: replace", IN_ONE_STEP),
        ({"verify": "sha256"}, "verify: sha256", "reads every file back"),
        ({"verify": "none"}, "verify: none", "takes the server's word"),
        ({"temporary": ".tmp/x/{token}-{name}"}, "publish: rename", IN_ONE_STEP),
    ],
)
def test_the_options_say_what_is_needed(
    place: Place, options: dict[str, str], name: str, does: str
) -> None:
    found = probed(place, **options)
    assert (one(found, name).answer, one(found, name).consequence) == ("yes", does)
    assert found.sound
    assert everything(place.folder) == []
