"""A real JupyterLab in a real Chromium, driven as a person would."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import nbformat
import psutil
from playwright.sync_api import Locator, Page, expect

import nbflow

__all__ = [
    "CELL_MS",
    "FLAGS",
    "START_S",
    "Lab",
    "Notebook",
    "photograph",
    "serve",
    "write_notebook",
]

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-sync",
         "--disable-background-networking", "--disable-component-update")  # fmt: skip
"""Of a Chromium that asks nobody for anything."""

START_S = 60
"""Seconds that JupyterLab may take to answer for the first time."""

CELL_MS = 30_000
"""Milliseconds that a cell, or what it shows, may take to appear."""


_PYTHON = os.environ.get("NBFLOW_PYTHON", sys.executable)


@dataclass(frozen=True, slots=True)
class Lab:
    """One running server."""

    url: str
    token: str
    root: Path
    """The folder that it serves."""
    process: subprocess.Popen[bytes]
    app: str = "jupyterlab"

    def kernels(self) -> list[psutil.Process]:
        """The running kernels."""
        return [
            child
            for child in psutil.Process(self.process.pid).children(recursive=True)
            if "ipykernel_launcher" in " ".join(child.cmdline())
        ]

    def kernel(self) -> psutil.Process:
        """The one running kernel."""
        [kernel] = self.kernels()
        return kernel


@contextmanager
def serve(
    root: Path,
    state: Path,
    app: str = "jupyterlab",
    data: Path | None = None,
    *more: str,
) -> Iterator[Lab]:
    """Start a Jupyter server on a free port of the loopback; it ends with the block.

    It has nbflow's extensions, as the wheel installs them; with ``NBFLOW_PYTHON`` it is that of
    another environment, with the wheel itself.

    Args:
        root: the folder to serve.
        state: an empty folder for its settings, so that nothing of the user's is read.
        app: the module that is run: ``jupyterlab``, ``notebook``, ``voila`` or ``jupyter_server``.
        data: a folder of more kernels.
        more: options of the application.
    """
    port, token = _free_port(), secrets.token_hex(16)
    environment = {
        **os.environ,
        **{f"JUPYTER_{name}_DIR": str(state / name) for name in ("CONFIG", "DATA", "RUNTIME")},
        "JUPYTER_PATH": os.pathsep.join(map(str, filter(None, (state / "share", data)))),
        "JUPYTER_CONFIG_PATH": str(state / "etc"),
        "IPYTHONDIR": str(state / "ipython"),
        "JUPYTERLAB_SETTINGS_DIR": str(state / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(state / "workspaces"),
    }
    if app == "voila":
        more = (f"--Voila.root_dir={root}", "--show_tracebacks=True", *more)
    else:
        more = (
            "--allow-root", "--ip=127.0.0.1", "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}", *more,
        )  # fmt: skip
    command = [
        _PYTHON, "-m", app, "--no-browser", f"--port={port}", *_FLAGS_OF.get(app, ()), *more,
    ]  # fmt: skip
    _stay_quiet(state / "settings")
    if sys.executable == _PYTHON:
        _install_extensions(state)
    with (state / "lab.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, cwd=state, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        lab = Lab(f"http://127.0.0.1:{port}", token, root, process, app)
        _await_answer(lab, state / "lab.log")
        yield lab
    finally:
        _end(process)


_PAGES = {"jupyterlab": "lab/tree", "notebook": "notebooks"}
"""Where a notebook is opened."""

_FLAGS_OF = {
    "jupyterlab": (
        "--expose-app-in-browser",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ),
    "notebook": ("--expose-app-in-browser",),
}


def _install_extensions(state: Path) -> None:
    """Put nbflow's extensions where the wheel's data goes."""
    package = Path(next(iter(nbflow.__path__)))
    for folder in ("share/labextensions", "etc/jupyter_server_config.d"):
        (state / folder).mkdir(parents=True)
    (state / "share" / "labextensions" / "nbflow").symlink_to(package / "labextension")
    config = state / "etc" / "jupyter_server_config.d" / "nbflow.json"
    shutil.copy(package / "server" / "nbflow.json", config)


def _stay_quiet(settings: Path) -> None:
    """No news, so nothing covers the page and nothing leaves the machine."""
    folder = settings / "@jupyterlab" / "apputils-extension"
    folder.mkdir(parents=True)
    choice = {"fetchNews": "false", "checkForUpdates": False}
    (folder / "notification.jupyterlab-settings").write_text(json.dumps(choice))


def _await_answer(lab: Lab, log: Path) -> None:
    with httpx.Client(transport=httpx.HTTPTransport(retries=0)) as client:
        for _ in range(START_S * 4):
            if lab.process.poll() is not None:
                break
            try:
                client.get(f"{lab.url}/api", timeout=5)
            except httpx.TransportError:
                lab_exits_within(lab.process, 0.25)
                continue
            return
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()[-4000:]}")


def lab_exits_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait for a process, at most so long."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    running = process.poll() is None
    family = psutil.Process(process.pid).children(recursive=True) if running else []
    process.terminate()
    if not lab_exits_within(process, 10):
        process.kill()
        process.wait()
    for child in family:
        if child.is_running():
            child.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def write_notebook(lab: Lab, name: str, cells: Sequence[str], kernel: str = "python3") -> None:
    """Write a notebook of code cells under the server's root."""
    code = [nbformat.v4.new_code_cell(cell.strip()) for cell in cells]
    written = nbformat.v4.new_notebook(cells=code)
    written.metadata["kernelspec"] = {
        "name": kernel, "display_name": kernel, "language": "python",
    }  # fmt: skip
    (lab.root / name).parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(written, lab.root / name)


