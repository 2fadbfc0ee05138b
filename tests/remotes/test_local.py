"""What holds on the local disk alone: nothing is written outside the folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from pigeon.exceptions import PermanentError
from tests.contracts.places import Place
from tests.senders.parcels import delivery, held, parcel


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A folder beside one that is none of its business."""
    (tmp_path / "out").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/a").write_bytes(b"theirs")
    return Place(f"file://{tmp_path}/out", tmp_path / "out")


@pytest.mark.parametrize("publish", ["rename", "in-place"])
@pytest.mark.parametrize("size", [1, 300_000])
def test_a_link_to_a_folder_outside(place: Place, tmp_path: Path, publish: str, size: int) -> None:
    (place.folder / "sub").symlink_to(tmp_path / "outside")
    for path in ("sub/a", "sub/new/a"):
        with pytest.raises(PermanentError, match=r"symbolic link.*Remove the link"):
            place.send(delivery(parcel(tmp_path / "p", {path: b"x" * size})), publish=publish)
    with pytest.raises(PermanentError, match="symbolic link"):
        place.send(delivery(None, action="remove", held=(held("sub/a"),)))
    assert [path.name for path in (tmp_path / "outside").rglob("*")] == ["a"]
    assert (tmp_path / "outside/a").read_bytes() == b"theirs"


@pytest.mark.parametrize("size", [1, 300_000])
def test_a_link_to_a_file_outside_in_place(place: Place, tmp_path: Path, size: int) -> None:
    (place.folder / "a").symlink_to(tmp_path / "outside/a")
    with pytest.raises(PermanentError, match="symbolic link"):
        place.send(delivery(parcel(tmp_path / "p", {"a": b"x" * size})), publish="in-place")
    assert (tmp_path / "outside/a").read_bytes() == b"theirs"


def test_links_inside_and_of_the_folder_itself(place: Place, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(place.folder)
    (place.folder / "real").mkdir()
    (place.folder / "sub").symlink_to("real")
    place.url = f"file://{tmp_path}/link"
    place.send(delivery(parcel(tmp_path / "p", {"sub/a": b"x"})))
    assert (place.folder / "real/a").read_bytes() == b"x"
