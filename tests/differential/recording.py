"""What LangGraph showed: read, written and taken anew."""

from __future__ import annotations

import importlib.metadata
import json
import tempfile
import warnings
from pathlib import Path
from typing import Any

from tests.differential.library import KINDS, Library
from tests.differential.registry import Program, observe, programs

__all__ = ["as_json", "expected_of", "load", "record", "take", "themes", "versions", "write"]

FOLDER = Path(__file__).parent / "recorded"
_PACKAGES = ("langgraph", "langgraph-checkpoint", "langgraph-checkpoint-sqlite")
_WIDTH = 100


def versions() -> dict[str, str]:
    """LangGraph's packages as installed."""
    return {name: importlib.metadata.version(name) for name in _PACKAGES}


def themes() -> list[str]:
    return sorted({program.theme for program in programs()})


def load(theme: str) -> dict[str, Any]:
    """The recording of one theme; empty when there is none."""
    path = FOLDER / f"{theme}.json"
    if not path.exists():
        return {"recorded_with": {}, "programs": {}}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def take(program: Program) -> dict[str, Any]:
    """LangGraph's observation of a program: one for both savers unless they differ."""
    library = Library("langgraph")
    seen: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind in KINDS:
            seen[kind] = as_json(observe(program, library, kind, Path(folder)))
    return {"observation": seen["memory"]} if seen["memory"] == seen["sqlite"] else seen


def as_json(value: Any) -> Any:
    """As it is after having been written and read."""
    return json.loads(json.dumps(value))


def record(theme: str) -> dict[str, Any]:
    """The recording of a theme, taken now."""
    return {
        "recorded_with": versions(),
        "programs": {
            program.name: {
                "shows": list(program.shows),
                "about": program.about,
                **(
                    {"nbflow_differs": {str(k): v for k, v in program.differs.items()}}
                    if program.differs
                    else {}
                ),
                **take(program),
            }
            for program in programs()
            if program.theme == theme
        },
    }


def write(theme: str, recording: dict[str, Any]) -> None:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{theme}.json").write_text(_pretty(recording) + "\n", encoding="utf-8")


def expected_of(program: Program, kind: str) -> Any:
    """What nbflow must show: the recording, or the program's own words where it differs.

    Raises:
        KeyError: the program was not recorded.
    """
    if program.differs:
        return as_json(program.expected)
    entry = load(program.theme)["programs"][program.name]
    return entry["observation"] if "observation" in entry else entry[kind]


def _pretty(value: Any, indent: int = 0) -> str:
    """JSON in which whatever fits on a line stands on one."""
    flat = json.dumps(value, ensure_ascii=False)
    if indent + len(flat) <= _WIDTH or not isinstance(value, dict | list) or not value:
        return flat
    inner = " " * (indent + 1)
    if isinstance(value, dict):
        parts = [
            f"{json.dumps(k, ensure_ascii=False)}: {_pretty(v, indent + 1)}"
            for k, v in value.items()
        ]
        opening, closing = "{", "}"
    else:
        parts = [_pretty(item, indent + 1) for item in value]
        opening, closing = "[", "]"
    joined = f",\n{inner}".join(parts)
    return f"{opening}\n{inner}{joined}\n{' ' * indent}{closing}"
