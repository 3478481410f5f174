"""From a clone to sdist and wheel on a machine without Node: the front end is built and carried."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

_CHECKOUT = Path(__file__).parents[2]
_NOT_IN_A_CLONE = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "static", "dist", "__pycache__", ".*_cache", ".hypothesis"
)
_BUNDLE = {f"nbflow/widgets/static/{name}" for name in ("bundle.mjs", "loader.mjs", "bundle.json")}


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, built from the sources alone, and the wheel built from it."""
    root = tmp_path_factory.mktemp("build")
    shutil.copytree(_CHECKOUT, root / "clone", ignore=_NOT_IN_A_CLONE)
    shell = shutil.which("sh")
    assert shell is not None
    (root / "bin").mkdir()
    (root / "bin" / "sh").symlink_to(shell)
    environment = {**os.environ, "PATH": str(root / "bin")}
    environment.pop("SKIP_JUPYTER_BUILDER", None)
    done = subprocess.run(
        [sys.executable, "-m", "build", "--outdir", root / "dist", root / "clone"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return root / "dist"


@pytest.mark.timeout(300)
def test_sdist_carries_bundle_sources_and_notebooks(distributions: Path) -> None:
    with tarfile.open(next(distributions.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert {
        *_BUNDLE,
        "nbflow/frontend/package-lock.json",
        "notebooks/01_review_an_essay.ipynb",
        "notebooks/01_review_an_essay.answers.json",
        "nbflow/py.typed",
    } <= names
    assert [name for name in names if "node_modules" in name] == []


@pytest.mark.timeout(300)
def test_wheel_carries_bundle_and_sql_but_no_frontend_sources(distributions: Path) -> None:
    with zipfile.ZipFile(next(distributions.glob("*.whl"))) as archive:
        names = set(archive.namelist())
        bundle_kib = archive.getinfo("nbflow/widgets/static/bundle.mjs").compress_size / 1024

    assert {*_BUNDLE, "nbflow/py.typed", "nbflow/_database/sqlite/schema.sql"} <= names
    assert [name for name in names if name.startswith("nbflow/frontend/")] == []
    assert {name.partition("/")[0] for name in names} == {"nbflow", "nbflow-0.1.0.dist-info"}
    assert bundle_kib < 200
