"""The dashboard's addresses; included by :mod:`pigeon.urls`."""

from django.urls import path, register_converter

from pigeon.dashboard.converters import NameConverter
from pigeon.dashboard.views import (
    bulk,
    contents,
    delivered,
    destinations,
    home,
    item,
    items,
    live,
    rules,
    steer,
)

register_converter(NameConverter, "pigeon_name")

urlpatterns = [
    path("", home.home, name="home"),
    path("live", live.live, name="live"),
    path("series", live.series, name="series"),
    path("destinations/<pigeon_name:name>/", destinations.destination, name="destination"),
    path("destinations/<pigeon_name:name>/pause", steer.pause, name="pause"),
    path("destinations/<pigeon_name:name>/resume", steer.resume, name="resume"),
    path("rules/<pigeon_name:name>/", rules.rule, name="rule"),
    path("items/", items.items, name="items"),
    path("items/action", bulk.items_action, name="items-action"),
    path("items/<str:alias>/<int:pk>/", item.item, name="item"),
    path("items/<str:alias>/<int:pk>/action", item.item_action, name="item-action"),
    path("items/<str:alias>/<int:pk>/preview", contents.preview, name="item-preview"),
    path("items/<str:alias>/<int:pk>/parcel", contents.parcel, name="item-parcel"),
    path("delivered/", delivered.delivered_table, name="delivered"),
]
