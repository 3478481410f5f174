"""Binder: the badges of the README, and its environment built as `binder/` writes it.

``python -m tests.binder badges OWNER/NAME`` writes the badges for that repository on GitHub.
``python -m tests.binder check`` copies the clone to an empty folder, makes the environment,
runs ``binder/postBuild`` there and then every notebook. conda itself is not asked: what
``environment.yml`` may name is a Python and pip, and a virtual environment of that Python has both.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import nbformat
import yaml

__all__ = [
    "MARKS",
    "NOBODYS",
    "README",
    "ROOT",
    "badges",
    "build",
    "copy_of_clone",
    "python_wanted",
    "repository_in",
]

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
MARKS = ("<!-- badges -->\n", "<!-- /badges -->\n")
NOBODYS = "OWNER/nbflow"
"""In place of an address, as long as there is none."""

_NOT_IN_A_CLONE = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "static", "dist", "__pycache__", ".*_cache", ".hypothesis"
)
_UNKNOWN = (
    f"The links name `{NOBODYS}`, which is nobody's, until `make badges REPO=owner/name` gives\n"
    "them an address.\n\n"
)
_APP = "04_refund_desk"
"""The notebook that is an app in Voila."""


def repository_in(readme: str) -> str:
    """Which repository the badges of the README lead to."""
    found = re.search(r"https://mybinder\.org/v2/gh/([^/]+/[^/]+)/", readme)
    return NOBODYS if found is None else str(found[1])


def badges(repository: str) -> str:
    """The badges as a table, one for each notebook, and the app's own."""
    base = f"https://mybinder.org/v2/gh/{repository}/HEAD"
    rows = []
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        opened = f"labpath={quote(f'notebooks/{path.name}', safe='')}"
        rows.append(_row(f"[{_title(path)}](notebooks/{path.name})", f"{base}?{opened}"))
        if path.stem == _APP:
            app = f"urlpath={quote(f'voila/render/notebooks/{path.name}', safe='')}"
            rows.append(_row("the same as an app, in Voila", f"{base}?{app}"))
    head = "| notebook | on Binder |\n|---|---|\n"
    return (_UNKNOWN if repository == NOBODYS else "") + head + "".join(rows)


def _row(name: str, url: str) -> str:
    return f"| {name} | [![Binder](https://mybinder.org/badge_logo.svg)]({url}) |\n"


def _title(path: Path) -> str:
    first = str(nbformat.read(path, as_version=4).cells[0].source)
    return first.splitlines()[0].removeprefix("# ")


def write_badges(repository: str) -> None:
    """Let the README's badges lead to this repository.

    Raises:
        SystemExit: it is no ``owner/name``.
    """
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise SystemExit(f"{repository!r} is no repository. Write: make badges REPO=owner/name")
    begin, end = MARKS
    before, _, rest = README.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    README.write_text(before + begin + badges(repository) + end + after, encoding="utf-8")


def python_wanted(environment: str) -> str:
    """The Python that ``environment.yml`` asks for, such as ``3.12``.

    Raises:
        ValueError: it asks for more than a Python and pip, which this cannot make.
    """
    wanted: list[str] = yaml.safe_load(environment)["dependencies"]
    versions = [one.removeprefix("python=") for one in wanted if one.startswith("python=")]
    if len(versions) != 1 or set(wanted) != {f"python={versions[0]}", "pip"}:
        raise ValueError(f"Expected python=X.Y and pip alone, and environment.yml has {wanted}.")
    return versions[0]


def copy_of_clone(folder: Path) -> None:
    """Copy what a clone has, as it stands in this folder now."""
    shutil.copytree(ROOT, folder, ignore=_NOT_IN_A_CLONE, dirs_exist_ok=True)


def build(folder: Path, python: str, commands: Sequence[Sequence[str]] = ()) -> None:
    """Make the environment in a copy of the clone, run ``postBuild``, and then the commands.

    Raises:
        CalledProcessError: one of them failed.
    """
    subprocess.run([python, "-m", "venv", str(folder / ".binder")], check=True)
    path = f"{folder / '.binder' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    environment.pop("PYTHONPATH", None)
    for command in ((str(folder / "binder" / "postBuild"),), *commands):
        subprocess.run(command, cwd=folder, env=environment, check=True)


def check() -> None:
    """Build as Binder does, and execute every notebook there."""
    version = python_wanted((ROOT / "binder" / "environment.yml").read_text(encoding="utf-8"))
    python = f"python{version}"
    there = shutil.which(python) is not None
    if not there or subprocess.run([python, "--version"], check=False).returncode != 0:
        python = sys.executable
        print(f"There is no python{version} here: taking {sys.version.split()[0]}.", flush=True)
    with tempfile.TemporaryDirectory(prefix="nbflow-binder-") as folder:
        copy_of_clone(Path(folder))
        executed = ["nbflow", "demo", "--check"]
        build(Path(folder), python, [executed, ["voila", "--version"]])


if __name__ == "__main__":
    if sys.argv[1:2] == ["badges"]:
        write_badges(sys.argv[2])
    else:
        check()
