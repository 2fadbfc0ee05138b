"""Who we are: what a request says of it, renewed when the server no longer takes it."""

from __future__ import annotations

import base64
from functools import partial

from pigeon.destinations import Destination
from pigeon.exceptions import DestinationMisconfigured
from pigeon.remotes.threads import in_own_thread
from pigeon.senders.http.options import fits_header

_CALLABLE = ("token", "password", "hmac_secret")


class Credentials:
    """The secrets of one destination.

    Attributes:
        authorization: value of the ``Authorization`` header; empty if there is none.
        hmac_secret: key of the signature; empty if requests are not signed.
    """

    def __init__(self, destination: Destination) -> None:
        self.authorization = self.hmac_secret = ""
        self._destination = destination

    async def load(self) -> bool:
        """Ask for the secrets, callables in a thread of their own; whether any has changed.

        Raises:
            DestinationMisconfigured: a callable raised, or gave what cannot be used.
        """
        before = self.authorization, self.hmac_secret
        self.authorization = await self._authorization()
        self.hmac_secret = await self._secret("hmac_secret")
        return before != (self.authorization, self.hmac_secret)

    @property
    def renewable(self) -> bool:
        """Whether asking again may give something else."""
        return any(callable(self._destination.options.get(name)) for name in _CALLABLE)

    async def _authorization(self) -> str:
        if "token" in self._destination.options:
            token = (await self._secret("token")).strip()
            if not fits_header(token):
                raise DestinationMisconfigured(
                    f"OPTIONS['token'] of destination {self._destination.name!r} is empty, or "
                    "holds something else than printable ASCII on one line. It must be the "
                    "token alone."
                )
            return f"Bearer {token}"
        if not self._destination.username:
            return ""
        password = await in_own_thread(self._destination.get_password)
        pair = f"{self._destination.username}:{password}".encode()
        encoded = base64.b64encode(pair).decode()
        self._destination.hide(encoded)
        return f"Basic {encoded}"

    async def _secret(self, option: str) -> str:
        return await in_own_thread(partial(self._destination.get_secret, option))
