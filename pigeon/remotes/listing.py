"""Names in listings, which are a server's word and may be anything."""

from __future__ import annotations

import logging

logger = logging.getLogger("pigeon.remotes")


def is_entry(name: str, where: str) -> bool:
    """Whether ``name`` is one inside the listed folder: neither ``.`` nor ``..`` nor a path.

    What would lead elsewhere is told to the log: whoever joined it to a path would be led there.

    Args:
        name: as the server lists it.
        where: names the server in the log.
    """
    if name in ("", ".", ".."):
        return False
    if any(character in name for character in "/\r\0"):
        logger.warning("%s lists %a, which is no file name; Pigeon ignores it.", where, name)
        return False
    return True
