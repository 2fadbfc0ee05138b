from __future__ import annotations

import pytest

from tests.contracts.conftest import PARAMIKO
from tests.contracts.places import Place, at_server
from tests.flows.conftest import site
from tests.servers.server import Server

__all__ = ["place", "site"]


@pytest.fixture(params=["sshd", f"sshd{PARAMIKO}", "vsftpd", "proftpd"])
def place(request: pytest.FixtureRequest) -> Place:
    """A new folder at each real server in turn."""
    found = at_server(request.getfixturevalue(request.param.removesuffix(PARAMIKO)))
    if request.param.endswith(PARAMIKO):
        found.options |= {"client": "paramiko"}
    return found


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Server:
    """The server where ``place`` is."""
    name = request.node.callspec.params["place"].removesuffix(PARAMIKO)
    found: Server = request.getfixturevalue(name)
    return found
