"""Every public name says what it is and shows it, and every example shows what it says.

Public is what stands in the ``__all__`` of a module without an underscore in its path. What is
excused here has its reason beside it, and an excuse that nobody needs is a fault.
"""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

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

Excuses = dict[str, str]

NO_TEXT: Excuses = {
    "nbflow.testing.*.test_*": "a test has the name of what it asserts",
}

NO_FIELD_TEXT: Excuses = {
    "nbflow.widgets.inbox_protocol.*": "a message has the names of what it tells of",
    "nbflow.widgets.panel_protocol.*": "a message has the names of what it tells of",
    "nbflow.forms.model.*": "a message has the names of the event that it is made of",
    "nbflow.widgets.protocol.*": "a message has the names of the event that it is made of",
    "nbflow.widgets.history_protocol.*": "a message has the names of what it tells of",
    "nbflow.widgets.start_protocol.*": "a message has the names of what it tells of",
}

NO_EXAMPLE: Excuses = {
    "nbflow.branches.Branch": "branches_of makes it, and shows it",
    "nbflow.branches.OpPair": "paired makes it, and shows it",
    "nbflow.*load_ipython_extension": "needs a notebook; tests/notebook runs it",
    "nbflow.checkpoint.base.*Row": "only a backend makes one",
    "nbflow.checkpoint.base.CheckpointTuple": "BaseCheckpointSaver.get_tuple shows one",
    "nbflow.checkpoint.base.require_names": "only a backend calls it",
    "nbflow.checkpoint.refusals.*": "only a backend calls it, and it only raises",
    "nbflow.cli.execute_demo": "starts a kernel; tests/notebook runs it",
    "nbflow.errors.*": "raised, not made; NbflowError shows how one is caught",
    "nbflow.events.*": "told, not made; Event shows how they are read",
    "nbflow.headless.execution.Declined": "Execution takes it; tests/notebook runs it",
    "nbflow.headless.execution.Execution": "starts a kernel; tests/notebook runs it",
    "nbflow.headless.failures.*": "raised, not made",
    "nbflow.headless.execution.Reply": "Execution takes it; tests/notebook runs it",
    "nbflow.notebook.answers.answer_file": "reads the environment; AnswerFile shows the rest",
    "nbflow.notebook.display.*": "needs a notebook; tests/notebook runs it",
    "nbflow.notebook.extension.*": "needs a notebook; tests/notebook runs it",
    "nbflow.record.summary.*": "summary_of makes it, and shows it",
    "nbflow.notebook.prints.*": "needs a notebook; tests/notebook runs it",
    "nbflow.forms.model.*": "tests/messages holds every one",
    "nbflow.notebook.magics.*_magics": "needs IPython; tests/notebook runs it",
    "nbflow.notebook.supervisor.*": "needs a kernel that is executed; tests/notebook runs it",
    "nbflow.notebook.tap.*": "needs a kernel; tests/notebook runs it",
    "nbflow.notebook.taps.*": "needs a kernel; tests/notebook runs it",
    "nbflow.notebook.waiting.*": "needs a notebook; tests/notebook runs it",
    "nbflow.run_stream.AsyncRunStream": "RunStream shows the same without await",
    "nbflow.serde.register": "register_annotations and loads show what it is for",
    "nbflow.store.base.Embeddings": "a protocol; InMemoryStore shows a function in its place",
    "nbflow.store.base.IndexConfig": "a plain dict; InMemoryStore shows one",
    "nbflow.store.base.NotProvided": "the default of BaseStore.put, which shows that",
    "nbflow.store.base.SearchItem": "an Item, which shows the rest",
    "nbflow.store.base.TTLConfig": "a plain dict of settings",
    "nbflow.terminal.run.NotebookOutcome": "run_notebook makes it",
    "nbflow.terminal.run.ExitStatus": "an exit status; tests/notebook has a test for each",
    "nbflow.terminal.run.run_notebook": "starts a kernel; tests/notebook runs it",
    "nbflow.types.OpSnapshot": "only the engine makes one",
    "nbflow.types.PlannedCall": "ReplayReport shows one",
    "nbflow.types.PregelTask": "only the engine makes one",
    "nbflow.types.PrintWriter": "get_print_writer shows it",
    "nbflow.types.TokenWriter": "a protocol; get_token_writer shows one",
    "nbflow.types.Unset": "the default of Command, which shows that",
    "nbflow.widgets.assets.*": "needs a built front end; tests/notebook runs it",
    "nbflow.widgets.batches.Flushable": "a protocol; Batches shows one",
    "nbflow.widgets.conversation.BadMessageError": "raised, not made",
    "nbflow.widgets.conversation.Page": "a protocol; test_session shows one",
    "nbflow.widgets.protocol.*": "tests/messages holds every message",
    "nbflow.widgets.history_protocol.*": "tests/messages holds every message",
    "nbflow.widgets.inbox_protocol.*": "tests/messages holds every message",
    "nbflow.widgets.panel_protocol.*": "tests/messages holds every message",
    "nbflow.widgets.inbox_session.Keeper": "a protocol; nbflow.server.databases has one",
    "nbflow.server.*": "needs a Jupyter server; tests/server runs it",
    "nbflow.notebook.panel.*": "needs a kernel; tests/notebook runs it",
    "nbflow.widgets.inbox_view.*": "needs a built front end; tests/browser runs it",
    "nbflow.widgets.start_protocol.*": "tests/messages holds every message",
    "nbflow.widgets.start_view.*": "needs a built front end; tests/browser runs it",
    "nbflow.widgets.run_view.*": "needs a built front end; tests/notebook runs it",
    "nbflow.widgets.session.Session": "session_of shows one",
    "nbflow.widgets.view.*": "needs a built front end; tests/notebook runs it",
}

