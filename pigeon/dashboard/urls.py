"""The dashboard's addresses; included by :mod:`pigeon.urls`."""

from django.urls import path, register_converter

from pigeon.dashboard.converters import NameConverter
from pigeon.dashboard.views import home

register_converter(NameConverter, "pigeon_name")

urlpatterns = [
    path("", home.home, name="home"),
]
