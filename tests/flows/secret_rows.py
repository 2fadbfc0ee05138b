"""Each way to log in anywhere, with the secret that must never be seen: one row a way."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncssh
import pytest
from cryptography.hazmat.primitives import serialization as pem

from pigeon.testing import sftp_partner
from pigeon.testing.ftp_partner import FTPPartner
from pigeon.testing.http_partner import HTTPPartner
from pigeon.testing.http_requests import Handler
from pigeon.testing.sftp_partner import SFTPPartner
from tests.flows.leaks import (
    BARE,
    CORE,
    ENCODED,
    SECRET,
    TellingSFTPPartner,
    Watch,
    telling_ftp_partner,
)
from tests.flows.site import Site
from tests.senders.http.certificates import Certificates
from tests.servers.smtp import PASSWORD, USER, run_sink

#: What HTTP lets stand in a header.
PLAIN = f"{CORE}/+=:%#@"


@dataclass
class Case:
    """One row in one situation.

    Attributes:
        situation: "good", "refused", "lost", "told" or "broken".
        aside: a folder that is not searched: keys lie there.
        through: port of the server → the port to connect to.
    """

    situation: str
    site: Site
    watch: Watch
    aside: Path
    request: pytest.FixtureRequest
    through: Callable[[int], int]

    @property
    def folder(self) -> Path:
        """Of the partner; it is searched."""
        return self.site.folder / "partner"

    def accepted(self, secret: str) -> str:
        """What the server takes instead of ``secret``, or the same."""
        return "another" if self.situation == "refused" else secret

    def fixture(self, name: str) -> Any:
        return self.request.getfixturevalue(name)


Login = tuple[str, dict[str, Any]]
Row = Callable[[Case], AbstractContextManager[Login]]


def sftp(user: str = "pigeon", **options: Any) -> Row:
    @contextmanager
    def row(case: Case) -> Iterator[Login]:
        kind = TellingSFTPPartner if case.situation == "told" else SFTPPartner
        with kind(case.folder, password=case.accepted(SECRET)) as partner:
            port = case.through(partner.port)
            trust = {"known_hosts": str(partner.known_hosts)}
            if port != partner.port:
                trust = {"host_key_check": False}
            yield f"sftp://{user}@127.0.0.1:{port}/", {**trust, **options}

    return row


class _Asking(sftp_partner._Doorkeeper):
    """Asks for the password, as servers with PAM do."""

    def password_auth_supported(self) -> bool:
        return False

    def kbdint_auth_supported(self) -> bool:
        return True

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> object:
        return "Login", "", "", [("Password: ", False)]

    def validate_kbdint_response(self, username: str, responses: list[str]) -> bool:
        return self.validate_password(username, responses[0])


@contextmanager
def asked(case: Case) -> Iterator[Login]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sftp_partner, "_Doorkeeper", _Asking)
        with sftp(password=SECRET)(case) as login:
            yield login


@contextmanager
def key(case: Case) -> Iterator[Login]:
    """An encrypted key; what is in it is a secret, too."""
    server = case.fixture("sshd")
    own = asyncssh.read_private_key(str(server.key_file))
    file = case.aside / "key"
    file.write_bytes(own.export_private_key(passphrase=SECRET, rounds=1))
    case.watch.needles += [server.key_file.read_text().splitlines()[2]]
    case.watch.needles += [file.read_text().splitlines()[3]]
    url, options = server.url(server.folder(_name(case)).name), server.options()
    port = case.through(server.port)
    options |= {"key_file": str(file), "passphrase": lambda: SECRET}
    if case.situation == "refused":
        options["passphrase"] = f"{CORE} is wrong"
    if port != server.port:
        options["host_key_check"] = False
        del options["known_hosts"]
    yield url.replace(f":{server.port}/", f":{port}/"), options


def ftp(user: str = "pigeon", **options: Any) -> Row:
    @contextmanager
    def row(case: Case) -> Iterator[Login]:
        if case.situation in ("told", "refused"):
            server: Any = telling_ftp_partner(refuses=case.situation == "refused")
        else:
            server = FTPPartner(case.folder, password=SECRET)
        with server as found:
            port = case.through(found if isinstance(found, int) else found.port)
            yield f"ftp://{user}@127.0.0.1:{port}/", options

    return row


def ftp_tls(fixture: str) -> Row:
    """A client certificate with an encrypted key, and a password."""

    @contextmanager
    def row(case: Case) -> Iterator[Login]:
        server = case.fixture(fixture)
        case.watch.needles.append(server.password)
        options = server.options() | {
            "client_certificate": str(server.certificates.client),
            "client_key": str(_encrypted(server.certificates.client_key, case)),
            "client_key_passphrase": SECRET,
        }
        if case.situation == "refused":
            options["client_key_passphrase"] = f"{CORE} is wrong"
        url = server.url(server.folder(_name(case)).name)
        yield url.replace(f":{server.port}/", f":{case.through(server.port)}/"), options

    return row


def _encrypted(file: Path, case: Case) -> Path:
    loaded = pem.load_pem_private_key(file.read_bytes(), None)
    locked = pem.BestAvailableEncryption(SECRET.encode())
    found = case.aside / "client-key.pem"
    found.write_bytes(loaded.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, locked))
    case.watch.needles.append(file.read_text().splitlines()[2])
    case.watch.needles.append(found.read_text().splitlines()[2])
    return found


class _Parrot(Handler):
    """Repeats all that it was told, also as people write it who take it apart."""

    def put(self) -> None:
        words = [self.path, *(f"{name}: {value}" for name, value in self.headers.items())]
        words += [PLAIN, quote(PLAIN), repr(self.path)]
        with self.body():
            self.answer(422, "\n".join(words).encode(), headers={"X-Echo": words[0]})

    post = put


def http(
    user: str = "", facts: dict[str, str] | None = None, path: str = "in", **options: Any
) -> Row:
    """An HTTP partner with ``facts``, of which the last is what it refuses."""

    @contextmanager
    def row(case: Case) -> Iterator[Login]:
        handler = _Parrot if case.situation == "told" else _Refusing[case.situation == "refused"]
        kind = type("Partner", (HTTPPartner,), {"handler_class": handler})
        given = {name: case.accepted(value) for name, value in (facts or {}).items()}
        # The files of a web hook are where its path says.
        folder = case.aside / "partner" if options.get("method") == "POST" else case.folder
        with kind(folder, **given) as partner:
            port = case.through(partner.port)
            yield f"http://{user}127.0.0.1:{port}/{path}", {**_plain(partner, user), **options}

    return row


def _plain(partner: HTTPPartner, user: str) -> dict[str, Any]:
    """A login for those whose secret is somewhere else."""
    if user or partner.rules.token:
        return {}
    pair = f"{partner.username}:{partner.password}".encode()
    return {"headers": {"Authorization": f"Basic {_base64(pair)}"}}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


class _Strict(Handler):
    """Takes no login."""

    def put(self) -> None:
        with self.body():
            self.answer(401, b"Who are you?")

    post = put


_Refusing = {False: Handler, True: _Strict}


@contextmanager
def in_tls(case: Case) -> Iterator[Login]:
    """A client certificate with an encrypted key, over HTTPS."""
    certificates = Certificates(case.aside / "certificates")
    text = certificates.client().read_text()
    start = text.index("-----BEGIN CERT")
    plain = case.aside / "plain.pem"
    plain.write_text(text[:start])
    both = case.aside / "both.pem"
    both.write_text(_encrypted(plain, case).read_text() + text[start:])
    with HTTPPartner(case.folder, password=SECRET, tls=certificates.demanding()) as partner:
        phrase = f"{CORE} is wrong" if case.situation == "refused" else SECRET
        yield (
            f"https://pigeon@127.0.0.1:{case.through(partner.port)}/in",
            {
                "password": SECRET, "ca_file": str(certificates.ca_file),
                "client_certificate": str(both), "client_key_passphrase": phrase,
            },
        )  # fmt: skip


@contextmanager
def storage(case: Case) -> Iterator[Login]:
    from botocore.config import Config
    from moto.core.authorization import disable_iam_authentication, enable_iam_authentication

    s3 = case.fixture("s3")
    port = int(s3.url.rpartition(":")[2])
    way = f"http://127.0.0.1:{case.through(port)}"
    entry = s3.storage(s3.bucket(), secret_key=SECRET, endpoint_url=way)
    entry["OPTIONS"]["client_config"] = Config(retries={"max_attempts": 1})
    case.site.settings.STORAGES = {**case.site.settings.STORAGES, "Archive": entry}
    refused = case.situation == "refused"
    with enable_iam_authentication() if refused else disable_iam_authentication():
        yield "storage://Archive/in", {}


@contextmanager
def mailto(case: Case) -> Iterator[Login]:
    case.watch.needles.append(PASSWORD)
    user = "another" if case.situation == "refused" else USER
    with pytest.MonkeyPatch.context() as patch, run_sink(login=True) as sink:
        # The server's own log is not ours.
        patch.setattr(logging.getLogger("mail.log"), "propagate", False)
        if case.situation == "told":
            sink.data_answer = f"550 not with {PASSWORD} or {quote(PASSWORD)}"
        login = {"EMAIL_HOST_USER": user, "EMAIL_HOST_PASSWORD": PASSWORD}
        for name, value in sink.settings(**login).items():
            setattr(case.site.settings, name, value)
        case.site.settings.EMAIL_PORT = case.through(sink.port)
        yield "mailto:desk@partner.example", {}
        case.watch.said += [mail.raw.decode("utf-8", "replace") for mail in sink.mails]


def _name(case: Case) -> str:
    """Of a folder that no other test has at a server of the whole run."""
    return f"secrets-{hashlib.sha256(case.request.node.nodeid.encode()).hexdigest()[:16]}"


def dummy(case: Case) -> AbstractContextManager[Login]:
    return nullcontext(("dummy://place", {"password": SECRET}))


ROWS: dict[str, Row] = {
    "sftp password": sftp(password=SECRET),
    "sftp callable": sftp(password=lambda: SECRET),
    "sftp url": sftp(f"pigeon:{ENCODED}"),
    "sftp questions": asked,
    "sftp paramiko": sftp(password=SECRET, client="paramiko"),
    "sftp key": key,
    "ftp password": ftp(password=SECRET),
    "ftp callable": ftp(password=lambda: SECRET),
    "ftp url": ftp(f"pigeon:{ENCODED}"),
    "ftp bare url": ftp(f"pigeon:{BARE}"),
    "ftp+tls key": ftp_tls("vsftpd_tls"),
    "ftps key": ftp_tls("vsftpd_implicit"),
    "http basic": http("pigeon@", {"password": SECRET}, password=SECRET),
    "http url": http(f"pigeon:{ENCODED}@", {"password": SECRET}),
    "http token": http("", {"token": PLAIN}, token=PLAIN),
    "http token callable": http("", {"token": PLAIN}, token=lambda: PLAIN),
    "http signature": http(
        "pigeon@", {"hmac_secret": SECRET}, password="coo-coo", hmac_secret=SECRET
    ),
    "http header": http("", {"token": PLAIN}, headers={"Authorization": f"Bearer {PLAIN}"}),
    "http api key": http("pigeon@", password="coo-coo", headers={"X-Api-Key": PLAIN}),
    "http query": http("pigeon@", password="coo-coo", query={"api_key": SECRET}),
    "http web hook": http(
        "pigeon@", path=f"services/{CORE}-1234/", method="POST", password="coo-coo"
    ),
    "https key": in_tls,
    "storage": storage,
    "mailto": mailto,
    "dummy": dummy,
}
#: Rows whose servers can repeat what they were told.
TELLING = {row for row in ROWS if not row.endswith(" key") or row == "http api key"}
TELLING -= {"storage", "dummy"}
#: One of each kind of connection, to be broken.
LINES = {
    "sftp password", "sftp paramiko", "ftp password", "ftp+tls key", "http basic", "http web hook",
    "https key", "storage", "mailto",
}  # fmt: skip
SITUATIONS = {
    "good": set(ROWS), "refused": {*ROWS} - {"dummy"}, "told": TELLING, "lost": LINES,
    "broken": {*ROWS} - {row for row in ROWS if "url" in row or "callable" in row},
}  # fmt: skip
