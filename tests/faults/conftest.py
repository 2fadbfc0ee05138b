from __future__ import annotations

import pytest

from tests.contracts.places import Place, at_server


@pytest.fixture(params=["sshd", "vsftpd", "proftpd"])
def place(request: pytest.FixtureRequest) -> Place:
    """A new folder at each real server in turn."""
    return at_server(request.getfixturevalue(request.param))
