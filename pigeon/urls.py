"""Pigeon's addresses: a site writes ``path("pigeon/", include("pigeon.urls"))``.

The dashboard is at the root of them. Programs find the rest below fixed names, which no page
of the dashboard has.
"""

from django.urls import include, path

from pigeon.checks.doors import has_api
from pigeon.health.view import health
from pigeon.metrics.views import metrics

app_name = "pigeon"
urlpatterns = [
    path("", include("pigeon.dashboard.urls")),
    path("health", health, name="health"),
    path("metrics", metrics, name="metrics"),
]
if has_api():
    urlpatterns.append(path("api/v1/", include("pigeon.api.urls")))
