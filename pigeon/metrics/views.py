"""The page that Prometheus scrapes: for staff with the permission, or whoever has the token."""

from __future__ import annotations

import logging

from django.contrib.auth.decorators import login_not_required
from django.db import Error as AnyDatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from pigeon.conf import conf
from pigeon.permissions import SEE

logger = logging.getLogger("pigeon.metrics")

#: Prometheus' own format, and the one that became a standard; see
#: https://prometheus.io/docs/instrumenting/exposition_formats/.
PLAIN = "text/plain; version=0.0.4; charset=utf-8"
OPEN_METRICS = "application/openmetrics-text"


@login_not_required  # a program has a token instead
@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """All metrics, in the format that the client asks for: Prometheus' text or OpenMetrics.

    401 without a right login or token, 501 without ``prometheus-client``, 503 without database.
    """
    if not (_has_token(request) or _may_see(request)):
        text = "Log in as staff who may view items, or send PIGEON_METRICS_TOKEN as bearer token."
        refusal = _text(text, status=401)
        refusal["WWW-Authenticate"] = 'Bearer realm="pigeon"'
        return refusal
    try:
        return _metrics(open_metrics=OPEN_METRICS in request.headers.get("Accept", ""))
    except ImportError:
        return _text("Install prometheus-client: pip install django-pigeon[prometheus]", 501)
    except AnyDatabaseError as error:
        logger.error("Metrics cannot be read from the database: %s", error)
        return _text("The database cannot be read; see the log.", status=503)


def _metrics(*, open_metrics: bool) -> HttpResponse:
    from prometheus_client import exposition
    from prometheus_client.openmetrics import exposition as open_exposition

    from pigeon.metrics.collector import REGISTRY

    if open_metrics:
        body = open_exposition.generate_latest(REGISTRY)  # type: ignore[no-untyped-call]
        return HttpResponse(body, content_type=open_exposition.CONTENT_TYPE_LATEST)
    return HttpResponse(exposition.generate_latest(REGISTRY), content_type=PLAIN)


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = conf.METRICS_TOKEN
    if not expected or scheme.lower() != "bearer":
        return False
    return constant_time_compare(token.strip(), expected)


def _may_see(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)  # a site may have no users
    return bool(user and user.is_staff and user.has_perm(SEE))


def _text(text: str, status: int) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
