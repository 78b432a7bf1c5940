"""The journeys walk a demo of their own: real web process, worker, beat and sandbox. It is shared by all."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from portal.runtime.processes import ROOT
from portal.runtime.sandbox import SandboxAws, SandboxAzure
from portal.testing_demo import CHROMIUM_ARGUMENTS, chromium, running_demo
from tests.journeys.visitor import visiting

NO_CHROMIUM = "There is no Chromium on this machine; apt-get install chromium."


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.journey)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if chromium() is None:
        terminalreporter.section("journeys", yellow=True)
        terminalreporter.write_line(f"NOT WALKED in a browser. {NO_CHROMIUM}")


@pytest.fixture(scope="package")
def demo() -> Iterator[dict[str, Any]]:
    """It ends with the journeys: a demo that nobody visits keeps the machine busy."""
    with running_demo() as facts:
        yield facts


@pytest.fixture(scope="package")
def people(demo):
    """Those who can sign in, by the name before the @."""
    return {user["email"].partition("@")[0]: user for user in demo["users"]}


@pytest.fixture(scope="package")
def sandbox(demo):
    return SandboxAws(int(demo["sandbox"]["aws"]["endpoint_url"].rpartition(":")[2]))


@pytest.fixture(scope="package")
def azure(demo):
    facts = demo["sandbox"]["azure"]
    return SandboxAzure(int(facts["arm_url"].rpartition(":")[2]), Path(facts["ca_file"]))


@pytest.fixture(scope="package")
def browser():
    """Once for all. Its event loop runs in this thread meanwhile, so no journey asks the database."""
    path = chromium()
    if path is None:
        pytest.skip(NO_CHROMIUM)
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)


@pytest.fixture
def visit(browser, demo):
    """Make a visitor: ``visit()``, ``visit(java_script_enabled=False)``. At the end nobody complained."""
    with ExitStack() as visits:
        visitors = []

        def make(**options: Any) -> Any:
            visitors.append(visits.enter_context(visiting(browser, demo["base_url"], **options)))
            return visitors[-1]

        yield make
        assert [complaint for visitor in visitors for complaint in visitor.complaints] == []


@pytest.fixture
def workplace(tmp_path):
    """A folder that looks like the project's, where a visitor may save files and run the lines shown."""
    for entry in ROOT.iterdir():
        (tmp_path / entry.name).symlink_to(entry)
    return tmp_path
