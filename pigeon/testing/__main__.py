"""``python -m pigeon.testing``: an SFTP, an FTP and an HTTP partner to push to, until Ctrl-C."""

from __future__ import annotations

import argparse
import errno
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from pigeon.exceptions import ConfigurationError
from pigeon.testing.ftp_partner import FTPPartner
from pigeon.testing.http_partner import HTTPPartner
from pigeon.testing.partners import Partner
from pigeon.testing.sftp_partner import SFTPPartner


def main(arguments: list[str] | None = None) -> None:
    """Start the servers, print what to put into the settings, and wait for Ctrl-C."""
    options = _parser().parse_args(arguments)
    login = {"username": options.username, "password": options.password}
    with ExitStack() as stack:
        sftp = SFTPPartner(options.directory / "sftp", port=options.sftp_port, **login)
        ftp = FTPPartner(options.directory / "ftp", port=options.ftp_port, **login)
        http = HTTPPartner(options.directory / "http", port=options.http_port, **login)
        for partner in (sftp, ftp, http):
            try:
                stack.enter_context(partner)
            except (ConfigurationError, OSError) as error:
                sys.exit(_refusal(partner, error))
        print(_advice(sftp, ftp, http), flush=True)  # noqa: T201
        _wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pigeon.testing", description=__doc__)
    parser.add_argument(
        "--directory", type=Path, default=Path("partners"), help="where to keep files"
    )
    parser.add_argument("--sftp-port", type=int, default=2222, help="0 picks a free one")
    parser.add_argument("--ftp-port", type=int, default=2121, help="0 picks a free one")
    parser.add_argument("--http-port", type=int, default=8021, help="0 picks a free one")
    parser.add_argument("--username", default="pigeon")
    parser.add_argument("--password", default="coo-coo")
    return parser


def _refusal(partner: Partner, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return (
            f"Something listens on port {partner.port} already, perhaps these partners in another "
            f"terminal. Stop it, or take another port with --{partner.scheme}-port."
        )
    return f"The partner for {partner.scheme} cannot start: {error}"


def _advice(*partners: Partner) -> str:
    entries = {f"{partner.scheme}-partner": partner.entry for partner in partners}
    settings = "".join(f"    {name!r}: {entry!r},\n" for name, entry in entries.items())
    folders = "".join(
        f"{partner.scheme.upper() + ':':5} {partner.url}  files in {partner.directory}\n"
        for partner in partners
    )
    return (
        f"{folders}\nPut this into your settings:\n\n"
        f"PIGEON_DESTINATIONS = {{\n{settings}}}\n\nCtrl-C stops all."
    )


def _wait() -> None:
    # For both signals: a process that a shell starts in the background ignores Ctrl-C otherwise.
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    asked.wait()


if __name__ == "__main__":
    main()
