"""Names are data: what is special in SQL, or odd in any way, names a thread like any other text."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import NbflowError
from nbflow.func import entrypoint, task

ODD = [
    "'",
    '"',
    "`",
    ";",
    "--",
    "/*",
    "'; DROP TABLE op; --",
    "x' OR '1'='1",
    "%",
    "_",
    "\\",
    "?1",
    ":run",
    "@x",
    "$1",
    "{}",
    "%s",
    "NULL",
    "0",
    "-1",
    "1e18",
    " ",
    "",
    "a\0b",
    "\0",
    "\n",
    "é",
    "e\u0301",
    "\u202eabc",
    "👩‍👩‍👧",
    "\U0010ffff",
    "\ud800",
    "a" * 10_000,
    "*",
    "[a]",
    "a|b",
    "a:b",
]
NAMES = st.one_of(st.sampled_from(ODD), st.text(max_size=12))
FEW = st.sampled_from(["a", "'a'", "%", "A"])
"""So that steps meet."""
THREADS = st.one_of(FEW, NAMES)
LIMITS = st.sampled_from([None, 0, 1, 3, -1, 10**18, 10**30, 1.5, "1; DROP TABLE op"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("run"), THREADS, st.one_of(st.just(""), NAMES), NAMES, NAMES),
        st.tuples(st.just("update"), THREADS, NAMES),
        st.tuples(st.just("delete_thread"), THREADS),
        st.tuples(st.just("copy_thread"), THREADS, THREADS),
        st.tuples(st.just("prune"), st.lists(THREADS, max_size=2)),
        st.tuples(st.just("list"), st.one_of(st.none(), THREADS), NAMES, NAMES, LIMITS),
        st.tuples(st.just("state"), THREADS, st.one_of(st.just(""), NAMES)),
    ),
    max_size=12,
)


def _step(saver: BaseCheckpointSaver, workflow: Any, step: tuple[Any, ...]) -> Any:
    what, *of = step
    if what == "run":
        thread_id, ns, key, value = of
        configurable = {"thread_id": thread_id, "checkpoint_ns": ns}
        return workflow.invoke(value, {"configurable": configurable, "metadata": {key: value}})
    if what == "update":
        workflow.update_state(_on(of[0]), of[1])
        return None
    if what == "list":
        thread_id, key, value, limit = of
        config = None if thread_id is None else _on(thread_id)
        found = saver.list(config, filter={key: value}, limit=limit)
        return [(one.checkpoint["channel_values"], one.metadata.get(key)) for one in found]
    if what == "state":
        return workflow.get_state(
            {"configurable": {"thread_id": of[0], "checkpoint_ns": of[1]}}
        ).values
    return getattr(saver, what)(*of)


def _on(thread_id: str) -> dict[str, Any]:
    return {"configurable": {"thread_id": thread_id}}


def play(saver: BaseCheckpointSaver, steps: list[tuple[Any, ...]]) -> list[Any]:
    """What a saver answers, step by step; last, all that it has."""

    @task
    def say(text: str) -> str:
        return text

    @entrypoint(checkpointer=saver)
    def workflow(text: str, *, previous: Any = None) -> str:
        return say(f"{previous}{text}"[-20_000:]).result()

    told: list[Any] = []
    for step in steps:
        try:
            told.append(_step(saver, workflow, step))
        except (NbflowError, ValueError) as error:
            told.append(type(error).__name__)
    told.append(sorted((one.thread_id, one.ns, one.status) for one in saver.list_threads()))
    told.append([one.checkpoint["channel_values"] for one in saver.list(None)])
    return told


@contextmanager
def on_disk() -> Iterator[SqliteSaver]:
    with tempfile.TemporaryDirectory() as folder, SqliteSaver(Path(folder) / "x.sqlite") as saver:
        yield saver


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_a_file_answers_as_memory_does(steps: list[tuple[Any, ...]]) -> None:
    """Fault 34: ids, namespaces, filters and limits of any text: the same answers, or refusals."""
    with on_disk() as saver:
        assert play(saver, steps) == play(InMemorySaver(), steps)


@pytest.mark.parametrize("name", ODD, ids=lambda name: f"{name!r:.30}")
def test_an_odd_name_names_one_thread(name: str, tmp_path: Path) -> None:
    """Fault 34: it is found under itself alone, next to one that looks like it."""
    steps: list[tuple[Any, ...]] = [
        ("run", name, "", "k", "v"), ("run", f"{name}2", "", "k", "w"), ("state", name, ""),
        ("run", name, "", "k", "x"), ("state", f"{name}2", ""), ("list", name, "k", "x", None),
        ("delete_thread", f"{name}2"), ("state", name, ""),
    ]  # fmt: skip
    with on_disk() as saver:
        told = play(saver, steps)
    if name == "\ud800":
        assert told[0] == told[1] == "InvalidNameError"
        return
    assert told[2:5] == ["Nonev", "Nonevx", "Nonew"]
    assert [metadata for _, metadata in told[5]] == ["x", "x"]
    assert told[7:9] == ["Nonevx", [(name, "", "idle")]]


@pytest.mark.parametrize("limit", [-1, 1.5, "1", float("inf")])
def test_a_limit_that_is_none(limit: Any, tmp_path: Path) -> None:
    """Fault 34: refused by every backend, before anything is read."""
    with on_disk() as saver:
        for one in (saver, InMemorySaver()):
            with pytest.raises(ValueError, match="limit"):
                one.list(None, limit=limit)
