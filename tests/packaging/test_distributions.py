"""From a clone to sdist and wheel on a machine without Node: the front end is built and carried."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

_CHECKOUT = Path(__file__).parents[2]
_NOT_IN_A_CLONE = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "static", "dist", "__pycache__", ".*_cache", ".hypothesis"
)
_EXTENSION = ("install.json", "package.json", "static/en.js", "static/de.js")
_BUNDLE = {f"nbflow/widgets/static/{name}" for name in ("bundle.mjs", "loader.mjs", "bundle.json")}


def _in_no_clone(folder: str, names: list[str]) -> set[str]:
    built = {"labextension"} if Path(folder) == _CHECKOUT / "nbflow" else set()
    return _NOT_IN_A_CLONE(folder, names) | built


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, built from the sources alone, and the wheel built from it."""
    root = tmp_path_factory.mktemp("build")
    shutil.copytree(_CHECKOUT, root / "clone", ignore=_in_no_clone)
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
        *(f"nbflow/labextension/{name}" for name in _EXTENSION),
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
    folders = {"nbflow", "nbflow-0.1.0.data", "nbflow-0.1.0.dist-info"}
    assert {name.partition("/")[0] for name in names} == folders
    assert bundle_kib < 200


@pytest.mark.timeout(300)
def test_wheel_brings_both_extensions_to_a_machine_without_node(
    distributions: Path, tmp_path: Path
) -> None:
    """A fresh environment has the wheel; what both extensions need is lent by this one."""
    [wheel] = distributions.glob("*.whl")
    there = tmp_path / "there"
    venv.create(there, with_pip=False)
    python = there / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")},
        "PATH": "",
        "PYTHONPATH": sysconfig.get_path("purelib"),
        **{f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")},
    }

    def listed(module: str) -> str:
        done = subprocess.run(
            [python, "-m", module, "list"],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        )
        return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)

    extension = listed("jupyterlab.labextensions")
    assert re.search(r"nbflow v0\.1\.0 enabled OK \(python, nbflow\)", extension), extension
    served = listed("jupyter_server.extension.serverextension")
    assert re.search(r"nbflow\.server enabled\n(.*\n)+?\s*nbflow\.server +OK", served), served
    (load,) = (there / "share/jupyter/labextensions/nbflow/static").glob("remoteEntry.*.js")
    assert load.stat().st_size < 5_000
