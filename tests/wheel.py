"""The wheel in a fresh environment without Node: both extensions are there, and the stories hold.

``python -m tests.wheel`` builds it, installs it as a user does, and plays the stories of a form
under a cell and of the side panel against it, in JupyterLab and in Notebook 7.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["main"]

_CHECKOUT = Path(__file__).parents[1]
_STORIES = ("tests/browser/test_review_an_essay.py", "tests/browser/test_panel.py")


def main() -> int:
    """Return pytest's status; anything before it that fails raises."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        _run(sys.executable, "-m", "build", "--outdir", str(home / "dist"), str(_CHECKOUT))
        [wheel] = (home / "dist").glob("*.whl")
        python = _environment(home / "environment", wheel)
        nothing = {"PATH": str(home)}
        for command in ("labextension", "server extension"):
            _run(str(python), "-m", "jupyter", *command.split(), "list", cwd=home, **nothing)
        print(f"{wheel.name} is installed", flush=True)
        stories = [sys.executable, "-m", "pytest", "-q", *_STORIES]
        done = subprocess.run(
            stories, cwd=_CHECKOUT, env={**os.environ, "NBFLOW_PYTHON": str(python)}, check=False
        )
        return done.returncode


def _environment(home: Path, wheel: Path) -> Path:
    """A fresh environment with the wheel and, for its other host, Notebook 7."""
    _run(sys.executable, "-m", "venv", "--without-pip", str(home))
    python = home / "bin" / "python"
    install = (sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet")
    _run(*install, str(wheel), "notebook>=7.2")
    return python


def _run(*command: str, cwd: Path = _CHECKOUT, **environment: str) -> None:
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(command, cwd=cwd, env={**own, **environment}, check=True)


if __name__ == "__main__":
    raise SystemExit(main())
