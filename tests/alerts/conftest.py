from tests.engine.conftest import scripted, site

__all__ = ["scripted", "site"]
