"""How long the server's certificate is good for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pigeon.senders.capabilities import Capability

#: The fact that says when the certificate ends: a date and time of ISO 8601.
EXPIRES = "certificate expires"
#: From when on somebody should hear of it.
WARN_BEFORE = timedelta(days=30)


def about_certificate(facts: Mapping[str, str]) -> list[Capability]:
    """A line on the certificate of ``facts``; none where there is none."""
    try:
        expires = datetime.fromisoformat(facts[EXPIRES])
    except (KeyError, ValueError):
        return []
    left = (expires if expires.tzinfo else expires.replace(tzinfo=UTC)) - datetime.now(UTC)
    seen = f"it ends on {expires:%Y-%m-%d}, in {left.days} days"
    if left > WARN_BEFORE:
        return [Capability("certificate lasts", "yes", seen)]
    does = "will not connect from that day on"
    ask = "Ask the partner to renew it before that day."
    return [Capability("certificate lasts", "no", seen, does, ask)]
