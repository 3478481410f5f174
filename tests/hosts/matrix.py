"""Where a cell may wait for a form: each host with each kernel, played in a real Chromium.

``python -m tests.hosts.matrix`` plays all of them and prints the table that the README shows;
with ``--write`` the README gets it.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.browser.lab import CELL_MS, FLAGS, Lab, Notebook, serve, write_notebook
from tests.conftest import find_chromium
from tests.hosts.environments import VERSIONS, install_kernel
from tests.notebook.essays import PROGRAM

__all__ = [
    "HOSTS",
    "README",
    "WAITS",
    "Host",
    "asked_elsewhere",
    "columns",
    "open_hosts",
    "outcome",
    "table",
]

README = Path(__file__).parents[2] / "README.md"
WAITS = ("run.result()", "await run")
FOREIGN = re.compile(r"^https://cdn\.jsdelivr\.net/npm/@fortawesome/")
"""Font Awesome: Voila's own template names it."""

_MARKS = ("<!-- hosts -->\n", "<!-- /hosts -->\n")


@dataclass(frozen=True, slots=True)
class Host:
    """One program that shows notebooks."""

    label: str
    app: str
    options: tuple[str, ...] = ()
    waits: bool = True
    """Whether a page is there while cells run."""


HOSTS = (
    Host("JupyterLab 4", "jupyterlab"),
    Host("Notebook 7", "notebook"),
    Host("Voila, `--progressive_rendering=True`", "voila", ("--progressive_rendering=True",)),
    Host("Voila, by default", "voila", waits=False),
)


@contextmanager
def open_hosts(folder: Path, data: Path, hosts: tuple[Host, ...] = HOSTS) -> Iterator[list[Lab]]:
    """Start the hosts, each with the kernels of ``data``."""
    with ExitStack() as stack:
        servers = []
        for at, host in enumerate(hosts):
            root, state = folder / f"root{at}", folder / f"state{at}"
            root.mkdir()
            state.mkdir()
            servers.append(stack.enter_context(serve(root, state, host.app, data, *host.options)))
        yield servers


def outcome(browser: Browser, host: Host, server: Lab, kernel: str, wait: str) -> str:
    """Play one combination; returns ``works``, or the name of the error that says what to do.

    Raises:
        AssertionError: neither is so, or the page asked somebody else for something.
    """
    context = browser.new_context(viewport={"width": 1100, "height": 1000}, locale="en-GB")
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    try:
        if host.app == "voila":
            found = _in_voila(page, host, server, kernel, wait)
        else:
            found = _in_notebook(page, host, server, kernel, wait)
    finally:
        context.close()
    assert asked_elsewhere(asked, host.app) == []
    return found


def asked_elsewhere(urls: list[str], app: str) -> list[str]:
    """What a page asked another machine for, without what Voila's own template asks for."""
    local = ("data:", "blob:", "http://127.0.0.1:", "ws://127.0.0.1:")
    return [
        url
        for url in urls
        if not url.startswith(local) and not (app == "voila" and FOREIGN.match(url))
    ]


def _in_notebook(page: Page, host: Host, server: Lab, kernel: str, wait: str) -> str:
    """The wait is interrupted, begun again, outlives a reload, and ends with the answer; then the
    cell runs that was sent meanwhile."""
    name = f"{kernel}-{WAITS.index(wait)}.ipynb"
    cells = [
        PROGRAM,
        "run = essay.start('cats', thread_id='1')\nrun",
        f"print('a cell is busy', flush=True); {wait}",
        f"print('busy once more', flush=True); answer = {wait}",
        "later = answer[1]",
        "print('then', later)",
    ]
    write_notebook(server, name, cells, kernel)
    notebook = Notebook(page, server, name)
    notebook.open()
    for cell in (0, 1, 2):
        notebook.run_cell(cell)
    expect(notebook.output("a cell is busy")).to_be_visible(timeout=CELL_MS)
    _field(notebook.panel)
    notebook.command("notebook:interrupt-kernel")
    stopped = re.compile("KeyboardInterrupt|CancelledError")
    expect(notebook.output(stopped)).to_be_visible(timeout=CELL_MS)
    _wait_again(notebook)
    notebook.run_cell(4)
    notebook.save()
    page.reload()
    field = _field(notebook.panel)
    field.fill("Splendid.")
    notebook.panel.get_by_role("button", name="Submit").click()
    expect(notebook.panel.locator(".nbf-card")).to_contain_text("Splendid.", timeout=CELL_MS)
    notebook.ready()
    notebook.run_cell(5)
    expect(notebook.output("then Splendid.")).to_be_visible(timeout=CELL_MS)
    return "works"


