"""Environments that have one ipykernel each, and share everything else with this one."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path

import nbflow

__all__ = ["VERSIONS", "install_kernel"]

_ROOT = Path(nbflow.__file__).parents[1]

VERSIONS = ("6.31.0", "7.1.0", "7.3.0", version("ipykernel"))
"""The oldest that the package takes, those that changed how messages come in, and the newest."""


def install_kernel(ipykernel: str, data: Path) -> str:
    """Make an environment with this ipykernel, and a kernel of it that Jupyter finds.

    Args:
        ipykernel: its version.
        data: a folder for environments and kernels, to be named in ``JUPYTER_PATH``.

    Returns:
        The kernel's name.
    """
    home, name = data / "environments" / ipykernel, f"ipykernel-{ipykernel}"
    if not home.exists():
        _run(sys.executable, "-m", "venv", "--without-pip", str(home))
        site = next((home / "lib").glob("python*")) / "site-packages"
        _run(
            sys.executable, "-m", "pip", "install", "--quiet", "--no-deps",
            "--target", str(site), f"ipykernel=={ipykernel}",
        )  # fmt: skip
        shared = [str(_ROOT), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
        (site / "shared.pth").write_text("\n".join(shared))
    argv = [str(home / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": f"ipykernel {ipykernel}", "language": "python"}
    folder = data / "kernels" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kernel.json").write_text(json.dumps(spec))
    return name


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
