"""Programs: what each shows, and how it is run."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.differential import programs as _package
from tests.differential.library import Kind, Library
from tests.differential.normal import Normaliser, agree

__all__ = ["Program", "observe", "program", "programs"]

Body = Callable[[Library, Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    name: str
    theme: str
    """The module it stands in."""
    body: Body
    """Takes the library and an empty saver, gives the observation; may be async."""
    shows: tuple[int, ...]
    """Numbers of the semantics."""
    differs: Mapping[int, str] = field(default_factory=dict)
    """Numbers at which nbflow does something else on purpose, and what."""
    expected: Any = None
    """What nbflow shows instead, where it differs."""

    @property
    def about(self) -> str:
        return inspect.getdoc(self.body) or ""


_PROGRAMS: dict[str, Program] = {}


def program(
    *shows: int, differs: Mapping[int, str] | None = None, expected: Any = None
) -> Callable[[Body], Body]:
    """Register a function as a program.

    Args:
        shows: numbers of the semantics.
        differs: number to what nbflow does there instead of LangGraph; with ``expected``.
        expected: nbflow's observation where it differs, written by hand.
    """

    def register(body: Body) -> Body:
        theme = body.__module__.rpartition(".")[2]
        name = f"{theme}.{body.__name__}"
        if name in _PROGRAMS:
            raise ValueError(f"Two programs are called {name}.")
        if (expected is not None) and not differs:
            raise ValueError(f"{name} has an expectation of its own and no reason for it.")
        _PROGRAMS[name] = Program(
            name=body.__name__, theme=theme, body=body, shows=shows,
            differs=differs or {}, expected=expected,
        )  # fmt: skip
        return body

    return register


def programs() -> list[Program]:
    """All of them, by theme, in the order of their modules' text."""
    for module in sorted(info.name for info in pkgutil.iter_modules(_package.__path__)):
        importlib.import_module(f"{_package.__name__}.{module}")
    return sorted(_PROGRAMS.values(), key=lambda p: p.theme)


def observe(program: Program, library: Library, kind: Kind, folder: Path) -> Any:
    """Run a program once on an empty saver.

    Returns:
        Its observation as JSON; an exception is named as LangGraph's own class, for nbflow as
        all classes it is one of.
    """
    path = folder / f"{program.theme}-{program.name}-{library.name}.sqlite"
    if inspect.iscoroutinefunction(program.body):
        seen = asyncio.run(_observe_async(program, library, kind, path))
    else:
        with library.saver(kind, path) as saver:
            seen = program.body(library, saver)
    shown = Normaliser()(seen)
    return agree(None, shown) if library.name == "langgraph" else shown


async def _observe_async(program: Program, library: Library, kind: Kind, path: Path) -> Any:
    async with library.async_saver(kind, path) as saver:
        return await program.body(library, saver)
