"""More than a thousand drawn faults, from the save to the partner.

Whatever goes wrong on a line, wherever: under final names stand only whole, right files; every
item ends delivered or in a truthful state; nothing is delivered twice as two different things.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pigeon import engine
from pigeon.engine.run import apush
from pigeon.models import DestinationState, ItemToPush, Publication, PushAttempt, Status
from pigeon.testing import FTPPartner, SFTPPartner
from tests.apps.newsroom.models import Story
from tests.capabilities import need
from tests.contracts.places import Place, at_partner, at_server
from tests.faults.fault import KINDS, SIDES, Fault
from tests.faults.lines import Lines
from tests.faults.proxy import Proxy
from tests.flows.site import Site, isolated, xml
from tests.servers.account import Account
from tests.servers.certificates import Certificates
from tests.servers.proftpd import run_proftpd
from tests.servers.server import Server
from tests.servers.vsftpd import run_vsftpd

pytestmark = [
    pytest.mark.django_db(databases=["default"]), pytest.mark.slow, pytest.mark.timeout(1800)
]  # fmt: skip

#: Lines that are bad at the same time, each to a partner of its own; and how often. Two faults
#: are drawn for each line: 1,200 in all, of which six in seven are reached.
AT_ONCE, ROUNDS = 20, int(os.environ.get("PIGEON_FAULT_ROUNDS", "30"))
#: Characters of the stories' bodies: in one block, in a few, in many.
SIZES = (500, 60_000, 400_000)
#: Seconds without an answer, while lines are bad; and afterwards.
IMPATIENT, PATIENT = 0.7, 30.0
SFTP, FTP = ("sshd", "sftp-partner"), ("vsftpd", "proftpd", "ftp-partner")
TLS = ("vsftpd-tls", "proftpd-tls")
#: Ports of data connections in TLS, below those that systems give out.
PASSIVE = 60
COMMANDS = ("USER", "PASS", "TYPE", "EPSV", "STOR", "SIZE", "RNFR", "RNTO")


@dataclass(frozen=True)
class Bad:
    """A line: which server it leads to, and what goes wrong on it."""

    server: str
    faults: tuple[Fault, ...]

    @property
    def verify(self) -> str:
        """Plain FTP carries damaged bytes without a word: only reading back shows them."""
        corrupt = any(fault.kind == "corrupt" for fault in self.faults)
        return "sha256" if corrupt and self.server in FTP else "size"


POSITIONS = st.one_of(
    st.integers(0, 5_000), st.integers(0, sum(SIZES) + 100_000), st.integers(0, sum(SIZES) // 9)
)
EVERYWHERE = st.builds(Fault, st.sampled_from(KINDS), st.sampled_from(SIDES), POSITIONS)
#: A flipped bit in a command of plain FTP is another command; no client can know.
BUT_NOT_CORRUPT = st.sampled_from([kind for kind in KINDS if kind != "corrupt"])
IN_DATA = st.builds(
    Fault, st.sampled_from(KINDS), st.sampled_from(SIDES), POSITIONS, data=st.just(True)
)
ON_FTP = st.one_of(
    st.builds(Fault, BUT_NOT_CORRUPT, st.sampled_from(SIDES), POSITIONS),
    st.builds(Fault, BUT_NOT_CORRUPT, st.sampled_from(SIDES), command=st.sampled_from(COMMANDS)),
    IN_DATA,
)


def bad(servers: Sequence[str], fault: st.SearchStrategy[Fault]) -> st.SearchStrategy[Bad]:
    faults = st.lists(fault, min_size=2, max_size=2).map(tuple)
    return st.builds(Bad, st.sampled_from(servers), faults)


BAD_LINES = st.lists(
    st.one_of(bad(SFTP, EVERYWHERE), bad(FTP, ON_FTP), bad(TLS, st.one_of(EVERYWHERE, IN_DATA))),
    min_size=AT_ONCE,
    max_size=AT_ONCE,
)


@dataclass(frozen=True)
class Partner:
    """Where a line may lead to: makes new folders; the ports of its data connections in TLS."""

    place: Callable[[], Place]
    passive: Sequence[int] = ()


@pytest.fixture(scope="module")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Partner]]:
    folder = tmp_path_factory.mktemp("partners")
    for name in ("sftp", "ftp"):
        (folder / name).mkdir()
    with SFTPPartner(folder / "sftp") as sftp, FTPPartner(folder / "ftp") as ftp:
        yield {
            "sftp-partner": Partner(partial(at_partner, sftp)),
            "ftp-partner": Partner(partial(at_partner, ftp)),
        }


@pytest.fixture(scope="module")
def in_tls(
    scratch: Path, account: Account, certificates: Certificates
) -> Iterator[dict[str, Partner]]:
    need("vsftpd")
    need("proftpd-tls")
    first, second = (free_ports(PASSIVE) for _ in TLS)
    limits = f"pasv_min_port={first[0]}\npasv_max_port={first[-1]}"
    one = run_vsftpd(scratch / "drawn-1", account, config=limits, certificates=certificates)
    limits = f"PassivePorts {second[0]} {second[-1]}"
    other = run_proftpd(scratch / "drawn-2", account, config=limits, certificates=certificates)
    with one as vsftpd, other as proftpd:
        yield {
            "vsftpd-tls": Partner(partial(at_server, vsftpd), first),
            "proftpd-tls": Partner(partial(at_server, proftpd), second),
        }


def free_ports(number: int) -> range:
    """So many ports in a row that nobody uses, on any address of loopback."""
    for _ in range(100):
        first = random.randrange(10_000, 32_000)
        ports = range(first, first + number)
        if all(map(is_free, ports)):
            return ports
    raise AssertionError("no free ports")


def is_free(port: int) -> bool:
    with socket.socket() as attempt:
        try:
            attempt.bind(("0.0.0.0", port))
        except OSError:
            return False
    return True


@pytest.fixture
def partners(
    sshd: Server,
    vsftpd: Server,
    proftpd: Server,
    in_process: dict[str, Partner],
    in_tls: dict[str, Partner],
) -> dict[str, Partner]:
    """Everybody to whom a line may lead."""
    plain = {"sshd": sshd, "vsftpd": vsftpd, "proftpd": proftpd}
    plain_ones = {name: Partner(partial(at_server, server)) for name, server in plain.items()}
    return plain_ones | in_process | in_tls


class Round:
    """One site that pushes to one partner behind each of ``lines``.

    Attributes:
        versions: path → what may stand there, the oldest first.
    """

    def __init__(
        self, site: Site, lines: Lines, bad_lines: Sequence[Bad], partners: dict[str, Partner]
    ) -> None:
        self.site, self.lines, self.bad_lines = site, lines, bad_lines
        self.places = [partners[line.server].place() for line in bad_lines]
        self.versions: dict[str, list[bytes]] = {}
        self._seen: dict[tuple[int, str], int] = {}
        self._lines = [
            self._open(line, place, partners[line.server].passive)
            for line, place in zip(bad_lines, self.places, strict=True)
        ]
        self.configure(IMPATIENT)
        site.rule("partner", *site.destinations)
        self.stories = [Story(title=f"Story {number}") for number in range(len(SIZES))]

    def _open(self, line: Bad, place: Place, passive: Sequence[int]) -> Proxy:
        port = place.destination().port
        assert port
        return self.lines.open(port, *line.faults, ftp=line.server in FTP, passive=passive)

    def configure(self, timeout: float) -> None:
        """Name the partners, as they are reached over their lines."""
        for number, (line, place) in enumerate(zip(self.bad_lines, self.places, strict=True)):
            end = self._lines[number]
            url = re.sub(r"@127\.0\.0\.1:\d+/", f"@{end.host}:{end.port}/", place.url)
            options = {"timeout": timeout, "verify": line.verify, **place.options}
            unchecked = "host_key_check" if line.server in SFTP else "verify_certificate"
            options |= {} if line.server in FTP else {unchecked: False}
            self.site.destination(f"d{number}", url, **options)

    def save(self, version: int) -> None:
        """A new version of every story."""
        for story, size in zip(self.stories, SIZES, strict=True):
            word = f"{version}.{story.title} "
            story.body = word * (size // len(word) + version)
            story.save()
            path = f"newsroom_story_{story.pk}.xml"
            self.versions.setdefault(path, []).append(xml(story))

    def push(self) -> None:
        """One run of the engine, which must end."""

        async def run() -> engine.Summary:
            async with asyncio.timeout(120):
                return await apush(engine.Options(retry_now=True))

        summary = async_to_sync(run)()
        assert not summary.errors
        self.check()

    def check(self) -> None:
        """What holds at any time."""
        for number, place in enumerate(self.places):
            for path, content in place.files().items():
                if not path.endswith(".part"):
                    self._check_file(number, path, content)
        for item in ItemToPush.objects.all():
            self._check_item(item)

    def _check_file(self, number: int, path: str, content: bytes) -> None:
        assert content in self.versions[path], f"{path} is not whole at d{number}"
        version = self.versions[path].index(content)
        assert version >= self._seen.get((number, path), 0), f"an older {path} at d{number}"
        self._seen[number, path] = version

    def _check_item(self, item: ItemToPush) -> None:
        truthful = (Status.NEW, Status.RETRY, Status.PUSHED, Status.SUPERSEDED)
        assert item.status in truthful, f"{item.get_status_display()}: {item.message}"
        if item.status == Status.RETRY:
            assert item.message
        attempts = PushAttempt.objects.filter(item_id=item.pk)
        landed = [receipt for attempt in attempts for receipt in attempt.receipts]
        assert len({(each["path"], each["sha256"]) for each in landed}) <= 1
        if item.status == Status.PUSHED:
            (path,) = {each["path"] for each in landed}
            place = self.places[int(item.destination.removeprefix("d"))]
            assert place.files()[path] in self.versions[path]

    def check_end(self) -> None:
        """Over good lines all arrives, and nothing else is left."""
        for place in self.places:
            assert place.files() == {path: all_[-1] for path, all_ in self.versions.items()}
        assert not ItemToPush.objects.exclude(
            status__in=(Status.PUSHED, Status.SUPERSEDED)
        ).exists()
        assert Publication.objects.count() == len(self.places) * len(self.stories)


@contextmanager
def a_round(site: Site, bad_lines: Sequence[Bad], partners: dict[str, Partner]) -> Iterator[Round]:
    for model in (PushAttempt, ItemToPush, Publication, DestinationState, Story):
        model.objects.all().delete()
    site.destinations.clear()
    with isolated(), Lines() as lines:
        yield Round(site, lines, bad_lines, partners)


@settings(
    max_examples=ROUNDS,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),  # to shrink what takes seconds takes hours
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(bad_lines=BAD_LINES)
def test_drawn_faults(site: Site, partners: dict[str, Partner], bad_lines: list[Bad]) -> None:
    with a_round(site, bad_lines, partners) as now:
        now.save(1)
        now.push()
        now.save(2)
        now.push()
        now.lines.heal()
        now.configure(PATIENT)
        for _ in range(3):
            now.push()
        now.check_end()
