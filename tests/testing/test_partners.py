from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import override_settings

from pigeon.destinations import named
from pigeon.testing.ftp_partner import FTPPartner
from pigeon.testing.http_partner import HTTPPartner
from pigeon.testing.sftp_partner import SFTPPartner
from tests.contracts.places import opened
from tests.senders.parcels import delivery, parcel

PartnerClass = type[SFTPPartner] | type[FTPPartner] | type[HTTPPartner]
each = pytest.mark.parametrize("partner_class", [SFTPPartner, FTPPartner, HTTPPartner])


def send(entry: dict[str, object], tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(named("partner")) as sender:
            await sender.send(delivery(parcel(tmp_path / "parcel", {"a/b.txt": b"x"})))

    with override_settings(PIGEON_DESTINATIONS={"partner": entry}):
        asyncio.run(run())


@each
def test_two_lines(partner_class: PartnerClass, tmp_path: Path) -> None:
    with partner_class() as partner:
        send(partner.entry, tmp_path)
        assert partner.files() == {"a/b.txt": b"x"}
        folder, port = partner.directory, partner.port
    assert not folder.exists()
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        pass


@each
def test_the_same_partner_after_a_restart(partner_class: PartnerClass, tmp_path: Path) -> None:
    with partner_class(tmp_path / "files") as partner:
        entry, port = partner.entry, partner.port
        send(entry, tmp_path)
    with partner_class(tmp_path / "files", port=port) as partner:
        send(entry, tmp_path)
        assert partner.files() == {"a/b.txt": b"x"}


@each
def test_a_taken_port_is_said_where_it_was_started(partner_class: PartnerClass) -> None:
    with partner_class() as first, pytest.raises(OSError, match="ddress already in use"):
        partner_class(port=first.port).start()


def test_the_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pigeon.testing", "--directory", str(tmp_path / "partners"),
               "--sftp-port", "0", "--ftp-port", "0", "--http-port", "0",
               "--password", "another"]  # fmt: skip
    environment = {key: value for key, value in os.environ.items() if "DJANGO" not in key}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout
            text = ""
            while "Ctrl-C stops all" not in text:
                line = process.stdout.readline()
                assert line, text
                text += line
            settings: dict[str, dict[str, dict[str, object]]] = {}
            exec(text.split("settings:\n\n")[1].split("\n\nCtrl-C")[0], {}, settings)
            for entry in settings["PIGEON_DESTINATIONS"].values():
                send(entry, tmp_path)
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    for kind in ("sftp", "ftp", "http"):
        assert (tmp_path / "partners" / kind / "a" / "b.txt").read_bytes() == b"x"


def test_the_command_says_in_one_line_why_it_cannot_start(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "pigeon.testing", "--directory", str(tmp_path)]
        done = subprocess.run(
            [*command, "--sftp-port", port, "--ftp-port", "0", "--http-port", "0"],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert f"port {port} already" in line
    assert "--sftp-port" in line
