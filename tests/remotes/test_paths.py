"""What the path of a URL means on a server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pigeon.remotes.sftp import SFTPRemote
from pigeon.testing.ftp_partner import FTPPartner
from pigeon.testing.sftp_partner import SFTPPartner
from tests.contracts.places import opened
from tests.senders.parcels import delivery, destination, parcel


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("", ""), ("/", "/"), ("/incoming", "/incoming"), ("/incoming/", "/incoming"),
        ("/~", ""), ("/~/", ""), ("/~/incoming", "incoming"), ("/~/a/b/", "a/b"),
    ],
)  # fmt: skip
def test_sftp_roots(path: str, root: str) -> None:
    assert SFTPRemote(destination(f"sftp://u@host{path}")).root == root


@pytest.mark.parametrize("partner_class", [SFTPPartner, FTPPartner])
@pytest.mark.parametrize("path", ["", "/", "/in", "/~", "/~/in", "/in/"])
def test_absolute_and_relative_folders(
    partner_class: type[SFTPPartner | FTPPartner], path: str, tmp_path: Path
) -> None:
    async def send(url: str, options: dict[str, object]) -> None:
        async with opened(destination(url, **options)) as sender:
            await sender.send(delivery(parcel(tmp_path, {"sub/a.txt": b"x"})))

    with partner_class() as partner:
        asyncio.run(send(partner.url.rstrip("/") + path, partner.options))
        folder = "in/" if "in" in path else ""
        assert partner.files() == {f"{folder}sub/a.txt": b"x"}
