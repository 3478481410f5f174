"""P4: what the README says of hosts and kernels is what a real Chromium shows.

Here the newest kernel is played with each host, blocking or awaiting; ``make hosts`` plays all.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.lab import Lab
from tests.hosts.environments import VERSIONS, install_kernel
from tests.hosts.matrix import HOSTS, WAITS, columns, open_hosts, outcome, table_in_readme

pytestmark = pytest.mark.timeout(240)

_PLAYED = ((1, 0), (2, 1), (3, 0))
"""Hosts and waits; JupyterLab is played by all of ``tests/browser``."""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    data = tmp_path_factory.mktemp("jupyter")
    return install_kernel(VERSIONS[-1], data), data


@pytest.fixture(scope="module")
def servers(
    tmp_path_factory: pytest.TempPathFactory, kernel: tuple[str, Path]
) -> Iterator[list[Lab]]:
    hosts = tuple(HOSTS[host] for host, _ in _PLAYED)
    with open_hosts(tmp_path_factory.mktemp("hosts"), kernel[1], hosts) as running:
        yield running


@pytest.mark.parametrize("at", range(len(_PLAYED)), ids=[HOSTS[host].label for host, _ in _PLAYED])
def test_a_host_does_what_the_readme_says(
    browser: Browser, servers: list[Lab], kernel: tuple[str, Path], at: int
) -> None:
    host, wait = _PLAYED[at]
    played = outcome(browser, HOSTS[host], servers[at], kernel[0], WAITS[wait])
    row = _rows()[host + 2]
    assert row[0] == HOSTS[host].label
    assert row[-1].strip("`") == played


def test_the_readme_tells_of_every_kernel_and_host() -> None:
    head, _, *rows = _rows()
    assert head[1:-1] == columns()[:-1]
    assert head[-1].startswith("ipykernel ")
    assert [row[0] for row in rows] == [host.label for host in HOSTS]
    assert {cell.strip("`") for row in rows for cell in row[1:]} == {
        "works",
        "WaitNotPossibleError",
    }


def _rows() -> list[list[str]]:
    lines = table_in_readme().strip().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
