"""Pigeon's health for load balancers: a status and one word, nothing for strangers to learn."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from pigeon.health import check
from pigeon.health.kept import Kept
from pigeon.health.verdict import Level

#: What ``?fail=`` may say → from which level on the answer is 503.
FAILS = {"unknown": Level.UNKNOWN, "critical": Level.CRITICAL, "warning": Level.WARNING}

latest = Kept(check)


@login_not_required
@require_safe
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """200, or 503; the body is the level's name. Other words than those of ``FAILS``: 400.

    Without ``?fail=`` only a queue that cannot be read is 503: that a partner refuses a login is
    no reason to take the site's own servers out of service.
    """
    fails = FAILS.get(request.GET.get("fail", "unknown"))
    if fails is None:
        words = f"fail must be one of: {', '.join(FAILS)}.\n"
        return HttpResponse(words, status=400, content_type="text/plain")
    level = latest().level
    status = 503 if level >= fails else 200
    return HttpResponse(f"{level.name}\n", status=status, content_type="text/plain")
