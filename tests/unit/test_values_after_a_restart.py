"""Values of the program's own classes come back as themselves in a process that has run nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nbflow.forms import preview
from nbflow.serde import Opaque

CODE = """
import sys
from pydantic import BaseModel
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint, task

class Essay(BaseModel):
    title: str

@task
def write(topic):
    return Essay(title=topic)

@entrypoint(checkpointer=SqliteSaver("essays.sqlite"))
def essay(topic: str) -> Essay:
    return write(topic).result()

THREAD = {"configurable": {"thread_id": "1"}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("essays")
    _python(path, "essay.invoke('cats', THREAD)")
    return path


def _python(folder: Path, line: str) -> str:
    command = [sys.executable, "-c", CODE + line]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "look",
    [
        "essay.get_state(THREAD).values",
        "next(iter(essay.get_state_history(THREAD))).values",
        "essay.thread('1').result()",
        "[e.result for e in essay.thread('1').events() if hasattr(e, 'result')][0]",
    ],
)
def test_a_process_that_has_run_nothing_reads_them(folder: Path, look: str) -> None:
    assert _python(folder, f"print(repr({look}))") == "Essay(title='cats')"


@pytest.mark.parametrize("value", [Opaque("shop.Order", {"id": 7}), [Opaque("shop.Order", 7)]])
def test_what_no_class_is_known_for_is_shown_as_its_data(value: Any) -> None:
    told = json.loads(preview(value)["text"])

    assert told == ({"id": 7} if isinstance(value, Opaque) else [7])
