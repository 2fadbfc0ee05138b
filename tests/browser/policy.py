"""A site's content security policy, as strict as they come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

#: No inline scripts or styles, and nothing from elsewhere.
POLICY = "default-src 'self'; frame-ancestors 'none'"


def StrictPolicy(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Send the policy with every answer."""

    def answer(request: HttpRequest) -> Any:
        found = get_response(request)
        found.setdefault("Content-Security-Policy", POLICY)
        return found

    return answer
