from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.browser.site import Site, filled
from tests.capabilities import chromium as find_chromium
from tests.capabilities import need, strict

#: Without Playwright these modules cannot even be read; the run's first lines say so.
collect_ignore_glob = [] if find_chromium() or strict() else ["test_*.py"]


@pytest.fixture(scope="session")
def _filled(scratch: Path) -> Iterator[Site]:
    need("chromium")
    with filled(scratch / "browser") as site:
        yield site


@pytest.fixture
def site(_filled: Site) -> Iterator[Site]:
    """The site as it was filled, whatever other tests did to it; its server may not fail."""
    _filled.put_back()
    said = len(_filled.log)
    yield _filled
    assert "Traceback" not in _filled.log[said:], _filled.log[said:]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A module's browser: no longer, for its event loop is in the way of Django's ORM."""
    need("chromium")
    from tests.browser.chrome import launched

    with launched() as browser:
        yield browser


@pytest.fixture
def open_page(site: Site, chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens the home page for somebody who has just logged in."""
    from tests.browser.chrome import context, log_in

    with ExitStack() as stack:

        def opened(name: str = "ada", **options: Any) -> Any:
            page = stack.enter_context(context(chromium, site.url, **options)).new_page()
            log_in(page, name)
            return page

        yield opened


@pytest.fixture
def page(open_page: Callable[..., Any]) -> Any:
    """The home page, for ``ada``, who may do everything."""
    return open_page()
