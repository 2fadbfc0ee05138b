"""A site that has the API without the dashboard."""

from django.urls import include, path

urlpatterns = [path("push-api/", include("pigeon.api.urls"))]
