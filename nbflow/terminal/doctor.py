"""``nbflow doctor``: what is installed here, whether it works together, and what to do where not.

The kernel is asked, not guessed at: one is started as a notebook would start it, and says how a
cell can wait in it.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import queue
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.manager import KernelManager

import nbflow
from nbflow.errors import MissingBundleError, NbflowError
from nbflow.notebook.names import CommandError, places
from nbflow.record.times import time_text
from nbflow.threads import threads
from nbflow.widgets.assets import bundle_gz, loader_text
from nbflow.widgets.assets import version as bundle_version

__all__ = ["Finding", "add_doctor"]

_LIBRARIES = ("ipykernel", "ipywidgets", "anywidget", "nbclient", "nbformat", "jsonschema-rs")
_HOSTS = ("jupyterlab", "notebook", "voila")
_START_S = 60.0
_SIGNS = {"well": "✓", "note": "·", "fault": "✗"}
_ASK = """
import json as _json, sys as _sys
_said = {"python": _sys.version.split()[0], "executable": _sys.executable}
try:
    import ipykernel as _ipykernel
    import nbflow as _nbflow
    from nbflow.notebook.waiting import host as _host
    _said |= {"ipykernel": _ipykernel.__version__, "nbflow": _nbflow.__version__}
    _said |= {"host": _host().value}
except Exception as _exc:
    _said["fault"] = f"{type(_exc).__name__}: {_exc}"
print("nbflow-doctor" + _json.dumps(_said))
"""
_MARK = "nbflow-doctor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    >>> print(Finding(kind="fault", what="front end: not built", todo="run `make build`"))
    ✗ front end: not built
        → run `make build`
    """

    kind: Literal["well", "note", "fault"]
    """Whether it is well; of a fault the exit status tells."""
    what: str
    """What was found."""
    todo: str = ""
    """What to do about it."""

    def __str__(self) -> str:
        todo = f"\n    → {self.todo}" if self.todo else ""
        return f"{_SIGNS[self.kind]} {self.what}{todo}"


def add_doctor(commands: Any) -> None:
    """Add the command to a parser's commands.

    >>> parser = argparse.ArgumentParser()
    >>> add_doctor(parser.add_subparsers())
    >>> parser.parse_args(["doctor"]).kernel
    'python3'
    """
    doctor = commands.add_parser(
        "doctor",
        help="look at versions, kernel, front end and a database, and say what to do",
        description="Look at what is installed and whether it works together. Exit status: 0 when "
        "all is well, 1 when something is not.",
    )
    doctor.add_argument(
        "database", nargs="?", metavar="DB", help="an SQLite file that a SqliteSaver made"
    )
    doctor.add_argument("--kernel", default="python3", metavar="NAME", help="default: python3")
    doctor.set_defaults(act=_doctor)


def _doctor(options: argparse.Namespace) -> int:
    faults = 0
    for finding in _findings(options):
        print(finding, flush=True)
        faults += finding.kind == "fault"
    print("All is well." if not faults else f"{faults} to mend.")
    return 1 if faults else 0


def _findings(options: argparse.Namespace) -> Iterator[Finding]:
    yield Finding(kind="well", what=f"nbflow {nbflow.__version__}, Python {_python()}")
    yield from _versions()
    yield _front_end()
    yield from _kernel(options.kernel)
    if options.database is not None:
        yield from _database(options.database)


def _python() -> str:
    return f"{sys.version.split()[0]} ({sys.executable})"


def _versions() -> Iterator[Finding]:
    found = {name: _version(name) for name in (*_LIBRARIES, *_HOSTS)}
    there = ", ".join(f"{name} {version}" for name, version in found.items() if version)
    yield Finding(kind="well", what=there)
    missing = [name for name in _LIBRARIES if found[name] is None]
    if missing:
        yield Finding(
            kind="fault",
            what=f"not installed here: {', '.join(missing)}",
            todo=f"pip install {' '.join(missing)}",
        )
    if not any(found[name] for name in _HOSTS):
        yield Finding(
            kind="note",
            what="no JupyterLab, Notebook or Voila in this environment",
            todo="where one runs elsewhere, install nbflow and anywidget there, too",
        )


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _front_end() -> Finding:
    try:
        loader_text()
        size, version = len(bundle_gz()), bundle_version()
    except MissingBundleError as exc:
        return Finding(kind="fault", what="front end: not built", todo=str(exc))
    return Finding(kind="well", what=f"front end {version}, {size // 1024} KB on the wire")


