"""What an operator can do about an error: from its class and its words."""

from __future__ import annotations

import errno
import re
from collections.abc import Sequence

_AGAIN = "Pigeon tries again by itself"
_SEND = "then send the failed items again"
_LOGIN = (
    "The login is refused. Compare user, password or key with the partner's, correct OPTIONS of "
    "the destination, and try it with pigeon_doctor. Pigeon goes on by itself when the "
    "configuration has changed."
)

#: What an error says → what helps. The first that is found counts; they go from what only one
#: cause can say to what many say.
_BY_WORDS: Sequence[tuple[str, str]] = (
    (
        r"no space|disk.{0,5}full|quota|insufficient (disk )?(space|storage)|storage exceed",
        f"The partner's disk is full: tell the partner. {_AGAIN}; what has failed for good, send "
        "again for the hours in question.",
    ),
    (
        r"host key|known_hosts",
        "The server's key is not the expected one. Ask the partner for its fingerprint by "
        "telephone or a signed mail; if it is right, put the key into known_hosts. Change "
        "nothing before: somebody may be in between.",
    ),
    (
        r"(?<!client )certificate",
        "Look at the server's certificate: has it ended, is it for another name, or is its "
        "authority unknown here? The partner has to renew it, or its authority belongs into "
        "OPTIONS['ca_file'].",
    ),
    (
        r"name or service not known|name resolution|nodename|getaddrinfo|no address"
        r"|cannot be resolved",
        "The host's name cannot be found. Correct it in the URL, or have this machine's name "
        "servers looked at.",
    ),
    (
        # asyncio says no more than the number, e.g. "[Errno 111] Connect call failed".
        rf"connection refused|refused the connection|errno {errno.ECONNREFUSED}\b",
        "Nothing answers at that port. Is the partner's server up, and is the port in the URL "
        f"right? {_AGAIN}.",
    ),
    (
        rf"timed? ?out|no route|unreachable|did not answer|within \d+"
        rf"|errno ({errno.ETIMEDOUT}|{errno.EHOSTUNREACH}|{errno.ENETUNREACH})\b",
        "The partner's server does not answer. Look whether it is up and whether a firewall is "
        f"in between; then tell the partner. {_AGAIN}.",
    ),
    # Before what the partner's server adds, which may be "permission denied".
    (r"refused the login( of user|:)|gave up on the login", _LOGIN),
    (
        r"permission denied|not allowed|access denied|forbidden",
        "The partner's server refuses what our login does there. Ask the partner to allow "
        f"writing in that folder, or correct the folder in the URL; {_SEND}.",
    ),
    (
        r"too many (connections|sessions|users)|no further session",
        "We open more connections than the partner allows. Lower OPTIONS['connections'] of the "
        "destination.",
    ),
)  # fmt: skip
#: Name of the error's class → what helps.
_BY_CLASS = {
    "Unreachable": "Look whether the partner's server is up and reachable from here "
    f"(pigeon_doctor says how far one gets). {_AGAIN}.",
    "TransientError": f"Nothing yet: it may pass. {_AGAIN}; if it lasts, ask the partner.",
    "AuthenticationError": _LOGIN,
    "DestinationMisconfigured": "Correct the destination in PIGEON_DESTINATIONS as the message "
    "says, and try it with pigeon_doctor. Pigeon goes on by itself then.",
    "PermanentError": "The partner refused this item for good. Mend what the message names, "
    f"{_SEND}.",
    "AmbiguousError": "The answer was lost. The next attempt looks first what has arrived: "
    "there is nothing to do.",
    "ValidationError": "The output is not valid. Correct the object or the template as the "
    "message says, then render the item anew.",
    "OutputGenerationError": "The template or a file of the object fails. Correct it, then "
    "render the item anew; pigeon_preview shows the output without sending it.",
    "ParcelDamaged": "The stored files were changed or removed. Render the item anew, and find "
    "out who writes into PIGEON_OUTPUT_DIRECTORY.",
    "NothingToPush": "There is nothing to do: the object is gone or no longer wanted.",
    "LeaseLost": "There is nothing to do: another worker has it. If this happens often, workers "
    "are stalled; raise PIGEON_LEASE_DURATION.",
}  # fmt: skip
_OF_RULES = (
    "FilterByInstanceTypeError", "FilterByUpdatesError", "FilterByStateError",
    "GetDirectoryError", "SupervisorError", "OutputMakerError",
)  # fmt: skip
_RULE = (
    "The rule's own code fails. Give the message to those who wrote the rule; when it is "
    "corrected, render the item anew."
)
_UNKNOWN = (
    "Read the message; pigeon_doctor tries the destination step by step. Send the item again "
    "when the cause is gone."
)


def cure(error_class: str, message: str) -> str:
    """What an operator can do about an error, in sentences; empty where there is no error.

    Args:
        error_class: name of the exception's class; empty if it is not known.
        message: what was said about it.
    """
    if not error_class and not message:
        return ""
    if error_class in _OF_RULES:
        return _RULE
    if error_class not in _OWN_WORDS:
        for words, helps in _BY_WORDS:
            if re.search(words, message, re.I):
                return helps
    return _BY_CLASS.get(error_class, _UNKNOWN)


#: Errors of ours, whose messages quote what has nothing to do with the partner.
_OWN_WORDS = {"ValidationError", "OutputGenerationError", "ParcelDamaged", "NothingToPush"}
