"""More than a thousand drawn faults, from the save to the partner.

Whatever goes wrong on a line, wherever: under final names stand only whole, right files; every
item ends delivered or in a truthful state; nothing is delivered twice as two different things.
"""

from __future__ import annotations

import random
import re
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pigeon.testing import FTPPartner, SFTPPartner
from tests.capabilities import need
from tests.contracts.places import Place, at_partner, at_server
from tests.faults.drawn import (
    BUT_NOT_CORRUPT,
    DRAWING,
    EVERYWHERE,
    IMPATIENT,
    PATIENT,
    POSITIONS,
    ROUNDS,
    Pushes,
    forget,
)
from tests.faults.fault import KINDS, SIDES, Fault
from tests.faults.lines import Lines
from tests.faults.proxy import Proxy
from tests.flows.site import Site, isolated
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
AT_ONCE = 20
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


class Round(Pushes):
    """One site that pushes to one partner behind each of ``lines``."""

    def __init__(
        self, site: Site, lines: Lines, bad_lines: Sequence[Bad], partners: dict[str, Partner]
    ) -> None:
        self.site, self.lines, self.bad_lines = site, lines, bad_lines
        self.places = [partners[line.server].place() for line in bad_lines]
        self._lines = [
            self._open(line, place, partners[line.server].passive)
            for line, place in zip(bad_lines, self.places, strict=True)
        ]
        self.configure(IMPATIENT)
        super().__init__(site, [place.files for place in self.places])

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


@contextmanager
def a_round(site: Site, bad_lines: Sequence[Bad], partners: dict[str, Partner]) -> Iterator[Round]:
    forget(site)
    with isolated(), Lines() as lines:
        yield Round(site, lines, bad_lines, partners)


@settings(max_examples=ROUNDS, **DRAWING)
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
