from __future__ import annotations

import pytest

from tests.contracts.places import Place, at_server
from tests.flows.conftest import site

__all__ = ["place", "site"]


@pytest.fixture(params=["sshd", "vsftpd", "proftpd"])
def place(request: pytest.FixtureRequest) -> Place:
    """A new folder at each real server in turn."""
    return at_server(request.getfixturevalue(request.param))
