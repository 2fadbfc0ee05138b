"""Pigeon's addresses: a site writes ``path("pigeon/", include("pigeon.urls"))``.

The dashboard is at the root of them. Programs find the rest below fixed names, which no page
of the dashboard has.
"""

from django.urls import include, path

app_name = "pigeon"
urlpatterns = [
    path("", include("pigeon.dashboard.urls")),
]
