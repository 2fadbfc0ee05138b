"""Parcels by POST: one form with all files, whole or not at all."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from django.http.multipartparser import MultiPartParser

from pigeon.exceptions import PermanentError
from pigeon.remotes.source import Source
from pigeon.senders.http.body import FormBody
from pigeon.testing.http_partner import HTTPPartner
from pigeon.testing.http_requests import Handler
from tests.contracts.places import at_partner
from tests.senders.parcels import delivery, held, parcel

LARGE = os.urandom(3 * 1024 * 1024 + 17)
FILES = {"a.xml": b"<a/>", 'Grüße "1" 100%.xml': LARGE, "sub/empty": b""}


class Keeping(Handler):
    """Keeps what came as it came."""

    bodies: list[bytes]

    def post(self) -> None:
        with self.body() as body:
            type(self).bodies.append(body.read())
        self.answer(200)


def partner_that_keeps(bodies: list[bytes]) -> HTTPPartner:
    keeping = type("Keeping", (Keeping,), {"bodies": bodies})
    return type("Partner", (HTTPPartner,), {"handler_class": keeping})()


def test_a_parcel_arrives_as_one_form(tmp_path: Path) -> None:
    with HTTPPartner() as partner:
        place, sent = at_partner(partner), delivery(parcel(tmp_path, FILES))
        place.send(sent, method="POST")
        assert place.files() == FILES
        [came] = partner.came
        assert came.method == "POST"
        assert came.headers["idempotency-key"] == "key"
        assert "transfer-encoding" not in came.headers
        address = f"http://127.0.0.1:{partner.port}"
        assert [(r.path, r.remote_path, r.size, r.published, r.verified)
                for r in sent.receipts] == [
            (path, address, len(content), "post", "none") for path, content in FILES.items()
        ]  # fmt: skip


def test_what_django_reads_from_it(settings: Any, tmp_path: Path) -> None:
    bodies: list[bytes] = []
    fields = {"feed": "news", 'odd "näme"\r\nX: y': "a\r\n--pigeon\r\nb"}
    with partner_that_keeps(bodies) as partner:
        at_partner(partner).send(
            delivery(parcel(tmp_path, FILES)), method="POST", fieldname="upload", fields=fields
        )
        [came] = partner.came
    digest = base64.b64encode(hashlib.sha256(bodies[0]).digest()).decode()
    assert came.headers["content-digest"] == f"sha-256=:{digest}:"
    post, files = read_by_django(bodies[0], came.headers["content-type"])
    assert post == {"feed": "news", "odd %22näme%22%0D%0AX: y": "a\r\n--pigeon\r\nb"}
    # Django keeps the base name.
    assert files == [
        ("upload", "a.xml", "application/xml", b"<a/>"),
        ("upload", "Grüße %221%22 100%.xml", "application/xml", LARGE),
        ("upload", "empty", "application/octet-stream", b""),
    ]


def read_by_django(body: bytes, content_type: str) -> tuple[dict[str, str], list[Any]]:
    import io

    from django.core.files.uploadhandler import MemoryFileUploadHandler, TemporaryFileUploadHandler

    facts = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body))}
    handlers = [MemoryFileUploadHandler(), TemporaryFileUploadHandler()]
    post, files = MultiPartParser(facts, io.BytesIO(body), handlers, "utf-8").parse()
    found = [
        (name, each.name, each.content_type, each.read())
        for name, several in files.lists()
        for each in several
    ]
    for _, several in files.lists():
        for each in several:
            each.close()
    return post.dict(), found


def test_the_same_form_at_every_attempt_and_taken_once(tmp_path: Path) -> None:
    """A server that honours the key takes what was sent twice only once."""
    what = parcel(tmp_path, FILES)
    with HTTPPartner() as partner:
        place = at_partner(partner)
        place.send(delivery(what), method="POST")
        (place.folder / "a.xml").unlink()
        again = delivery(what, token="token2", stale_tokens=("token1",))
        place.send(again, method="POST")
        assert "a.xml" not in place.files()
        first, second = partner.came
        for name in ("idempotency-key", "content-digest", "content-type"):
            assert first.headers[name] == second.headers[name]
        assert len(again.receipts) == len(FILES)


def test_what_cannot_be_removed_is_said(tmp_path: Path) -> None:
    with HTTPPartner() as partner:
        place = at_partner(partner)
        gone = delivery(None, action="remove", held=(held("a.txt"),))
        with pytest.raises(PermanentError, match=r"a\.txt cannot be removed.*POST.*tombstones"):
            place.send(gone, method="POST")
        stale = delivery(parcel(tmp_path, {"b": b"x"}), held=(held("a"),), remove_stale=True)
        with pytest.raises(PermanentError, match="The new files were delivered, but a cannot"):
            place.send(stale, method="POST")
        assert [(r.path, r.published) for r in stale.receipts] == [("b", "post")]
        place.send(delivery(None, action="remove"), method="POST")


@pytest.mark.parametrize("fields", [{}, {"a": "1", "ü": ""}])
def test_the_length_is_right(tmp_path: Path, fields: dict[str, str]) -> None:
    what = parcel(tmp_path, FILES)
    sources = [Source(what.local_path(file), file) for file in what.files]

    async def read() -> tuple[FormBody, bytes, str]:
        form = FormBody(fields, "file", sources, "key", _allowed)
        assert not form.may_be_whole
        return form, b"".join([block async for block in form.blocks()]), await form.sha256()

    form, content, digest = asyncio.run(read())
    assert form.size == len(content)
    assert digest == hashlib.sha256(content).hexdigest()
    assert form.may_be_whole


async def _allowed() -> None:
    pass
