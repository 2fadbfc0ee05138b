"""Mails at a real SMTP server: what arrives, what is refused, and what is said about it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend

from pigeon.destinations import Destination
from pigeon.exceptions import (
    AmbiguousError,
    AuthenticationError,
    DeliveryError,
    DestinationMisconfigured,
    PermanentError,
    TransientError,
    Unreachable,
)
from pigeon.parcel import OutputFile
from pigeon.senders.base import Delivery
from pigeon.senders.email import content_type, encoded_size
from pigeon.senders.registry import check_destination, make_sender
from tests.senders.parcels import delivery, destination, held, parcel
from tests.servers.smtp import PASSWORD, USER, Sink, run_sink

DESK, OTHER = "desk@partner.example", "other@x.example"


@pytest.fixture(scope="module")
def server() -> Iterator[Sink]:
    with run_sink() as sink:
        yield sink


@pytest.fixture
def sink(server: Sink, settings: Any) -> Sink:
    """The server without a mail or a whim, and Django's mail going to it."""
    fresh = Sink(server.port)
    for name, value in vars(fresh).items():
        setattr(server, name, value)
    use(settings, server)
    return server


def use(settings: Any, sink: Sink, **more: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "Newsroom <news@site.example>"
    for name, value in sink.settings(**more).items():
        setattr(settings, name, value)


def mailto(url: str = f"mailto:{DESK}", **options: Any) -> Destination:
    return destination(url, **options)


def send(where: Destination, *deliveries: Delivery) -> None:
    async def run() -> None:
        sender = make_sender(where)
        try:
            await sender.open()
            for one in deliveries:
                await sender.send(one)
        finally:
            await sender.close()

    asyncio.run(run())


def failure(where: Destination, one: Delivery) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        send(where, one)
    return caught.value


@pytest.fixture
def one(tmp_path: Path) -> Delivery:
    return delivery(parcel(tmp_path / "one", {"a.xml": b"<a/>"}))


def test_every_file_arrives_byte_for_byte(sink: Sink, tmp_path: Path) -> None:
    content = {
        "text.txt": b"unix\nwindows\r\nmac\rend without line end\n.\n..\nFrom here",
        "page.html": "<p>Grüße</p>\r\n".encode("latin-1"),
        "in/story.xml": "<a>東京</a>\n".encode(),
        "Grüße aus 東京 #1.json": b"{}",
        "photo.jpg": bytes(range(256)) * 300,
        "empty": b"",
        "letter.eml": b"Subject: x\n\nbody",
        "x.tar.gz": b"\x1f\x8b",
        "a" * 200 + ".csv": b"1,2\n",
    }
    sent = delivery(parcel(tmp_path, content), title="Grüße")
    send(mailto(), sent)
    [mail] = sink.mails
    assert mail.attachments == {path.removeprefix("in/"): data for path, data in content.items()}
    assert [(r.path, r.size, r.published, r.verified) for r in sent.receipts] == [
        (path, len(data), "mailed", "none") for path, data in content.items()
    ]
    assert {r.remote_path for r in sent.receipts} == {mail.message["Message-ID"]}


def test_two_files_with_one_name_keep_their_folders(sink: Sink, tmp_path: Path) -> None:
    send(mailto(), delivery(parcel(tmp_path, {"a/x.txt": b"1", "b/x.txt": b"2", "b/y": b"3"})))
    assert sink.mails[0].attachments == {"a-x.txt": b"1", "b-x.txt": b"2", "y": b"3"}


def test_who_gets_it_and_what_it_says(sink: Sink, one: Delivery) -> None:
    one.title = "Möwe"
    where = mailto(
        f"mailto:{DESK},{OTHER}",
        subject="[{rule}] {title}", body="Here is {title}:\n{files}",
        from_email="Desk <me@site.example>", cc=["cc@x.example"], bcc=["bcc@x.example"],
        reply_to=["answers@site.example"], headers={"X-Feed": "news"},
    )  # fmt: skip
    send(where, one)
    [mail] = sink.mails
    message = mail.message
    assert mail.sender == "me@site.example"
    assert mail.recipients == [DESK, OTHER, "cc@x.example", "bcc@x.example"]
    assert (message["To"], message["Cc"]) == (f"{DESK}, {OTHER}", "cc@x.example")
    assert (message["Subject"], message["X-Feed"]) == ("[partner] Möwe", "news")
    assert (message["Reply-To"], message["From"]) == (
        "answers@site.example", "Desk <me@site.example>",
    )  # fmt: skip
    assert b"bcc@x.example" not in mail.raw
    body = message.get_body()
    assert body is not None
    lines = body.get_content().splitlines()
    assert lines[0] == "Here is Möwe:"
    assert lines[1].startswith("a.xml: 4 bytes, SHA-256 ")


def test_what_it_says_by_default(sink: Sink, one: Delivery) -> None:
    one.title = ""
    send(mailto(), one)
    message = sink.mails[0].message
    assert message["Subject"] == "partner (partner)"
    assert message["From"] == "Newsroom <news@site.example>"


@pytest.mark.parametrize(
    "title",
    [
        "A\nBcc: all@evil.example", "A\r\n\r\nbody", "A\0B", "A\u2028Bcc: x", "A\x0bB\x85C",
        "x" * 2000, "日本" * 500, "\ud800",
    ],
)  # fmt: skip
def test_no_title_can_make_a_header(sink: Sink, one: Delivery, title: str) -> None:
    one.title = title
    send(mailto(), one)
    [mail] = sink.mails
    assert mail.recipients == [DESK]
    assert mail.message["Bcc"] is None
    assert set(mail.message.keys()) == {
        "Content-Type", "MIME-Version", "Subject", "From", "To", "Date", "Message-ID"
    } | ({"X-Peer", "X-MailFrom", "X-RcptTo"} & set(mail.message.keys()))  # fmt: skip
    assert mail.attachments == {"a.xml": b"<a/>"}


def test_the_message_id_is_the_same_for_each_attempt(sink: Sink, one: Delivery) -> None:
    again = delivery(one.parcel, stale_tokens=("dead",))
    other = delivery(one.parcel, idempotency_key="other")
    send(mailto(), one, again, other)
    first, second, third = (mail.message["Message-ID"] for mail in sink.mails)
    assert first == second != third
    assert first.endswith(".pigeon@site.example>")
    send(mailto(message_id_domain="ids.example"), one)
    assert sink.mails[-1].message["Message-ID"].endswith("@ids.example>")


def test_one_connection_carries_many_and_is_replaced_when_it_is_gone(
    sink: Sink, tmp_path: Path
) -> None:
    async def run() -> None:
        sender = make_sender(mailto())
        await sender.open()
        for number in range(3):
            await sender.send(delivery(parcel(tmp_path / str(number), {"a": b"x"})))
        assert sink.connections == 1
        sender._plain._mailer._backend.connection.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[attr-defined]
        await sender.send(delivery(parcel(tmp_path / "3", {"a": b"x"})))
        assert sink.connections == 2
        await sender.close()
        await sender.close()

    asyncio.run(run())
    assert len(sink.mails) == 4


def test_too_large_a_mail_is_refused_before_anything_is_read(sink: Sink, one: Delivery) -> None:
    error = failure(mailto(max_size=77), one)
    assert isinstance(error, PermanentError)
    assert "78 bytes" in str(error)
    assert "OPTIONS['max_size']" in str(error)
    assert sink.mails == []
    send(mailto(max_size=78), one)


def test_the_size_of_attachments_is_not_underrated(sink: Sink, tmp_path: Path) -> None:
    send(mailto(), delivery(parcel(tmp_path, {"a.bin": bytes(100_000)})))
    assert 0 <= len(sink.mails[0].raw) - encoded_size(OutputFile("a", 100_000, "")) < 2000


def test_what_was_mailed_cannot_be_taken_back(sink: Sink, one: Delivery) -> None:
    error = failure(mailto(), delivery(None, action="remove", held=(held("a.xml"),)))
    assert isinstance(error, PermanentError)
    assert "tombstone" in str(error)
    stale = delivery(one.parcel, held=(held("old.xml"),), remove_stale=True)
    assert "The new files were mailed, but old.xml cannot" in str(failure(mailto(), stale))
    assert [r.published for r in stale.receipts] == ["mailed"]


@pytest.mark.parametrize(
    ("whim", "kind", "said"),
    [
        ({"refused": {OTHER: "550 5.1.1 no such user"}}, PermanentError, f"{OTHER}: 550 5.1.1"),
        ({"refused": {DESK: "550 no", OTHER: "550 no"}}, PermanentError, "Nobody got"),
        ({"refused": {OTHER: "450 greylisted"}}, TransientError, "450 greylisted"),
        ({"sender_answer": "550 no relay"}, DestinationMisconfigured, "OPTIONS['from_email']"),
        ({"sender_answer": "530 log in first"}, AuthenticationError, "wants a login"),
        ({"sender_answer": "451 later"}, TransientError, "451 later"),
        ({"sender_answer": "552 too large"}, PermanentError, "OPTIONS['max_size']"),
        ({"data_answer": "554 spam"}, PermanentError, "refused the mail: 554 spam"),
        ({"data_answer": "452 disk full"}, TransientError, "452 disk full"),
        ({"data_answer": "421 bye"}, TransientError, "421 bye"),
    ],
)
def test_what_the_server_refuses(
    sink: Sink, one: Delivery, whim: dict[str, Any], kind: type, said: str
) -> None:
    vars(sink).update(whim)
    error = failure(mailto(f"mailto:{DESK},{OTHER}"), one)
    assert type(error) is kind
    assert said in str(error)
    assert f"127.0.0.1:{sink.port}" in str(error)
    assert sink.mails == []  # all or nobody
    assert one.receipts == []


def test_after_a_refusal_the_next_mail_goes(sink: Sink, one: Delivery) -> None:
    async def run() -> None:
        sender = make_sender(mailto(f"mailto:{DESK},{OTHER}"))
        await sender.open()
        sink.refused = {OTHER: "550 no"}
        with pytest.raises(PermanentError):
            await sender.send(one)
        sink.refused = {}
        await sender.send(one)
        await sender.close()

    asyncio.run(run())
    assert len(sink.mails) == 1


def test_nobody_knows_when_the_answer_to_the_content_is_lost(sink: Sink, one: Delivery) -> None:
    sink.hangs_up = True
    error = failure(mailto(), one)
    assert type(error) is AmbiguousError
    assert "same Message-ID" in str(error)
    assert len(sink.mails) == 1


def test_a_server_that_is_not_there(settings: Any, one: Delivery) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        use(settings, Sink(nobody.getsockname()[1]))
        error = failure(mailto(), one)
    assert type(error) is Unreachable


def test_a_server_that_does_not_talk_is_given_up(settings: Any, one: Delivery) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        use(settings, Sink(silent.getsockname()[1]))
        error = failure(mailto(timeout=0.2), one)
    assert type(error) is Unreachable


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_login(settings: Any, one: Delivery) -> None:
    with run_sink(login=True) as sink:
        login = {"EMAIL_HOST_USER": USER, "EMAIL_HOST_PASSWORD": PASSWORD}
        use(settings, sink, **login)
        send(mailto(), one)
        assert len(sink.mails) == sink.logins == 1
        use(settings, sink, **{**login, "EMAIL_HOST_PASSWORD": "another geheim"})
        where = mailto()
        error = failure(where, one)
        assert type(error) is AuthenticationError
        assert "refused the login: 535" in str(error)
        for form in ("another geheim", "YW5vdGhlciBnZWhlaW0="):
            assert form not in str(error)
            assert form not in where.redact(f"it said {form}")
        use(settings, sink)
        assert type(failure(mailto(), one)) is AuthenticationError


def test_tls(settings: Any, one: Delivery, certificates: Any) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.server, certificates.server_key)
    with run_sink(tls=context) as sink:
        use(settings, sink)
        error = failure(mailto(), one)
        assert "STARTTLS" in str(error)
        use(settings, sink, EMAIL_USE_TLS=True)
        error = failure(mailto(), one)
        assert type(error) is AuthenticationError
        assert "certificate" in str(error)
        use(settings, sink, EMAIL_USE_SSL=True, EMAIL_USE_TLS=False)
        assert type(failure(mailto(), one)) is DestinationMisconfigured


