"""Who we are at an SFTP server: user name, keys, certificate, agent, password.

The same for every SSH library. Keys are read here, so that what is wrong with one is said in
one way.
"""

from __future__ import annotations

import asyncio
import getpass
import os
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from pigeon.destinations import Destination
from pigeon.exceptions import DestinationMisconfigured
from pigeon.remotes.base import Remote

#: Files in ``~/.ssh`` that are tried when the options name nothing.
DEFAULT_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")


@dataclass(frozen=True, slots=True, repr=False)
class OurKey:
    """One private key.

    Attributes:
        key: to sign with.
        certificate: what a partner's authority says of it, if there is one.
        path: the file it came from.
    """

    key: asyncssh.SSHKey
    certificate: asyncssh.SSHCertificate | None
    path: Path


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """What we can say to a server that asks who we are.

    Attributes:
        username: never empty.
        password: empty if there is none.
        keys: to be tried in this order.
        agent: path of the socket of ssh-agent; empty if its keys are not to be used.
    """

    username: str
    password: str
    keys: tuple[OurKey, ...]
    agent: str

    @property
    def offered(self) -> str:
        """What was offered, in words for a message about a refused login."""
        words = [
            f"the key {one.path} ({one.key.get_fingerprint()})"
            + (" with its certificate" if one.certificate else "")
            for one in self.keys
        ]
        words += ["the keys of ssh-agent"] if self.agent else []
        words += ["a password"] if self.password else []
        return ", ".join(words) or "nothing, as no key and no password is configured"


async def read_identity(remote: Remote) -> Identity:
    """Who ``remote``'s destination says that we are.

    Raises:
        DestinationMisconfigured: a key, a certificate, the agent or a callable does not work.
    """
    password = await remote.password()
    options = remote.destination.options
    agent = _agent(remote) if options.get("agent") else ""
    keys = await asyncio.to_thread(_keys, remote, bool(password or agent))
    return Identity(_username(remote), password, keys, agent)


def problems(destination: Destination) -> list[str]:
    """Sentences about options on the login that cannot work; no network, no files."""
    options = destination.options
    return [
        f"Option {name!r} says nothing without 'key_file': name the private key there."
        for name in ("passphrase", "certificate_file")
        if name in options and "key_file" not in options
    ]


def _username(remote: Remote) -> str:
    named = remote.destination.username or remote.destination.options.get("username")
    if named:
        return str(named)
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise DestinationMisconfigured(
            f"Nothing says as which user to log in at {remote.where}. Put the name into the URL, "
            "as in sftp://user@host/folder, or into OPTIONS['username']."
        ) from error


def _agent(remote: Remote) -> str:
    path = os.environ.get("SSH_AUTH_SOCK", "")
    if not path:
        raise DestinationMisconfigured(
            f"OPTIONS['agent'] of {remote.where} asks for the keys of ssh-agent, but the "
            "environment of this process has no SSH_AUTH_SOCK. Start Pigeon where the agent runs "
            "and pass the variable on, or name a key in OPTIONS['key_file']."
        )
    return path


def agent_failed(remote: Remote, path: str, said: object) -> DestinationMisconfigured:
    """The error to raise when the agent at ``path`` does not answer as one."""
    return DestinationMisconfigured(
        f"OPTIONS['agent'] of {remote.where} asks for the keys of ssh-agent, but none answers at "
        f"{path} (SSH_AUTH_SOCK): {remote.said(said)}. Start it, or correct the variable."
    )


def agent_empty(remote: Remote, path: str) -> DestinationMisconfigured:
    """The error to raise when the agent at ``path`` has no keys and we have nothing else."""
    return DestinationMisconfigured(
        f"OPTIONS['agent'] of {remote.where} asks for the keys of ssh-agent, but the one at "
        f"{path} (SSH_AUTH_SOCK) holds none. Add the key with ssh-add."
    )


def _keys(remote: Remote, others: bool) -> tuple[OurKey, ...]:
    """The named key; else, with no ``others`` to log in by, those of ``~/.ssh`` that open."""
    named = remote.destination.options.get("key_file")
    if named:
        return (_named_key(remote, Path(named).expanduser()),)
    return () if others else tuple(_default_keys())


def _named_key(remote: Remote, path: Path) -> OurKey:
    passphrase = remote.destination.get_secret("passphrase") or None
    try:
        key = asyncssh.read_private_key(str(path), passphrase)
    except (OSError, asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise key_unusable(remote, path, *_problem(remote, error, passphrase)) from error
    return OurKey(key, _certificate(remote, path, key), path)


def _problem(remote: Remote, error: Exception, passphrase: str | None) -> tuple[str, str]:
    """What is wrong with a key file, and the cure."""
    said = str(error).lower()
    if passphrase and (isinstance(error, asyncssh.KeyEncryptionError) or "decrypt" in said):
        return "its passphrase is wrong", "Correct OPTIONS['passphrase']."
    if not passphrase and "passphrase" in said:
        return "it is encrypted", "Set OPTIONS['passphrase']."
    cure = "Check OPTIONS['key_file'], its permissions, and OPTIONS['passphrase']."
    return remote.said(error), cure


def key_unusable(
    remote: Remote, path: Path, said: str, cure: str = "Name another in OPTIONS['key_file']."
) -> DestinationMisconfigured:
    """The error to raise for a private key that is of no use."""
    return DestinationMisconfigured(
        f"The private key {path} of {remote.where} cannot be read: {said}. {cure}"
    )


def _certificate(
    remote: Remote, path: Path, key: asyncssh.SSHKey
) -> asyncssh.SSHCertificate | None:
    """The certificate that the options name, else the one beside the key, if there is one."""
    named = remote.destination.options.get("certificate_file")
    file = Path(named).expanduser() if named else Path(f"{path}-cert.pub")
    if not named and not file.exists():
        return None
    try:
        certificate = asyncssh.read_certificate(str(file))
    except (OSError, asyncssh.KeyImportError) as error:
        said = remote.said(error)
    else:
        if certificate.key == key.convert_to_public():
            return certificate
        said = f"it is for another key than {path}"
    raise DestinationMisconfigured(
        f"The certificate {file} of {remote.where} cannot be used: {said}. Put the one that the "
        "partner made for our key there, or correct OPTIONS['certificate_file']."
    )


def _default_keys() -> list[OurKey]:
    found = []
    for name in DEFAULT_KEYS:
        path = Path("~/.ssh", name).expanduser()
        try:
            found.append(OurKey(asyncssh.read_private_key(str(path)), None, path))
        except (OSError, asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
            continue  # nobody asked for it
    return found
