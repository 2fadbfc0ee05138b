"""The addresses of the API; included by :mod:`pigeon.urls`, or by a site that wants only it.

``path("push-api/", include("pigeon.api.urls"))`` has them without the dashboard.
"""

from django.urls import path

from pigeon.api.schema import Schema
from pigeon.api.views.attempts import Attempt, Attempts
from pigeon.api.views.fares import Destinations, Rules, Summary
from pigeon.api.views.items import Item, Items
from pigeon.api.views.logs import Log, Logs
from pigeon.api.views.nothing import Nothing
from pigeon.api.views.pauses import Pause, Resume
from pigeon.api.views.steering import Cancel, Retry, RetryMany

described = (
    path("items", Items.as_view(), name="api-items"),
    path("items/retry", RetryMany.as_view(), name="api-items-retry"),
    path("items/<str:pk>", Item.as_view(), name="api-item"),
    path("items/<str:pk>/retry", Retry.as_view(), name="api-item-retry"),
    path("items/<str:pk>/cancel", Cancel.as_view(), name="api-item-cancel"),
    path("attempts", Attempts.as_view(), name="api-attempts"),
    path("attempts/<str:pk>", Attempt.as_view(), name="api-attempt"),
    path("destinations", Destinations.as_view(), name="api-destinations"),
    path("pause", Pause.as_view(), name="api-pause"),
    path("resume", Resume.as_view(), name="api-resume"),
    path("rules", Rules.as_view(), name="api-rules"),
    path("logs", Logs.as_view(), name="api-logs"),
    path("logs/<str:pk>", Log.as_view(), name="api-log"),
    path("summary", Summary.as_view(), name="api-summary"),
)
urlpatterns = [
    *described,
    path("schema", Schema.as_view(patterns=described), name="api-schema"),
    path("", Nothing.as_view(patterns=described)),
    path("<path:rest>", Nothing.as_view(patterns=described)),
]
