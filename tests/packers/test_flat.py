from __future__ import annotations

from pathlib import Path

from pigeon.packers.flat import FlatPacker
from tests.contracts.test_packers import outputs_in


def test_the_tree_is_kept(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    outputs = outputs_in(source, {"b.xml": b"1", "medias/été/1.jpg": b"2"})
    target.mkdir()
    assert FlatPacker().pack(outputs, source, target, "") == ["b.xml", "medias/été/1.jpg"]
    assert (target / "medias/été/1.jpg").read_bytes() == b"2"


def test_outputs_that_lie_right_stay(tmp_path: Path) -> None:
    outputs = outputs_in(tmp_path, {"b.xml": b"1"})
    assert FlatPacker().pack(outputs, tmp_path, tmp_path, "") == ["b.xml"]
    assert (tmp_path / "b.xml").read_bytes() == b"1"