class Notebook:
    """One notebook open in the page."""

    def __init__(self, page: Page, lab: Lab, name: str) -> None:
        self.page = page
        self._url = f"{lab.url}/{_PAGES[lab.app]}/{name}?token={lab.token}&reset"
        self.panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    def open(self) -> None:
        """Go to the notebook and wait until its kernel can be used."""
        self.page.goto(self._url)
        expect(self.panel.locator(".jp-Cell").first).to_be_visible(timeout=CELL_MS)
        self.ready()

    def ready(self) -> None:
        """Wait until the kernel has answered; one that starts can lose what is sent to it."""
        self.page.wait_for_function(
            """async () => {
              const session = window.jupyterapp?.shell.currentWidget?.sessionContext;
              await session?.ready;
              return (await session?.session?.kernel?.info)?.status === "ok";
            }""",
            timeout=CELL_MS,
        )

    def command(self, name: str) -> None:
        """Start one of JupyterLab's commands, without waiting for its end."""
        self.page.evaluate("name => { void window.jupyterapp.commands.execute(name); }", name)

    def run_cell(self, number: int) -> None:
        """Run one cell, counted from 0."""
        self.page.evaluate(
            "at => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = at; }", number
        )
        self.command("notebook:run-cell")

    def save(self) -> None:
        """Save, and wait until it is on disk."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    def theme(self, name: str) -> None:
        """Change the theme, such as to ``JupyterLab Dark``."""
        self.page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", name
        )
        shade = "false" if "Dark" in name else "true"
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-light", shade)
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)

    @property
    def cards(self) -> Locator:
        """The runs shown under cells."""
        return self.panel.locator(".nbf-card")

    def output(self, text: str | re.Pattern[str]) -> Locator:
        """Outputs that hold a text."""
        return self.panel.locator(".jp-OutputArea-output", has_text=text)


def photograph(notebook: Notebook, card: Locator, folder: Path, name: str) -> None:
    """Take pictures of the page and of one card, in the light and the dark theme."""
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        notebook.theme(theme)
        shade = theme.split()[-1].lower()
        card.scroll_into_view_if_needed()
        notebook.page.screenshot(path=folder / f"{name}-{shade}.png")
        card.screenshot(path=folder / f"{name}-card-{shade}.png")
    notebook.theme("JupyterLab Light")
