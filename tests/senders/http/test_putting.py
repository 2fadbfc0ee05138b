"""Files by PUT: what arrives, what is said with it, and what is looked at."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from pigeon.exceptions import (
    DestinationMisconfigured,
    LeaseLost,
    ParcelDamaged,
    PermanentError,
    TransientError,
)
from pigeon.remotes.source import CHUNK
from pigeon.senders.base import Sender
from pigeon.testing.http_partner import HTTPPartner
from pigeon.testing.http_requests import Handler
from tests.contracts.places import Place, at_partner
from tests.senders.parcels import delivery, held, parcel

LARGE = os.urandom(3 * 1024 * 1024 + 17)
DIFFICULT = {
    "story.xml": b"<story/>",
    "Grüße aus 東京 #1 100% a+b;c=d?.xml": b"Hello",
    '2026/05/it\'s "quoted" & <more>.jpg': LARGE,
    "2026/05/empty": b"",
    "n" * 251 + ".xml": b"long",
}


async def _lost() -> None:
    raise LeaseLost("another worker has it")


def test_files_arrive_whole_under_their_names(tmp_path: Path) -> None:
    with HTTPPartner() as partner:
        sent = delivery(parcel(tmp_path, DIFFICULT))
        place = at_partner(partner)
        place.send(sent)
        assert place.files() == DIFFICULT
        assert [(r.path, r.size, r.sha256, r.published, r.verified) for r in sent.receipts] == [
            (path, len(content), hashlib.sha256(content).hexdigest(), "put", "none")
            for path, content in DIFFICULT.items()
        ]
        address = sent.receipts[1].remote_path
        assert address.startswith(f"http://127.0.0.1:{partner.port}/place")
        assert address.endswith("/Gr%C3%BC%C3%9Fe%20aus%20%E6%9D%B1%E4%BA%AC%20%231%20100%25%20"
                                "a%2Bb%3Bc%3Dd%3F.xml")  # fmt: skip


def test_what_is_said_with_a_file(tmp_path: Path) -> None:
    with HTTPPartner() as partner:
        place = at_partner(partner)
        files = {"a.xml": b"<a/>", "b.tar.gz": b"x", "c": b"", "data:text,x.html": LARGE}
        headers = {"x-tenant": "5", "user-agent": "ours"}
        place.send(delivery(parcel(tmp_path, files)), headers=headers, query={"q": "1 2&3"})
        kinds = [each.headers["content-type"] for each in partner.came]
        octets = "application/octet-stream"
        assert kinds == ["application/xml", "application/gzip", octets, "text/html"]
        for each, content in zip(partner.came, files.values(), strict=True):
            digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
            assert each.target.endswith("?q=1+2%263")
            assert each.headers["content-digest"] == f"sha-256=:{digest}:"
            assert each.headers["content-length"] == str(len(content))
            assert "transfer-encoding" not in each.headers
            assert (each.headers["x-tenant"], each.headers["user-agent"]) == ("5", "ours")


def test_the_key_of_a_file_is_the_same_at_every_attempt(tmp_path: Path) -> None:
    with HTTPPartner() as partner:
        what = parcel(tmp_path, {"a": b"1", "b": b"1"})
        at_partner(partner).send(delivery(what), delivery(what, token="token2"))
        other = delivery(what, idempotency_key="another")
        at_partner(partner).send(other)
        keys = [each.headers["idempotency-key"] for each in partner.came]
        assert keys[0] == keys[2] and keys[1] == keys[3]
        assert len(set(keys)) == 4


def test_one_connection_serves_many_requests(tmp_path: Path) -> None:
    opened: list[object] = []

    class Counting(Handler):
        def setup(self) -> None:
            opened.append(self)
            super().setup()

    class Partner(HTTPPartner):
        handler_class = Counting

    with Partner() as partner:
        what = parcel(tmp_path, {f"{number}.txt": b"x" for number in range(20)})
        at_partner(partner).send(delivery(what), delivery(what, token="token2"))
        assert len(partner.came) == 40
        assert len(opened) == 1


def test_a_connection_that_was_idle_is_opened_again(tmp_path: Path) -> None:
    class Leaving(Handler):
        timeout = 0.1  # type: ignore[assignment]

    class Partner(HTTPPartner):
        handler_class = Leaving

    async def use(sender: Sender) -> None:
        await sender.send(delivery(parcel(tmp_path / "1", {"a": b"1"})))
        await asyncio.sleep(0.5)
        await sender.send(delivery(parcel(tmp_path / "2", {"b": b"2"}), token="token2"))

    with Partner() as partner:
        at_partner(partner).use(use)
        assert len(partner.came) == 2


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "large"])
def test_a_damaged_parcel_never_leaves_whole(tmp_path: Path, content: bytes) -> None:
    with HTTPPartner() as partner:
        place, damaged = at_partner(partner), parcel(tmp_path, {"a.txt": content})
        path = damaged.local_path(damaged.files[0])
        for method in ("PUT", "POST"):
            for changed in (content[:-1] + b"?", content + b"more", content[:-1]):
                if changed == content:
                    continue
                path.write_bytes(changed)
                with pytest.raises(ParcelDamaged, match=r"a\.txt is not what"):
                    place.send(delivery(damaged), method=method)
        path.unlink()
        with pytest.raises(ParcelDamaged, match="cannot be read"):
            place.send(delivery(damaged))
        assert place.files() == {}
        assert partner.came == []


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_file_that_has_grown_never_leaves_whole(tmp_path: Path, method: str) -> None:
    """Not even when its right part ends where a block ends."""
    with HTTPPartner() as partner:
        place, grown = at_partner(partner), parcel(tmp_path, {"a": LARGE[:CHUNK]})
        grown.local_path(grown.files[0]).write_bytes(LARGE)
        with pytest.raises(ParcelDamaged, match="is not what"):
            place.send(delivery(grown), method=method)
        assert place.files() == {}
        assert partner.came == []


@pytest.mark.parametrize("content", [b"small", LARGE, b""], ids=["small", "large", "empty"])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_lost_lease_keeps_the_last_byte(tmp_path: Path, content: bytes, method: str) -> None:
    with HTTPPartner() as partner:
        place = at_partner(partner)
        place.write("old", b"the taker's")
        lost = delivery(parcel(tmp_path, {"a": content}), check_lease=_lost)
        with pytest.raises(LeaseLost):
            place.send(lost, method=method)
        with pytest.raises(LeaseLost):
            place.send(delivery(None, action="remove", held=(held("old"),), check_lease=_lost))
        assert lost.receipts == []
        if content:
            assert place.files() == {"old": b"the taker's"}


@pytest.mark.parametrize("path", ["../a.txt", "/etc/a.txt", "sub/../../a.txt", "a\0b"])
def test_nothing_leaves_the_folder(tmp_path: Path, path: str) -> None:
    with HTTPPartner() as partner:
        what = parcel(tmp_path, {"good": b"x", "a.txt": b"x"})
        object.__setattr__(what.files[1], "path", path)
        with pytest.raises(PermanentError, match="leave the destination's folder"):
            at_partner(partner).send(delivery(what))
        gone = delivery(None, action="remove", held=(held(path),))
        with pytest.raises(PermanentError, match="leave the destination's folder"):
            at_partner(partner).send(gone)
        assert partner.came == []


def test_removing(tmp_path: Path) -> None:
    with HTTPPartner() as partner:
        place = at_partner(partner)
        place.write("a b.txt", b"old")
        place.write("other.txt", b"not ours")
        gone = delivery(None, action="remove", held=(held("a b.txt"), held("sub/missing.txt")))
        place.send(gone)
        assert place.files() == {"other.txt": b"not ours"}
        assert [(r.path, r.published, r.size, r.sha256) for r in gone.receipts] == [
            ("a b.txt", "removed", 0, ""),
            ("sub/missing.txt", "removed", 0, ""),
        ]


def test_files_that_the_parcel_no_longer_has_are_removed_if_asked(tmp_path: Path) -> None:
    with HTTPPartner() as partner:
        place, before = at_partner(partner), (held("a.txt"), held("b.txt"))
        for name in ("a.txt", "b.txt"):
            place.write(name, b"old")
        what = parcel(tmp_path, {"a.txt": b"new"})
        place.send(delivery(what, held=before))
        assert place.files() == {"a.txt": b"new", "b.txt": b"old"}
        again = delivery(what, held=before, remove_stale=True)
        place.send(again)
        assert place.files() == {"a.txt": b"new"}
        assert [r.published for r in again.receipts] == ["put", "removed"]


@pytest.mark.parametrize("content", [b"content", LARGE], ids=["small", "large"])
def test_what_an_earlier_attempt_delivered_is_not_sent_again(
    tmp_path: Path, content: bytes
) -> None:
    with HTTPPartner() as partner:
        place = at_partner(partner)
        place.write("a", content)
        place.write("b", bytes(len(content)))
        place.write("c", content + b"more")
        files = dict.fromkeys("abcd", content)
        again = delivery(parcel(tmp_path, files), stale_tokens=("dead",))
        place.send(again)
        assert place.files() == files
        assert [(r.path, r.published, r.verified) for r in again.receipts] == [
            ("a", "found", "sha256"), ("b", "put", "none"), ("c", "put", "none"),
            ("d", "put", "none"),
        ]  # fmt: skip
        assert [e.method for e in partner.came].count("PUT") == 3


def test_a_server_that_does_not_let_us_look_is_sent_it_again(tmp_path: Path) -> None:
    class Blind(Handler):
        def do_HEAD(self) -> None:
            self.answer(405)

    class Partner(HTTPPartner):
        handler_class = Blind

    with Partner() as partner:
        place = at_partner(partner)
        again = delivery(parcel(tmp_path, {"a": b"x"}), stale_tokens=("dead",))
        place.send(again)
        assert place.files() == {"a": b"x"}
        with pytest.raises(DestinationMisconfigured, match=r"405.*'verify'\] to 'none'"):
            place.send(again, verify="size")


@pytest.mark.parametrize("verify", ["size", "sha256"])
def test_verifying(tmp_path: Path, verify: str) -> None:
    with HTTPPartner() as partner:
        sent = delivery(parcel(tmp_path, {"a": b"x", "b": LARGE, "c": b""}))
        at_partner(partner).send(sent, verify=verify)
        assert {r.verified for r in sent.receipts} == {verify}
        methods = [each.method for each in partner.came]
        assert methods == (["PUT", "HEAD"] if verify == "size" else ["PUT", "HEAD", "GET"]) * 3


class Damaging(Handler):
    cut: Any = staticmethod(lambda content: content)

    def put(self) -> None:
        with self.body() as body:
            target = self.path_of()
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(type(self).cut(body.read()))
        self.answer(201)


@pytest.mark.parametrize(
    ("verify", "cut", "text"),
    [
        ("size", lambda content: content[:-1], "with 6 bytes instead of 7"),
        ("sha256", lambda content: content[:-1] + b"?", "arrived damaged"),
        ("sha256", lambda content: content * 2, "arrived damaged"),
    ],
)
def test_what_arrives_damaged_is_found(tmp_path: Path, verify: str, cut: Any, text: str) -> None:
    class Partner(HTTPPartner):
        handler_class = type("Cutting", (Damaging,), {"cut": staticmethod(cut)})

    with Partner() as partner:
        sent = delivery(parcel(tmp_path, {"a": b"content"}))
        with pytest.raises(TransientError, match=text):
            at_partner(partner).send(sent, verify=verify)
        assert sent.receipts == []


def test_a_server_that_knows_the_digest_need_not_give_the_file_back(tmp_path: Path) -> None:
    class Knowing(Handler):
        def get(self) -> None:
            assert self.command == "HEAD"
            digest = base64.b64encode(hashlib.sha256(b"x").digest()).decode()
            self.answer(200, headers={"Repr-Digest": f"md5=:AA==:, sha-256=:{digest}:"})

    class Partner(HTTPPartner):
        handler_class = Knowing

    with Partner() as partner:
        sent = delivery(parcel(tmp_path, {"a": b"x"}))
        at_partner(partner).send(sent, verify="sha256")
        assert [r.verified for r in sent.receipts] == ["sha256"]


def test_a_cancelled_delivery_does_not_spoil_the_next(tmp_path: Path) -> None:
    with HTTPPartner() as partner:
        place = at_partner(partner)

        async def send(sender: Sender) -> None:
            task = asyncio.create_task(sender.send(delivery(parcel(tmp_path / "1", {"a": LARGE}))))
            await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await sender.send(delivery(parcel(tmp_path / "2", {"b": b"next"}), token="token2"))

        place.use(send)
        assert place.files().get("a") in (None, LARGE)
        assert place.files()["b"] == b"next"


def test_the_url_without_a_folder(tmp_path: Path) -> None:
    with HTTPPartner() as partner:
        place = Place(partner.url.rstrip("/"), partner.directory, partner.options)
        place.send(delivery(parcel(tmp_path, {"a/b": b"x"})))
        assert partner.files() == {"a/b": b"x"}
        assert partner.came[0].target == "/a/b"