def _kernel(name: str) -> Iterator[Finding]:
    try:
        said = _said_by_kernel(name)
    except (NoSuchKernel, RuntimeError, OSError, queue.Empty) as exc:
        yield Finding(
            kind="fault",
            what=f"kernel {name!r} does not start: {type(exc).__name__}: {exc}",
            todo=f"{sys.executable} -m ipykernel install --sys-prefix --name {name}",
        )
        return
    if "fault" in said:
        yield Finding(
            kind="fault",
            what=f"kernel {name!r} ({said['executable']}) has no nbflow: {said['fault']}",
            todo=f"{said['executable']} -m pip install nbflow, or choose the kernel of "
            f"{sys.executable}",
        )
        return
    what = (
        f"kernel {name!r}: Python {said['python']} ({said['executable']}), ipykernel "
        f"{said['ipykernel']}, nbflow {said['nbflow']}"
    )
    if said["nbflow"] != nbflow.__version__:
        yield Finding(
            kind="fault",
            what=f"{what}; here it is {nbflow.__version__}",
            todo=f"{said['executable']} -m pip install nbflow=={nbflow.__version__}",
        )
    else:
        yield Finding(kind="well", what=what)
    yield _waiting(said["host"])


def _waiting(host: str) -> Finding:
    if host == "tapped":
        return Finding(
            kind="well", what="waiting: a cell can wait for its form, run.result() and await run"
        )
    return Finding(
        kind="fault",
        what="waiting: this kernel hears no form while a cell runs, so waiting raises at once",
        todo="pip install 'ipykernel>=7.1' and restart the kernel; until then show the run in one "
        "cell and read its result in a later one",
    )


def _said_by_kernel(name: str) -> dict[str, Any]:
    """What a fresh kernel says of itself, to a client that takes input as a page does."""
    manager = KernelManager(kernel_name=name)
    manager.start_kernel(extra_arguments=["--IPKernelApp.log_level=CRITICAL"])
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=_START_S)
        printed: list[str] = []
        client.execute_interactive(
            _ASK, allow_stdin=True, stdin_hook=lambda message: None, timeout=_START_S,
            output_hook=lambda message: printed.append(message["content"].get("text", "")),
        )  # fmt: skip
        _, mark, said = "".join(printed).partition(_MARK)
        if not mark:
            raise RuntimeError("it does not run Python")
        answer: dict[str, Any] = json.loads(said.splitlines()[0])
        return answer
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def _database(name: str) -> Iterator[Finding]:
    try:
        (place,) = places({}, name)
        fault = _damage(Path(name))
        found = threads(place.saver)
    except CommandError:
        yield Finding(
            kind="fault",
            what=f"{name!r} is no database of nbflow's",
            todo="give the file that SqliteSaver(...) was given",
        )
        return
    except (NbflowError, sqlite3.Error) as exc:
        yield Finding(kind="fault", what=f"database {name}: {exc}", todo="restore it from a copy")
        return
    if fault is not None:
        yield Finding(kind="fault", what=f"database {name}: {fault}", todo="restore it from a copy")
    questions = sum(one.questions for one in found)
    what = f"database {name}: {len(found)} threads, {questions} open questions"
    yield Finding(kind="well", what=what, todo=f"nbflow inbox {name}" if questions else "")
    for one in found:
        if one.status == "crashed":
            yield Finding(
                kind="fault",
                what=f"thread {one.thread_id!r} of {one.workflow}: the process that ran it is "
                f"gone, since {time_text(one.changed_at)}",
                todo=f"{one.workflow}.thread({one.thread_id!r}).resume() goes on from what is kept",
            )


def _damage(path: Path) -> str | None:
    """What SQLite's own check finds; the file is read only."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        (said,) = connection.execute("pragma quick_check(1)").fetchone()
        return None if said == "ok" else str(said)
    finally:
        connection.close()
