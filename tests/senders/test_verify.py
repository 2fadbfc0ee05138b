"""Servers that store something else than they were sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncssh
import pytest

from pigeon.exceptions import DestinationMisconfigured, ParcelDamaged, TransientError
from pigeon.remotes.ftp import FTPRemote
from pigeon.remotes.source import Source
from pigeon.senders.folders import Folders
from pigeon.senders.manner import Manner
from pigeon.senders.upload import Upload
from pigeon.testing.sftp_partner import SFTPPartner
from tests.contracts.places import at_partner
from tests.remotes.test_ftp import Script
from tests.senders.parcels import delivery, parcel


class Truncating(asyncssh.SFTPServer):
    def write(self, file_obj: Any, offset: int, data: bytes) -> Any:
        super().write(file_obj, offset, data[:-1])
        return len(data)


class Corrupting(asyncssh.SFTPServer):
    def write(self, file_obj: Any, offset: int, data: bytes) -> Any:
        return super().write(file_obj, offset, data[:-1] + b"?")


class TruncatingPartner(SFTPPartner):
    server_class = Truncating


class CorruptingPartner(SFTPPartner):
    server_class = Corrupting


@pytest.mark.parametrize("content", [b"content", b"x" * 1_000_000], ids=["small", "large"])
def test_a_truncated_file_is_not_published(tmp_path: Path, content: bytes) -> None:
    with TruncatingPartner() as partner:
        place, what = at_partner(partner), parcel(tmp_path, {"a": content})
        with pytest.raises(TransientError, match=f"bytes instead of {len(content)}"):
            place.send(delivery(what))
        assert place.files() == {}
        with pytest.raises(TransientError, match="read back"):
            place.send(delivery(what), verify="sha256")
        assert place.files() == {}


def test_a_damaged_file_is_found_by_reading_it_back(tmp_path: Path) -> None:
    with CorruptingPartner() as partner:
        place, what = at_partner(partner), parcel(tmp_path, {"a": b"content"})
        with pytest.raises(TransientError, match="arrived damaged"):
            place.send(delivery(what), verify="sha256")
        assert place.files() == {}
        sent = delivery(what)
        place.send(sent)
        assert [receipt.verified for receipt in sent.receipts] == ["size"]


@pytest.mark.parametrize(
    ("answers", "error", "text"),
    [
        ({"SIZE": "502 no"}, DestinationMisconfigured, "does not tell the size.*'sha256'"),
        ({"SIZE": "213 6"}, TransientError, "with 6 bytes instead of 7"),
        ({"SIZE": "550 gone"}, TransientError, "vanished"),
    ],
)
def test_sizes_by_ftp(
    answers: dict[str, str], error: type[Exception], text: str, tmp_path: Path
) -> None:
    what = parcel(tmp_path, {"a": b"content"})
    source = Source(what.local_path(what.files[0]), what.files[0])

    async def put(remote: FTPRemote) -> None:
        upload = Upload(remote, Manner(), source, "/in/a", "t")
        with pytest.raises(error, match=text):
            await upload.put(Folders())

    Script(**answers).run(put)


@pytest.mark.parametrize("option", ["password", "passphrase"])
def test_a_secret_that_is_not_to_be_had(tmp_path: Path, option: str) -> None:
    def ask_the_vault() -> str:
        raise KeyError("s3cret-path")

    with SFTPPartner() as partner:
        place = at_partner(partner)
        place.options |= {"key_file": __file__, option: ask_the_vault}
        with pytest.raises(DestinationMisconfigured, match=f"'{option}'.*KeyError") as caught:
            place.send(delivery(parcel(tmp_path, {"a": b"x"})))
        assert "s3cret" not in str(caught.value)


def test_a_parcel_whose_large_file_shrank(tmp_path: Path) -> None:
    with SFTPPartner() as partner:
        place, what = at_partner(partner), parcel(tmp_path, {"a": b"x" * 2_000_000})
        what.local_path(what.files[0]).write_bytes(b"x" * 1_999_999)
        with pytest.raises(ParcelDamaged):
            place.send(delivery(what))
        assert place.files() == {}
