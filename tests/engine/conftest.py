from tests.flows.conftest import site

__all__ = ["site"]
