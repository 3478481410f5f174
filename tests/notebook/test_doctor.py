"""``nbflow doctor``: what it finds, what it says to do, and its exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(90)

_MAIN = "import sys; from nbflow.cli import main; raise SystemExit(main(sys.argv[1:]))"
_RUN = """
import os, sys
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint
from nbflow.types import interrupt
@entrypoint(checkpointer=SqliteSaver("runs.sqlite"))
def review(name):
    if name == "dies":
        os._exit(9)
    return interrupt("Well?")
review.invoke(sys.argv[1], {"configurable": {"thread_id": sys.argv[1]}})
"""
_NO_NBFLOW = """
import sys
sys.modules["nbflow"] = None
from ipykernel.kernelapp import launch_new_instance
launch_new_instance()
"""


def doctor(folder: Path, *words: str, before: str = "") -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{before}\n{_MAIN}", "doctor", *words],
        cwd=folder,
        env={**os.environ, "JUPYTER_PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=80,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def kernel(folder: Path, name: str, *argv: str) -> None:
    spec = folder / "kernels" / name
    spec.mkdir(parents=True)
    facts = {"argv": [*argv, "-f", "{connection_file}"], "display_name": name, "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(facts))


def run(folder: Path, name: str) -> None:
    subprocess.run([sys.executable, "-c", _RUN, name], cwd=folder, check=False)


def test_all_is_well(tmp_path: Path) -> None:
    run(tmp_path, "asks")

    status, said = doctor(tmp_path, "runs.sqlite")

    assert status == 0, said
    for part in ("nbflow 0", "ipykernel 7", "front end", "a cell can wait", "1 open questions"):
        assert part in said
    assert "→ nbflow inbox runs.sqlite" in said
    assert said.endswith("All is well.\n")


def test_a_kernel_without_nbflow_and_a_front_end_that_is_not_built(tmp_path: Path) -> None:
    kernel(tmp_path, "bare", sys.executable, "-c", _NO_NBFLOW)
    unbuilt = "from pathlib import Path; import nbflow.widgets.assets as a; a.STATIC = Path('none')"

    status, said = doctor(tmp_path, "--kernel", "bare", before=unbuilt)

    assert status == 1
    assert "has no nbflow: ModuleNotFoundError" in said
    assert f"{sys.executable} -m pip install nbflow" in said
    assert "front end: not built" in said and "make build" in said
    assert said.endswith("2 to mend.\n")


def test_a_kernel_that_hears_nothing_while_a_cell_runs(tmp_path: Path) -> None:
    deaf = "import nbflow.notebook.taps as t; t._has_what_all_use = lambda kernel: False\n"
    start = "from ipykernel.kernelapp import launch_new_instance; launch_new_instance()"
    kernel(tmp_path, "deaf", sys.executable, "-c", deaf + start)

    status, said = doctor(tmp_path, "--kernel", "deaf")

    assert status == 1
    assert "hears no form while a cell runs" in said and "ipykernel>=7.1" in said


@pytest.mark.parametrize(("name", "why"), [("nowhere", "nowhere"), ("dies", "does not start")])
def test_a_kernel_that_does_not_start(name: str, why: str, tmp_path: Path) -> None:
    kernel(tmp_path, "dies", sys.executable, "-c", "raise SystemExit(3)")

    status, said = doctor(tmp_path, "--kernel", name)

    assert (status, why in said, "ipykernel install" in said) == (1, True, True)


def test_a_crashed_run_a_damaged_and_a_missing_database(tmp_path: Path) -> None:
    run(tmp_path, "dies")
    status, said = doctor(tmp_path, "runs.sqlite")
    assert (status, "review.thread('dies').resume()" in said) == (1, True)

    whole = (tmp_path / "runs.sqlite").read_bytes()
    (tmp_path / "runs.sqlite-wal").unlink(missing_ok=True)
    (tmp_path / "runs.sqlite").write_bytes(whole[:4096] + b"\xff" * 8192 + whole[12288:])
    status, said = doctor(tmp_path, "runs.sqlite")
    assert (status, "restore it from a copy" in said) == (1, True), said

    status, said = doctor(tmp_path, "nowhere.sqlite")
    assert (status, "is no database of nbflow's" in said) == (1, True)
    assert not (tmp_path / "nowhere.sqlite").exists()
