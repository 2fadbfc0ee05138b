from tests.flows.conftest import site
from tests.management.conftest import run

__all__ = ["run", "site"]