def _wait_again(notebook: Notebook) -> None:
    """Run the cell that waits; a kernel may abort what is sent to it right after an error."""
    for _ in range(5):
        notebook.run_cell(3)
        with suppress(AssertionError):
            expect(notebook.output("busy once more")).to_be_visible(timeout=3_000)
            return
    raise AssertionError("the kernel runs no cell after the interrupt")


def _in_voila(page: Page, host: Host, server: Lab, kernel: str, wait: str) -> str:
    """A page that is loaded again begins anew; in the second one the question is answered."""
    name = f"{kernel}-{WAITS.index(wait)}.ipynb"
    cells = [
        PROGRAM,
        "run = essay.start('cats')\nrun",
        f"answer = {wait}",
        "print('then', answer[1])",
    ]
    write_notebook(server, name, cells, kernel)
    url = f"{server.url}/voila/render/{name}?token={server.token}"
    body = page.locator("body")
    if not host.waits:
        page.goto(url, timeout=2 * CELL_MS)
        error = body.get_by_text("WaitNotPossibleError").first
        expect(error).to_be_visible(timeout=CELL_MS)
        expect(body).to_contain_text("voila --progressive_rendering=True")
        return "WaitNotPossibleError"
    page.goto(url)
    _field(body)
    page.reload()
    _field(body).fill("Splendid.")
    body.get_by_role("button", name="Submit").click()
    expect(body).to_contain_text("then Splendid.", timeout=CELL_MS)
    return "works"


def _field(place: Locator) -> Locator:
    """The one field of the form, when it is there."""
    field = place.get_by_role("form").get_by_role("textbox")
    expect(field).to_be_visible(timeout=2 * CELL_MS)
    return field


def columns() -> list[str]:
    """The kernels as the table heads them."""
    return [f"ipykernel {one.removesuffix('.0')}" for one in VERSIONS]


def table(found: dict[tuple[str, str], tuple[str, str]]) -> str:
    """The table, from what both waits led to by host and kernel."""
    rows = [["", *columns()], ["---"] * (len(VERSIONS) + 1)]
    for host in HOSTS:
        cells = []
        for version in VERSIONS:
            blocking, awaiting = found[host.label, version]
            both = dict.fromkeys((blocking, awaiting))
            cells.append(" / ".join(one if one == "works" else f"`{one}`" for one in both))
        rows.append([host.label, *cells])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def table_in_readme() -> str:
    """The table that the README shows."""
    text = README.read_text("utf-8")
    begin, end = _MARKS
    return text[text.index(begin) + len(begin) : text.index(end)].strip() + "\n"


def _write(new: str) -> None:
    text = README.read_text("utf-8")
    begin, end = _MARKS
    before, _, rest = text.partition(begin)
    README.write_text(f"{before}{begin}\n{new}\n{end}{rest.partition(end)[2]}", "utf-8")


def main(arguments: list[str]) -> int:
    """Play all combinations; 1 when the README shows another table."""
    parser = argparse.ArgumentParser(prog="tests.hosts.matrix")
    parser.add_argument("--write", action="store_true", help="put the table into the README")
    given = parser.parse_args(arguments)
    found: dict[tuple[str, str], tuple[str, str]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        data = folder / "jupyter"
        kernels = {version: install_kernel(version, data) for version in VERSIONS}
        servers = stack.enter_context(open_hosts(folder, data))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        for host, server in zip(HOSTS, servers, strict=True):
            for version, kernel in kernels.items():
                both = [outcome(browser, host, server, kernel, wait) for wait in WAITS]
                found[host.label, version] = both[0], both[1]
                print(f"{host.label}, ipykernel {version}: {', '.join(both)}", file=sys.stderr)
        browser.close()
    new = table(found)
    print(new, end="")
    if given.write:
        _write(new)
    return 0 if table_in_readme() == new else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
