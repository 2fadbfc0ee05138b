"""The dashboard's addresses; included by :mod:`pigeon.urls`."""

from django.urls import path, register_converter

from pigeon.dashboard.converters import NameConverter
from pigeon.dashboard.views import destinations, home, live, rules, steer

register_converter(NameConverter, "pigeon_name")

urlpatterns = [
    path("", home.home, name="home"),
    path("live", live.live, name="live"),
    path("series", live.series, name="series"),
    path("destinations/<pigeon_name:name>/", destinations.destination, name="destination"),
    path("destinations/<pigeon_name:name>/pause", steer.pause, name="pause"),
    path("destinations/<pigeon_name:name>/resume", steer.resume, name="resume"),
    path("rules/<pigeon_name:name>/", rules.rule, name="rule"),
]
