"""The built site and a browser, for every test that looks at pages."""

import os
import shutil
import sys
import threading
from pathlib import Path

import pytest

# The tools are no installed package; `python -m pytest` finds them, plain `pytest` would not.
sys.path.insert(0, str(Path(__file__).parents[1]))

# Chromium asks hosts of its own for updates and components otherwise.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.hookimpl(optionalhook=True)  # pytest without pytest-xdist does not know it
def pytest_xdist_make_scheduler(config, log):
    """Keep modules together in one process of `make test`: their fixtures are expensive."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            module = nodeid.split("::")[0]
            # Up to a minute for each notebook, and they share nothing.
            return nodeid if module == "tests/test_notebooks.py" else module

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def site():
    """Address of the site, built from the stored notebooks, served on this machine.

    Executing the chapters for it would be work done twice: nbval runs every stored notebook and
    compares its outputs.
    """
    from tools import book, notebooks

    book.build(notebooks.stored)
    server = book.server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium: the system's, or the one Playwright has installed."""
    sync_api = pytest.importorskip("playwright.sync_api")
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    command = next(filter(None, map(shutil.which, names)), None)
    with sync_api.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=command, args=QUIET)
        except sync_api.Error as error:
            reason = f"no Chromium on this machine: {str(error).splitlines()[0]}"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        yield browser
        browser.close()
