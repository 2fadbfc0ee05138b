"""Which database's queue a page of the admin is about."""

from __future__ import annotations

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from pigeon.conf import conf

#: The parameter of an address that names the queue.
QUEUE = "queue"
#: Django's name for the list's address within that of a row.
_LIST = "_changelist_filters"


def queue_of(request: HttpRequest) -> str:
    """Alias of the database whose queue the address names, else the first."""
    listed = QueryDict(request.GET.get(_LIST, ""))
    named = request.GET.get(QUEUE) or listed.get(QUEUE)
    return str(named) if named in conf.DATABASES else conf.DATABASES[0]


def row_url(model_name: str, pk: int, using: str) -> str:
    """Address of a row of Pigeon's table ``model_name`` in the queue of ``using``."""
    return _within(reverse(f"admin:pigeon_{model_name}_change", args=[pk]), using)


def list_url(model_name: str, using: str, **filters: object) -> str:
    """Address of a list, with ``filters``."""
    query = QueryDict(mutable=True)
    query.update({name: str(value) for name, value in filters.items()})
    if using != conf.DATABASES[0]:
        query[QUEUE] = using
    return f"{reverse(f'admin:pigeon_{model_name}_changelist')}?{query.urlencode()}"


def _within(url: str, using: str) -> str:
    if using == conf.DATABASES[0]:
        return url
    outer = QueryDict(mutable=True)
    outer[_LIST] = f"{QUEUE}={using}"
    return f"{url}?{outer.urlencode()}"
