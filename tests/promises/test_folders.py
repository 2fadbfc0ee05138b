from __future__ import annotations

import pytest

from pigeon.testing import FTPPartner
from tests.apps.newsroom.models import Story
from tests.flows.site import Site

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("turn", range(4))
def test_two_connections_make_the_same_folder(site: Site, turn: int) -> None:
    with FTPPartner() as partner:
        site.destination("beloved", partner.url + "a/b/c", **partner.options, connections=4)
        site.rule("partner", "beloved")
        for number in range(8):
            Story.objects.create(title=str(number))
        summary = site.push()
        assert (summary.total("pushed"), summary.total("retry")) == (8, 0)
