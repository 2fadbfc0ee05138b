"""What the doctor finds out about a mail server, and who gets a mail by that: nobody."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from pigeon import doctor
from pigeon.senders.capabilities import Capabilities, Capability
from pigeon.senders.mail_probe import SECRECY, SIZE, TAKEN
from pigeon.senders.registry import make_sender
from tests.senders.http.certificates import Certificates
from tests.senders.parcels import destination
from tests.senders.test_email import DESK, OTHER, use
from tests.servers.smtp import PASSWORD, USER, run_sink

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


def probed(url: str = f"mailto:{DESK}", **options: Any) -> Capabilities:
    async def run() -> Capabilities:
        sender = make_sender(destination(url, **options))
        try:
            await sender.open()
            return await sender.probe()
        finally:
            await sender.close()

    return asyncio.run(run())


def one(found: Capabilities, name: str) -> Capability:
    return next(each for each in found.capabilities if each.name == name)


def test_a_server_in_the_clear(settings: Any) -> None:
    with run_sink(login=True, size=1_000_000) as sink:
        use(settings, sink, EMAIL_HOST_USER=USER, EMAIL_HOST_PASSWORD=PASSWORD)
        found = probed(f"mailto:{DESK},moewe@müller.example", cc=[f"Other <{OTHER}>"])
        assert one(found, SECRECY).answer == "no"
        assert "in the clear" in one(found, SECRECY).consequence
        assert one(found, SIZE).answer == "no"
        assert "1000000" in one(found, SIZE).ask
        assert one(found, TAKEN).detail == "3 recipients"
        assert found.sound
        assert "AUTH" in found.facts["extensions"]
        assert probed(max_size=1_000_000).sound
        assert one(probed(max_size=1_000_000), SIZE).answer == "yes"
        assert sink.mails == []


def test_tls(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificates = Certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca_file))
    with run_sink(tls=certificates.server()) as sink:
        use(settings, sink, EMAIL_USE_TLS=True)
        found = probed()
    assert one(found, SECRECY).answer == "yes"
    assert one(found, SECRECY).detail.startswith("TLSv1.")
    assert ", until " in found.facts["certificate"]
    assert one(found, SIZE).answer == "unknown"


@pytest.mark.parametrize(("code", "answer"), [(550, "no"), (450, "unknown")])
def test_a_recipient_that_is_refused(settings: Any, code: int, answer: str) -> None:
    with run_sink() as sink:
        use(settings, sink)
        sink.refused = {OTHER: f"{code} not {OTHER}"}
        found = probed(bcc=[OTHER])
        assert one(found, TAKEN).answer == answer
        assert f"{OTHER}: {code} not" in one(found, TAKEN).detail
        assert found.sound == (answer == "unknown")
        assert sink.mails == []


def test_a_sender_that_is_refused(settings: Any) -> None:
    with run_sink() as sink:
        use(settings, sink)
        sink.sender_answer = "550 not from you"
        found = probed()
        assert "the sender: 550 not from you" in one(found, TAKEN).detail
        assert not found.sound


def test_a_backend_that_only_a_mail_would_show(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    found = probed()
    assert [each.answer for each in found.capabilities] == ["unknown"]
    assert found.sound
    assert "locmem" in found.facts["mail backend"]


def test_the_doctor_asks(settings: Any) -> None:
    with run_sink() as sink:
        use(settings, sink)
        report = doctor.examine(destination(f"mailto:{DESK}"))
        assert report.sound
        assert {step.name for step in report.steps} >= {SECRECY, SIZE, TAKEN}
        assert sink.mails == []
