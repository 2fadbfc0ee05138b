"""Options of senders of files."""

from __future__ import annotations

from typing import Any

import pytest

from pigeon.senders.manner import Manner
from pigeon.senders.registry import check_destination
from tests.senders.parcels import destination


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("verify", "md5"), ("publish", "copy"), ("overwrite", "ask"), ("checksum", "md5"),
        ("chmod", 644), ("chmod", "rw-r--r--"), ("chmod", "9"), ("chmod", -1), ("chmod", True),
        ("done_file", "sub/{name}.done"), ("done_file", "{nam}.done"), ("done_file", "{name}"),
        ("done_file", ".."), ("done_file", 3),
        ("temporary", "{name}.tmp"), ("temporary", "{token}"), ("temporary", "/tmp/{name}{token}"),
        ("temporary", "../{name}{token}"), ("temporary", "{token}/{name}"),
    ],
)  # fmt: skip
def test_values_that_cannot_be(option: str, value: Any) -> None:
    [problem] = check_destination(destination("file:///srv/out", **{option: value}))
    assert repr(option) in problem


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("overwrite", "skip"), ("checksum", "SHA256SUMS"), ("chmod", "0644"), ("chmod", 0o600),
        ("done_file", "{stem}.ok"), ("temporary", ".tmp/{name}.{token}"),
    ],
)  # fmt: skip
def test_values_that_can_be(option: str, value: Any) -> None:
    assert check_destination(destination("file:///srv/out", **{option: value})) == []


@pytest.mark.parametrize("value", ["0640", "640", 0o640])
def test_permissions(value: Any) -> None:
    assert Manner.of({"chmod": value, "host_key_check": True}).chmod == 0o640