SMALL_WORDS = frozenset(["a", "an", "as", "get", "is", "of", "return", "returns", "s", "the"])


@dataclass(frozen=True, slots=True)
class Name:
    """One public name, where it is defined."""

    public: str
    """Such as ``nbflow.types.Command``."""
    home: str
    """The module that defines it, which may be a private one."""
    value: Any

    @property
    def local(self) -> str:
        return self.public.rpartition(".")[2]


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(importlib.import_module(module)))


def home(module: str, name: str) -> str:
    """Where a name is defined that a module may only import."""
    for node in tree(module).body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if name == (alias.asname or alias.name) and str(node.module).startswith("nbflow"):
                    return home(str(node.module), alias.name)
    return module


@cache
def names(module: str) -> Sequence[Name]:
    """What is public and has its only public home here."""
    there = importlib.import_module(module)
    found = [
        Name(f"{module}.{name}", home(module, name), getattr(there, name))
        for name in getattr(there, "__all__", ())
    ]
    return [one for one in found if one.home == module or one.home not in PUBLIC]


def class_node(cls: type) -> ast.ClassDef:
    node: Any = tree(cls.__module__)
    for part in cls.__qualname__.split("."):
        node = next(n for n in node.body if isinstance(n, ast.ClassDef) and n.name == part)
    assert isinstance(node, ast.ClassDef)
    return node


def is_own_class(name: Name) -> bool:
    return isinstance(name.value, type) and name.value.__name__ == name.local


def texts_beneath(body: Sequence[ast.stmt], of: str = "") -> dict[str, str]:
    """Each public name that is assigned in a body, with the text beneath the assignment.

    Args:
        of: ``self.`` for attributes that a method assigns.
    """
    found: dict[str, str] = {}
    for at, node in enumerate(body):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            path = "" if target is None else ast.unparse(target)
            name = path.removeprefix(of)
            if not path.startswith(of) or not name.isidentifier():
                continue
            after = list(body[at + 1 : at + 2])
            text = ast.get_docstring(ast.Module(after, [])) if after else None
            found[name] = found.get(name) or text or ""
    return found


def members(cls: type) -> Iterator[tuple[str, Any]]:
    """Public methods and properties that nbflow defines; of the rest, only ``__call__``."""
    for name in dir(cls):
        member = inspect.getattr_static(cls, name)
        function = getattr(member, "fget", None) or getattr(member, "__func__", member)
        if name.startswith("_") and name != "__call__":
            continue
        if isinstance(function, FunctionType) and function.__module__.startswith("nbflow"):
            yield name, member


