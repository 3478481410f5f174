"""Each public name has one home, and a module shows nothing that it does not declare."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import ParamSpec, TypeVar

import pytest

import nbflow

PUBLIC = [
    "nbflow",
    *sorted(
        module.name
        for module in pkgutil.walk_packages(nbflow.__path__, "nbflow.")
        if not any(part.startswith("_") for part in module.name.split("."))
    ),
]

REEXPORTED = {
    "Inbox": ("nbflow.widgets.inbox", "nbflow"),  # one call, as it is written
    "Failure": ("nbflow.types", "nbflow.events"),  # the events say it
    "Record": ("nbflow.export.story", "nbflow.export"),  # export.record(run) makes one
    "acting_as": ("nbflow.identity", "nbflow"),  # one call, as it is written
    "adopt": ("nbflow.guests.graph", "nbflow"),  # one call, as it is written
    "answer_of": ("nbflow.forms.answers", "nbflow.forms"),
    "decided_in": ("nbflow.forms.answers", "nbflow.forms"),
    "glue": ("nbflow.notebook.glued", "nbflow"),  # one call, as it is written
    "form_of": ("nbflow.forms.schema", "nbflow.forms"),
    "notebook_task": ("nbflow.headless.notebooks", "nbflow"),  # one call, as it is written
    "now": ("nbflow.recorded", "nbflow"),  # nbflow.now() is how it is written
    "picture": ("nbflow.evidence", "nbflow"),  # one call, as it is written
    "places_in_form": ("nbflow.forms.answers", "nbflow.forms"),
    "plain_answer": ("nbflow.forms.answers", "nbflow.forms"),
    "preview": ("nbflow.forms.preview", "nbflow.forms"),
    "record": ("nbflow.export.story", "nbflow.export"),
    "random": ("nbflow.recorded", "nbflow"),
    "review": ("nbflow.queues", "nbflow"),  # one call, as it is written
    "uuid": ("nbflow.recorded", "nbflow"),
    "without_secrets": ("nbflow.forms.schema", "nbflow.forms"),
}
"""Where a name lives, and where else it is to be had."""

NAMESAKES = {
    "Task": ("nbflow.func", "nbflow.record.summary"),  # what runs, and a line about it
    "at_pause": ("nbflow.notebook.display", "nbflow.notebook.waiting"),  # the one calls the other
    "before_wait": ("nbflow.notebook.display", "nbflow.notebook.waiting"),
    "load_ipython_extension": ("nbflow", "nbflow.notebook.extension"),  # loads it when it is used
    "read": (  # all conventions, and each
        "nbflow.forms.conventions",
        "nbflow.forms.conventions.ag_ui",
        "nbflow.forms.conventions.agent_inbox",
        "nbflow.forms.conventions.hitl",
        "nbflow.forms.conventions.mcp",
        "nbflow.forms.conventions.plain",
        "nbflow.forms.conventions.tool_approval",
    ),
    "unload_ipython_extension": ("nbflow", "nbflow.notebook.extension"),
}
"""Different things of one name."""


def exported() -> dict[str, list[str]]:
    """Each public name with the modules that declare it."""
    homes: dict[str, list[str]] = {}
    for module in PUBLIC:
        for name in getattr(importlib.import_module(module), "__all__", ()):
            homes.setdefault(name, []).append(module)
    return homes


def imported(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(inspect.getsource(importlib.import_module(module)))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)


def test_each_name_has_one_home() -> None:
    several = {name: set(homes) for name, homes in exported().items() if len(homes) > 1}

    assert several == {name: set(homes) for name, homes in {**REEXPORTED, **NAMESAKES}.items()}


@pytest.mark.parametrize("name", REEXPORTED)
def test_what_is_exported_twice_is_one_thing(name: str) -> None:
    first, second = (getattr(importlib.import_module(home), name) for home in REEXPORTED[name])

    assert first is second


@pytest.mark.parametrize("name", NAMESAKES)
def test_namesakes_differ(name: str) -> None:
    things = {id(getattr(importlib.import_module(home), name)) for home in NAMESAKES[name]}

    assert len(things) == len(NAMESAKES[name])


@pytest.mark.parametrize("module", PUBLIC)
def test_a_module_shows_what_it_declares_and_nothing_else(module: str) -> None:
    there = importlib.import_module(module)
    foreign = {*getattr(there, "__all__", ()), *imported(module)}
    shown = {
        name
        for name in dir(there)
        if not name.startswith("_")
        and name not in foreign
        and not isinstance(getattr(there, name), ModuleType | TypeVar | ParamSpec)
    }

    assert shown == set()
