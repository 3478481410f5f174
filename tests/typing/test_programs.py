"""User programs as type checkers see them: what they infer, and what they refuse.

``assert_type`` in a program says what must be inferred; a comment ``# error: [code]`` says that
the line must be refused, and with which of mypy's codes. Everything else must be accepted.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))

_MARK = "# error: "
_ERROR = re.compile(r".*?(\w+\.py:\d+): error: (.*?)(?:  \[([a-z-]+)\])?")


def expected() -> dict[str, list[str]]:
    """Codes of errors, by file and line."""
    return {
        f"{path.name}:{number}": re.findall(r"\[([a-z-]+)\]", line.partition(_MARK)[2])
        for path in PROGRAMS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if _MARK in line
    }


def checked(arguments: list[str], folder: Path) -> str:
    """What a type checker says of the programs, called as a user would in another folder."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments, *map(str, PROGRAMS)],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",  # else it asks the network for its newest
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.timeout(240)  # it reads the whole package, without a cache
def test_mypy_infers_and_refuses_what_the_programs_say(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    options = ["--strict", "--config-file=", "--cache-dir", "cache", "--no-error-summary"]
    output = checked(["mypy", *options, "--no-pretty", "--no-color-output"], tmp_path)
    faults: dict[str, list[str]] = {}
    for line in output.splitlines():
        if ": note: " not in line:
            found = _ERROR.fullmatch(line)
            assert found is not None, line
            faults.setdefault(found[1], []).append(found[3] or found[2])

    assert faults == expected()


@pytest.mark.timeout(240)
def test_pyright_refuses_the_same_lines(tmp_path: Path) -> None:
    pytest.importorskip("pyright")
    found: list[dict[str, Any]] = json.loads(checked(["pyright", "--outputjson"], tmp_path))[
        "generalDiagnostics"
    ]
    faults = {
        f"{Path(fault['file']).name}:{fault['range']['start']['line'] + 1}": fault["message"]
        for fault in found
        if fault["severity"] == "error"
    }

    assert faults.keys() == expected().keys(), faults
