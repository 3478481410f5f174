"""`import nbflow` is cheap: it loads no notebook, widget, database driver or form library."""

from __future__ import annotations

import subprocess
import sys

import pytest

_HEAVY = {"IPython", "anywidget", "ipywidgets", "jsonschema_rs", "nbclient", "pydantic", "sqlite3"}
_LOADED = """
import sys
{statement}
print("\\n".join(sorted(sys.modules)))
"""


def _modules_after(statement: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", _LOADED.format(statement=statement)],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("statement", ["import nbflow", "from nbflow.func import entrypoint, task"])
def test_import_loads_nothing_of_the_notebook_side(statement: str) -> None:
    heavy = {
        "IPython",
        "anywidget",
        "ipywidgets",
        "jsonschema_rs",
        "pydantic",
        "sqlite3",
        "psycopg",
        "nbclient",
    }

    assert heavy & _modules_after(statement) == set()
