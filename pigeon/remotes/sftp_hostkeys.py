"""Who an SFTP server must prove to be: known_hosts files and pinned keys.

One policy for every SSH library. The format of known_hosts files, with its hashed names,
``[host]:port``, ``@cert-authority`` and ``@revoked``, is that of ``sshd(8)``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import asyncssh

from pigeon.destinations import Destination
from pigeon.exceptions import AuthenticationError, DestinationMisconfigured
from pigeon.remotes.base import Remote

DEFAULT_KNOWN_HOSTS = "~/.ssh/known_hosts"
#: Kinds of host keys that are asked for when nothing is known of the server, best first.
ALGORITHMS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?\Z")
_PIN_CURE = (
    "Give the fingerprint as in 'SHA256:…' (43 characters after the colon; ssh-keygen -l -f "
    "host_key.pub prints it) or the whole public key as in 'ssh-ed25519 AAAA…', without a host "
    "name."
)


class Known(NamedTuple):
    """What is on file for one server.

    Attributes:
        keys: its keys.
        authorities: keys whose certificates prove it.
        revoked: keys that prove nothing, whatever else is on file.
    """

    keys: tuple[asyncssh.SSHKey, ...] = ()
    authorities: tuple[asyncssh.SSHKey, ...] = ()
    revoked: tuple[asyncssh.SSHKey, ...] = ()


def problems(destination: Destination) -> list[str]:
    """Sentences about options on host keys that cannot work; no network, no files."""
    options = destination.options
    found = []
    if "host_key" in options:
        found += [
            f"Option 'host_key' cannot be used together with {other!r}: remove one of them."
            for other, value in (("known_hosts", None), ("host_key_check", True))
            if options.get(other, value) != value
        ]
        found += _malformed(options["host_key"])
    return found


def known_hosts_path(destination: Destination) -> Path:
    """The file that host keys are checked against, unless ``host_key`` pins them."""
    return Path(destination.options.get("known_hosts", DEFAULT_KNOWN_HOSTS)).expanduser()


class HostKeys:
    """The keys that one server may show.

    Args:
        remote: names the server and the destination's options.

    Attributes:
        checked: False if the options switch the check off.
        pins: fingerprints as in ``SHA256:…`` that the options pin; then no file counts.
        known: what is on file; empty until :meth:`load`.
        refused: the first key that was not acceptable.
    """

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._host = remote.destination.host
        self.checked = bool(remote.destination.options.get("host_key_check", True))
        self.pins = _pins(remote.destination)
        self.known = Known()
        self.refused: asyncssh.SSHKey | None = None
        self._shown: set[str] = set()

    def load(self) -> None:
        """Read the known_hosts file, if it counts.

        Raises:
            DestinationMisconfigured: the file cannot be read.
        """
        if self.pins or not self.checked:
            return
        path = known_hosts_path(self._remote.destination)
        try:
            on_file = asyncssh.import_known_hosts(path.read_text() if path.exists() else "")
        except (OSError, ValueError) as error:
            raise DestinationMisconfigured(
                f"The known_hosts file {path} cannot be read: {self._remote.said(error)}. "
                "Mend it, or name another in OPTIONS['known_hosts']."
            ) from error
        self.known = self._match(on_file)

    def _match(self, on_file: asyncssh.SSHKnownHosts) -> Known:
        """As ``ssh`` does: an entry without a port counts for one that is not found with it."""
        port = None if self._remote.port == self._remote.default_port else self._remote.port
        keys, authorities, revoked, *_ = on_file.match(self._host, "", port)
        # That a key is revoked counts wherever it stands.
        revoked = [*revoked, *on_file.match(self._host, "", None)[2]]
        if port:
            revoked += on_file.match(f"[{self._host}]:{port}", "", None)[2]
        return Known(tuple(keys), tuple(authorities), tuple(revoked))

    @property
    def algorithms(self) -> list[str]:
        """What to ask the server for: first the kinds that are known, then all others.

        A server that has another kind only shows it then, and the message can name it.
        """
        known = [name.decode() for key in self.known.keys for name in key.sig_algorithms]
        if self.known.authorities:
            known = [f"{name}-cert-v01@openssh.com" for name in ALGORITHMS] + known
        return [name for name in dict.fromkeys([*known, *ALGORITHMS]) if name not in self._shown]

    def accepts(self, key: asyncssh.SSHKey) -> bool:
        """Whether the server may show ``key``; if not, :attr:`refused` remembers it."""
        if not self.checked:
            return True
        trusted = key.get_fingerprint() in self.pins if self.pins else key in self.known.keys
        if trusted and key not in self.known.revoked:
            return True
        self.refused = self.refused or key
        self._shown.update(name.decode() for name in key.sig_algorithms)
        return False

    def accepts_line(self, line: str) -> bool:
        """As :meth:`accepts`, of a key in the form ``type base64``."""
        return self.accepts(asyncssh.import_public_key(line))

    def try_another_kind(self) -> bool:
        """Whether the server may have the right key, of a kind that it has not shown yet.

        A server has several keys, and a fingerprint does not tell which kind it is of; from
        here on :attr:`algorithms` leaves out what was shown.
        """
        return bool(self.pins and self._shown and self.algorithms)

    def refusal(self, said: str = "") -> AuthenticationError:
        """The error to raise for a server that showed none of them.

        Args:
            said: the library's words, for a reason that it alone knows.
        """
        return AuthenticationError(self._refusal(said))

    def _refusal(self, said: str) -> str:
        where, path = self._remote.where, known_hosts_path(self._remote.destination)
        key = self.refused
        if "revoked" in said or (key is not None and key in self.known.revoked):
            return (
                f"The host key of {where} is revoked in {path}: someone else may have it. Ask "
                "the partner for the server's new key, and put that into the file."
            )
        if key is None:
            return (
                f"{where} showed a host certificate that is not acceptable: {said or 'nothing'}. "
                "Ask the partner for a valid one, made for this host name, and which key signs "
                f"it; that is the line with @cert-authority in {path}."
            )
        shown = f"The key it showed has the fingerprint {key.get_fingerprint()}."
        pin = f"set OPTIONS['host_key'] to '{key.get_fingerprint()}'"
        if self.pins:
            return (
                f"{where} shows another host key than the one in OPTIONS['host_key']: the server "
                f"was rebuilt, or someone stands between us. {shown} Compare it with the "
                f"partner's; if it is the same, {pin}."
            )
        cure = "put this line there in its place" if self.known.keys else "add this line to it"
        return (
            f"{self._problem()} {shown} Compare it with the partner's; if it is the same, {pin} "
            f"instead of using the file, or {cure}: {self._line(key)}"
        )

    def _problem(self) -> str:
        """What the file says of the server, if not the key that it showed."""
        where, path = self._remote.where, known_hosts_path(self._remote.destination)
        if self.known.keys:
            return (
                f"{where} shows another host key than the one in {path}: the server was rebuilt, "
                "or someone stands between us."
            )
        if self.known.authorities:
            return (
                f"The host key of {where} is unknown: {path} has only @cert-authority for it, and "
                "a key without certificate came (the client paramiko cannot check certificates)."
            )
        return f"The host key of {where} is unknown: {path} has no line for it."

    def _line(self, key: asyncssh.SSHKey) -> str:
        """The line of a known_hosts file that makes ``key`` known."""
        usual = self._remote.port == self._remote.default_port
        name = self._host if usual else f"[{self._host}]:{self._remote.port}"
        kind, data, *_ = key.export_public_key().decode().split()
        return f"{name} {kind} {data}"


def _values(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _malformed(value: object) -> list[str]:
    values = _values(value)
    found = [] if values else [f"Option 'host_key' is empty. {_PIN_CURE}"]
    for one in values:
        try:
            _pin(one)
        except ValueError:  # as which KeyImportError counts
            found.append(f"Option 'host_key' holds {one!r}, which is no host key. {_PIN_CURE}")
    return found


def _pins(destination: Destination) -> frozenset[str]:
    if "host_key" not in destination.options:
        return frozenset()
    return frozenset(map(_pin, _values(destination.options["host_key"])))


def _pin(value: object) -> str:
    """The fingerprint that ``value`` is, or that the public key ``value`` has.

    Raises ``ValueError`` for anything else.
    """
    text = str(value).strip()
    if text.startswith("SHA256:"):
        if not _FINGERPRINT.match(text):
            raise ValueError(text)
        return text.rstrip("=")
    return asyncssh.import_public_key(text).get_fingerprint()