def test_another_backend(settings: Any, one: Delivery, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mails")
    send(mailto(), one)
    assert len(list((tmp_path / "mails").iterdir())) == 1
    settings.EMAIL_BACKEND = f"{__name__}.Broken"
    assert type(failure(mailto(), one)) is AmbiguousError


@pytest.mark.skipif(not hasattr(mail, "mailers"), reason="MAILERS came with Django 6.1")
def test_one_of_several_mail_servers(
    settings: Any, sink: Sink, one: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BACKEND", "HOST", "PORT"):
        monkeypatch.delattr(settings, f"EMAIL_{name}", raising=False)
    options = {"host": "127.0.0.1", "port": sink.port}
    locmem = {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}
    smtp = {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}
    settings.MAILERS = {"default": locmem, "partner": smtp}
    assert "there are 'default', 'partner'" in check_destination(mailto(mailer="x"))[0]
    send(mailto(mailer="partner"), one)
    assert len(sink.mails) == 1


class Broken(BaseEmailBackend):
    def send_messages(self, messages: Any) -> int:
        raise RuntimeError("no idea")


@pytest.mark.parametrize(
    ("url", "options", "said"),
    [
        ("mailto:", {}, "names who gets the mail"),
        ("mailto:desk", {}, "'desk' is no mail address"),
        ("mailto:a@b.example,", {"cc": ["x"]}, "'x' is no mail address"),
        ("mailto:a@b.example", {"from_email": "x"}, "'x' is no mail address"),
        ("mailto:a@b.example", {"from_email": "A\n <a@b.example>"}, "is no mail address"),
        ("mailto:a@b.example", {"headers": {"X-A": "1\nBcc: x"}}, "no plain line"),
        ("mailto:a@b.example", {"headers": {"X A": "1"}}, "no name of a header"),
        ("mailto:a@b.example", {"headers": {"Bcc": "1"}}, "cannot set Bcc"),
        ("mailto:a@b.example", {"message_id_domain": "a>b"}, "is a domain"),
        ("mailto:a@b.example", {"mailer": "other"}, "MAILERS"),
        ("mailto:a@b.example", {"subjekt": "x"}, "Did you mean 'subject'?"),
        ("mailto:a@b.example", {"cc": "x"}, "'cc' must be"),
        ("mailto:a@b.example", {"max_size": 0}, "more than 0"),
    ],
)
def test_mistakes_are_found_before_anything_is_sent(
    url: str, options: dict[str, Any], said: str
) -> None:
    [problem] = check_destination(destination(url, **options))
    assert said in problem


def test_options_may_stand_in_the_query() -> None:
    from pigeon.destinations import resolve

    found = resolve(f"mailto:{DESK}?subject=Hello&cc=a@b.example,c@d.example&max_size=9")
    assert found.options == {
        "subject": "Hello", "cc": ["a@b.example", "c@d.example"], "max_size": 9,
    }  # fmt: skip
    assert found.path == DESK
    assert check_destination(found) == []


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("a.xml", "application/xml"),
        ("a.json", "application/json"),
        ("a.pdf", "application/pdf"),
        ("a.jpg", "image/jpeg"),
        ("a.txt", "application/octet-stream"),
        ("a.html", "application/octet-stream"),
        ("a.eml", "application/octet-stream"),
        ("a.tar.gz", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
def test_types_of_attachments(name: str, type_: str) -> None:
    assert content_type(name) == type_
