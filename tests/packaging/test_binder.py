"""Binder: repo2docker takes `binder/`, and each badge opens a notebook that is there."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.binder import (
    MARKS,
    NOBODYS,
    README,
    ROOT,
    badges,
    build,
    copy_of_clone,
    python_wanted,
    repository_in,
)

_TEXT = README.read_text(encoding="utf-8")
_POST_BUILD = ROOT / "binder" / "postBuild"


def _links(text: str) -> list[str]:
    return re.findall(r"\((https://mybinder\.org/v2/[^)]+)\)", text)


def test_the_readme_has_the_badges_that_the_notebooks_make() -> None:
    begin, end = MARKS
    block = _TEXT.partition(begin)[2].partition(end)[0]

    assert block == badges(repository_in(_TEXT)), "make badges REPO=owner/name"


def test_without_an_address_the_readme_says_so() -> None:
    assert (NOBODYS in badges(NOBODYS)) and "make badges" in badges(NOBODYS)
    assert "make badges" not in badges("ada/flows")
    assert {urlsplit(link).path for link in _links(badges("ada/flows"))} == {
        "/v2/gh/ada/flows/HEAD"
    }


def test_each_badge_opens_a_notebook_that_is_there() -> None:
    asked = [parse_qs(urlsplit(link).query) for link in _links(_TEXT)]
    in_lab = [one["labpath"][0] for one in asked if "labpath" in one]
    in_voila = [
        one["urlpath"][0].removeprefix("voila/render/") for one in asked if "urlpath" in one
    ]

    assert in_lab == sorted(
        f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("[0-9]*.ipynb")
    )
    assert in_voila == ["notebooks/04_refund_desk.ipynb"]
    assert [one for one in in_lab + in_voila if not (ROOT / one).is_file()] == []


@pytest.mark.timeout(60)
def test_repo2docker_takes_what_is_in_binder(tmp_path: Path) -> None:
    copy_of_clone(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert "Building conda environment for python=3.12" in done.stdout
    assert "binder/environment.yml" in done.stdout
    assert "RUN ./binder/postBuild" in done.stdout


def test_the_environment_is_one_that_the_check_can_make() -> None:
    text = (ROOT / "binder" / "environment.yml").read_text(encoding="utf-8")

    assert python_wanted(text) == "3.12"
    with pytest.raises(ValueError, match="numpy"):
        python_wanted(text + "  - numpy\n")


@pytest.mark.timeout(60)
def test_the_check_runs_post_build_as_it_stands(tmp_path: Path) -> None:
    """The same code as ``make binder-check``, with a postBuild that only says where it runs."""
    (tmp_path / "binder").mkdir()
    script = tmp_path / "binder" / "postBuild"
    script.write_text("#!/bin/sh\npython -c 'import sys; print(sys.prefix)' >where.txt\n")
    script.chmod(0o755)

    build(tmp_path, sys.executable, [["cp", "where.txt", "after.txt"]])

    assert Path((tmp_path / "after.txt").read_text().strip()) == tmp_path / ".binder"


def test_post_build_can_be_executed_and_installs_what_the_badges_need() -> None:
    script = _POST_BUILD.read_text(encoding="utf-8")

    assert _POST_BUILD.stat().st_mode & stat.S_IXUSR
    assert "pip install --no-cache-dir '.[demo]' 'voila>=0.5.8'" in script
    opened = re.search(r'"/lab/tree/([^"]+)"', script)
    assert opened is not None and (ROOT / opened[1]).is_file()