def text_of(name: Name) -> str:
    """What a public name says of itself; nothing that Python made up."""
    if is_own_class(name):
        return ast.get_docstring(class_node(name.value)) or ""
    if inspect.isroutine(inspect.unwrap(name.value)):
        return inspect.getdoc(name.value) or ""
    return texts_beneath(tree(name.home).body).get(name.local, "")


def says_something(text: str, name: str) -> bool:
    """Whether a text says more than the name does."""
    known = set(re.findall(r"[a-z]+", re.sub(r"([A-Z])", r" \1", name).lower()))
    return bool(set(re.findall(r"[a-z]+", text.lower())) - known - SMALL_WORDS)


def lacking(
    module: str, excuses: Excuses, find: Callable[[Name], Iterator[str]], used: set[str]
) -> list[str]:
    """What is found and not excused."""
    found = [public for name in names(module) for public in find(name)]
    left = []
    for public in found:
        fitting = [one for one in excuses if fnmatchcase(public, one)]
        used.update(fitting)
        if not fitting:
            left.append(public)
    return left


def without_text(name: Name) -> Iterator[str]:
    if not says_something(text_of(name), name.local):
        yield name.public
    if is_own_class(name):
        cls = name.value
        for member, value in members(cls):
            text = inspect.getdoc(value if isinstance(value, property) else getattr(cls, member))
            if not says_something(text or "", member):
                yield f"{name.public}.{member}"


def without_field_text(name: Name) -> Iterator[str]:
    if not is_own_class(name):
        return
    node = class_node(name.value)
    fields = texts_beneath(node.body)
    if issubclass(name.value, Enum) and len(fields) == 1:
        return  # a sentinel
    for function in node.body:
        if isinstance(function, ast.FunctionDef) and function.name == "__init__":
            fields = {**texts_beneath(function.body, "self."), **fields}
    said = text_of(name)
    for field, text in fields.items():
        told = text or re.search(rf"^\s*{field}: |``{field}``", said, re.MULTILINE)
        if not told and not field.startswith("_"):
            yield f"{name.public}.{field}"


def without_example(name: Name) -> Iterator[str]:
    texts = [text_of(name)]
    if is_own_class(name):
        cls = name.value
        texts += [inspect.getdoc(getattr(cls, member)) or "" for member, _ in members(cls)]
    elif not inspect.isroutine(inspect.unwrap(name.value)):
        return
    if not any(">>>" in text for text in texts):
        yield name.public


@pytest.mark.parametrize("text", ["", "Return the state.", "The thread's state."])
def test_an_echo_of_the_name_says_nothing(text: str) -> None:
    assert not says_something(text, "get_thread_state")


@pytest.mark.parametrize("module", PUBLIC)
def test_every_name_says_what_it_is(module: str) -> None:
    assert lacking(module, NO_TEXT, without_text, set()) == []


@pytest.mark.parametrize("module", PUBLIC)
def test_every_field_is_documented_beneath_it(module: str) -> None:
    assert lacking(module, NO_FIELD_TEXT, without_field_text, set()) == []


@pytest.mark.parametrize("module", PUBLIC)
def test_every_name_has_an_example(module: str) -> None:
    assert lacking(module, NO_EXAMPLE, without_example, set()) == []


@pytest.mark.parametrize(
    ("excuses", "find"),
    [
        (NO_TEXT, without_text),
        (NO_FIELD_TEXT, without_field_text),
        (NO_EXAMPLE, without_example),
    ],
)
def test_every_excuse_is_needed(excuses: Excuses, find: Callable[[Name], Iterator[str]]) -> None:
    used: set[str] = set()
    for module in PUBLIC:
        lacking(module, excuses, find, used)

    assert set(excuses) - used == set()


@pytest.mark.parametrize("name", PUBLIC)
def test_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert failed == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", PUBLIC)
def test_what_is_exported_is_there(name: str) -> None:
    module = importlib.import_module(name)
    assert [n for n in getattr(module, "__all__", ()) if not hasattr(module, n)] == []
