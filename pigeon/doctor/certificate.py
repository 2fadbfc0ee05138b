"""How long the server's certificate is good for."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pigeon.senders.capabilities import Capability

#: How the fact ``certificate`` ends, as in "CN=ftp.partner.example, until Jan  5 09:34:43 2018
#: GMT": the form in which Python's ``ssl`` gives ``notAfter``.
_UNTIL = re.compile(r"until (\w{3} +\d{1,2} \d\d:\d\d:\d\d \d{4} GMT)$")
#: From when on somebody should hear of it.
WARN_BEFORE = timedelta(days=30)


def about_certificate(facts: Mapping[str, str]) -> list[Capability]:
    """A line on the certificate of ``facts``; none where there is none."""
    found = _UNTIL.search(facts.get("certificate", ""))
    if found is None:
        return []
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(found[1]), UTC)
    left = ends - datetime.now(UTC)
    seen = f"it ends on {ends:%Y-%m-%d}, in {left.days} days"
    if left > WARN_BEFORE:
        return [Capability("certificate lasts", "yes", seen)]
    does = "will not connect from that day on"
    ask = "Ask the partner to renew it before that day."
    return [Capability("certificate lasts", "no", seen, does, ask)]
