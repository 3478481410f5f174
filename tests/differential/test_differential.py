"""Every program shows on nbflow what LangGraph showed, except where it differs on purpose."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.differential.library import KINDS, Kind, Library
from tests.differential.normal import agree
from tests.differential.recording import as_json, expected_of, load, record, themes, versions
from tests.differential.registry import Program, observe, programs

_PROGRAMS = programs()
_IDS = [f"{p.theme}-{p.name}" for p in _PROGRAMS]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("program", _PROGRAMS, ids=_IDS)
def test_nbflow_shows_what_langgraph_showed(program: Program, kind: Kind, tmp_path: Path) -> None:
    expected = expected_of(program, kind)

    observed = observe(program, Library("nbflow"), kind, tmp_path)

    assert as_json(agree(expected, observed)) == expected


@pytest.mark.parametrize("theme", themes())
def test_the_recording_holds_every_program_of_its_theme(theme: str) -> None:
    recorded = set(load(theme)["programs"])

    assert recorded == {p.name for p in _PROGRAMS if p.theme == theme}


def test_the_readme_says_how_many_programs_there_are() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")

    assert f"{len(_PROGRAMS)} programs run on both" in readme


@pytest.mark.parametrize("program", [p for p in _PROGRAMS if p.differs], ids=lambda p: p.name)
def test_a_program_that_differs_really_does(program: Program) -> None:
    entry = load(program.theme)["programs"][program.name]

    assert all(entry.get(k, entry.get("observation")) != program.expected for k in KINDS)
    assert set(program.differs) <= set(program.shows)


@pytest.mark.skipif(
    importlib.util.find_spec("langgraph") is None, reason="LangGraph is not installed"
)
@pytest.mark.parametrize("theme", themes())
def test_langgraph_still_shows_what_was_recorded(theme: str) -> None:
    """Another version of LangGraph may show something else: that is drift, and is named."""
    recorded = load(theme)

    now = as_json(record(theme))

    drifted = [
        name for name, entry in now["programs"].items() if entry != recorded["programs"][name]
    ]
    if drifted and recorded["recorded_with"] != versions():
        pytest.xfail(f"{versions()} differs from {recorded['recorded_with']} in {drifted}")
    assert drifted == []
