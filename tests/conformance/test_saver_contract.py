"""LangGraph's saver API on every saver of nbflow: numbers 233 to 251 of the semantics.

nbflow stores runs and ops where LangGraph stores channels; so what LangGraph's tests put by hand
is put here by running, answering and updating workflows, and read as LangGraph reads it.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langgraph import func as lg_func
from langgraph import types as lg_types
from langgraph.checkpoint import memory as lg_memory

import nbflow.func
import nbflow.types
from nbflow.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.postgres import PostgresSaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import (
    AlreadyAnsweredError,
    MissingThreadError,
    UnknownCheckpointError,
)
from nbflow.func import entrypoint, task
from nbflow.types import Command, Interrupt, interrupt
from tests.unit.drive import HEX

Config = dict[str, Any]


@pytest.fixture(params=["memory", "sqlite", "sqlite in memory", "postgres"])
def saver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseCheckpointSaver]:
    made: dict[str, Callable[[], BaseCheckpointSaver]] = {
        "memory": InMemorySaver,
        "sqlite": lambda: SqliteSaver(tmp_path / "runs.sqlite"),
        "sqlite in memory": lambda: SqliteSaver(":memory:"),
        "postgres": lambda: PostgresSaver(request.getfixturevalue("postgres")),
    }
    with made[request.param]() as saver:
        yield saver


def on(thread_id: str, **more: Any) -> Config:
    return {"configurable": {"thread_id": thread_id, **more}}


def counter(saver: BaseCheckpointSaver) -> Any:
    """Adds up what it is given; asks when that is negative."""

    @task
    def add(n: int, to: int) -> int:
        return n + to

    @entrypoint(checkpointer=saver)
    def count(n: int, *, previous: int | None = None) -> Any:
        total = add(n, previous or 0).result()
        if n < 0:
            return interrupt({"below": n}) + total
        return total

    return count


def with_metadata(config: Config, **metadata: Any) -> Config:
    return {**config, "metadata": metadata}


def values_of(saver: BaseCheckpointSaver, config: Config | None, **choice: Any) -> list[Any]:
    return [one.checkpoint["channel_values"] for one in saver.list(config, **choice)]


def ids_of(saver: BaseCheckpointSaver, config: Config | None, **choice: Any) -> list[str]:
    return [one.checkpoint["id"] for one in saver.list(config, **choice)]


def newest(saver: BaseCheckpointSaver, config: Config) -> CheckpointTuple:
    found = saver.get_tuple(config)
    assert found is not None
    return found


# -- what is stored comes back ----------------------------------------------------------------


def test_storing_names_the_checkpoint(saver: BaseCheckpointSaver) -> None:
    """233: what stores a checkpoint returns thread_id, checkpoint_ns and checkpoint_id."""
    stored = counter(saver).update_state(on("t"), 7)

    assert stored == on(
        "t", checkpoint_ns="", checkpoint_id=stored["configurable"]["checkpoint_id"]
    )
    assert newest(saver, stored).config == newest(saver, on("t")).config == stored


def test_all_parts_come_back(saver: BaseCheckpointSaver) -> None:
    """234: values, versions, versions_seen, metadata and run_id."""
    count = counter(saver)
    count.invoke(1, with_metadata(on("t"), mine=[1, None], score=0.5))
    count.invoke(2, on("t"))

    closed, opened, first, _ = saver.list(on("t"))
    run_id = closed.metadata["run_id"]

    assert closed.checkpoint["channel_values"] == {"__end__": 3, "__previous__": 3}
    assert opened.checkpoint["channel_values"] == {
        "__end__": 1, "__previous__": 1, "__start__": 2,
    }  # fmt: skip
    versions = opened.checkpoint["channel_versions"]
    assert sorted(versions) == ["__end__", "__previous__", "__start__"]
    assert versions["__end__"] < versions["__start__"]
    assert versions["__start__"] < closed.checkpoint["channel_versions"]["__end__"]
    assert closed.checkpoint["versions_seen"] == {
        "__input__": {}, "count": {"__start__": versions["__start__"]},
    }  # fmt: skip
    assert closed.metadata == {"source": "loop", "step": 2, "parents": {}, "run_id": run_id}
    assert opened.metadata == {"source": "input", "step": 1, "parents": {}, "run_id": run_id}
    assert first.metadata.pop("run_id") not in (run_id, None)
    assert first.metadata == {
        "source": "loop", "step": 0, "parents": {}, "mine": [1, None], "score": 0.5,
    }  # fmt: skip


def test_namespaces(saver: BaseCheckpointSaver) -> None:
    """235: what nested workflows keep is apart from the thread; the default namespace is ""."""
    outer = nesting(saver)
    outer.invoke(1, on("t"))
    outer.invoke(2, on("t"))
    ns = next(thread.ns for thread in saver.list_threads() if thread.ns)

    nested = newest(saver, on("t", checkpoint_ns=ns))

    assert nested.checkpoint["channel_values"] == {"__end__": 3, "__previous__": 3}
    assert nested.config["configurable"]["checkpoint_ns"] == ns
    assert newest(saver, on("t")).checkpoint["channel_values"]["__end__"] == [3]
    assert newest(saver, on("t", checkpoint_ns="")) == newest(saver, on("t"))
    assert len(ids_of(saver, on("t", checkpoint_ns=""))) == 4
    assert len(ids_of(saver, on("t", checkpoint_ns=ns))) == 2
    assert len(ids_of(saver, on("t"))) == 6
    assert saver.get_tuple(on("t", checkpoint_ns="other")) is None
    below = nested.config["configurable"]["checkpoint_id"]
    assert saver.get_tuple(on("t", checkpoint_id=below)) is None


def nesting(saver: BaseCheckpointSaver) -> Any:
    """A workflow with another one in it, which keeps what it saves."""

    @entrypoint(checkpointer=True)
    def inner(n: int, *, previous: int | None = None) -> int:
        return n + (previous or 0)

    @entrypoint(checkpointer=saver)
    def outer(n: int, *, previous: Any = None) -> list[int]:
        return [inner.invoke(n)] if n else [0]

    return outer


def test_threads_and_parents(saver: BaseCheckpointSaver) -> None:
    """236: threads do not see each other; each checkpoint names the one that it follows."""
    count = counter(saver)
    for thread_id in ("t", "u", "t1"):
        count.invoke(1, on(thread_id))
    count.invoke(5, on("t"))

    chain = list(saver.list(on("t")))

    assert [one.parent_config for one in chain] == [*(one.config for one in chain[1:]), None]
    assert {one.config["configurable"]["thread_id"] for one in chain} == {"t"}
    assert len(ids_of(saver, on("u"))) == len(ids_of(saver, on("t1"))) == 2
    strange = chain[0].config["configurable"]["checkpoint_id"]
    assert saver.get_tuple(on("u", checkpoint_id=strange)) is None


def test_there_are_no_channels(saver: BaseCheckpointSaver) -> None:
    """237, 247: writing channels, or reading them as deltas, is refused with the reason."""
    reason = r"not part of nbflow, because its savers keep runs .* Use workflow\."
    checkpoint = {"v": 4, "id": str(uuid.uuid4()), "channel_values": {"a": 1}}

    with pytest.raises(NotImplementedError, match=rf"^put\(\) is {reason}update_state"):
        saver.put(on("t"), checkpoint, {}, {})
    with pytest.raises(NotImplementedError, match=rf"^put_writes\(\) is {reason}invoke"):
        saver.put_writes(on("t"), [("a", 1)], "task")
    with pytest.raises(NotImplementedError, match=rf"^get_delta_channel_history\(\) is {reason}"):
        saver.get_delta_channel_history(config=on("t"), channels=["a"])
    for refused in (
        lambda: saver.aput(on("t"), checkpoint, {}, {}),
        lambda: saver.aput_writes(on("t"), [("a", 1)], "task", "path"),
        lambda: saver.aget_delta_channel_history(config=on("t"), channels=["a"]),
    ):
        with pytest.raises(NotImplementedError, match="LangGraph needs a saver of LangGraph"):
            asyncio.run(awaited(refused))
    assert saver.list_threads() == []


async def awaited(call: Callable[[], Awaitable[Any]]) -> Any:
    return await call()


# -- reading -----------------------------------------------------------------------------------


def test_get_tuple(saver: BaseCheckpointSaver) -> None:
    """238: None when missing, the newest without id, exactly one with id, with its writes."""
    count = counter(saver)
    assert saver.get_tuple(on("t")) is None
    assert saver.get(on("t")) is None
    count.invoke(1, on("t"))
    count.invoke(-2, on("t"))

    opened, before, _ = saver.list(on("t"))

    assert newest(saver, on("t")) == opened == newest(saver, opened.config)
    assert newest(saver, before.config) == before
    assert saver.get(before.config) == before.checkpoint
    assert before.pending_writes == []
    assert opened.pending_writes == [
        (HEX, "__interrupt__", [Interrupt({"below": -2}, HEX)]), (HEX, "__return__", -1),
    ]  # fmt: skip
    state = count.get_state(on("t"))
    question = opened.pending_writes[0]
    assert (question[0], question[2]) == (state.tasks[0].id, list(state.interrupts))
    assert opened.pending_writes[1][0] == state.ops[0].id
    assert saver.get_tuple(on("t", checkpoint_id="junk")) is None
    assert saver.get_tuple(on("nobody", checkpoint_id=opened.checkpoint["id"])) is None
    nameless: list[Config] = [{}, {"configurable": {}}, {"configurable": {"thread": 1}}]
    for config in nameless:
        with pytest.raises(MissingThreadError, match="thread_id"):
            saver.get_tuple(config)


def test_the_twins(saver: BaseCheckpointSaver) -> None:
    """238, 239, 248: each method has one for ``await`` that gives the same."""
    count = counter(saver)
    for n in range(40):
        count.invoke(n, with_metadata(on("t"), n=n))

    async def ask() -> list[Any]:
        listed = [one async for one in saver.alist(on("t"))]
        few = [one async for one in saver.alist(on("t"), filter={"n": 3}, limit=1)]
        assert await saver.aget_tuple(on("none")) is None
        return [await saver.aget_tuple(on("t")), await saver.aget(on("t")), listed, few]

    async def change() -> None:
        await saver.acopy_thread("t", "copy")
        await saver.adelete_for_runs([newest(saver, on("copy")).metadata["run_id"]])
        await saver.aprune(["copy"], strategy="keep_latest")
        await saver.adelete_thread("t")

    assert asyncio.run(ask()) == [
        saver.get_tuple(on("t")), saver.get(on("t")), list(saver.list(on("t"))),
        list(saver.list(on("t"), filter={"n": 3}, limit=1)),
    ]  # fmt: skip
    asyncio.run(change())
    assert values_of(saver, None) == [{"__end__": sum(range(39)), "__previous__": sum(range(39))}]


def test_list(saver: BaseCheckpointSaver) -> None:
    """239: by thread, filter, before and limit; newest first, with writes and own metadata."""
    count = counter(saver)
    stored = [
        count.update_state(with_metadata(on("t"), number=n, half=n // 2, own={"a": [n]}), n)
        for n in range(7)
    ]
    count.invoke(-1, on("u"))
    numbers = [6, 5, 4, 3, 2, 1, 0]

    def found(**choice: Any) -> list[int]:
        return [v["__end__"] for v in values_of(saver, on("t"), **choice)]

    assert found() == numbers
    assert found(filter={"half": 1}) == [3, 2]
    assert found(filter={"half": 1, "source": "update", "number": 2}) == [2]
    assert found(filter={"step": 4}) == [4]
    assert found(filter={"own": {"a": [4]}}) == [4]
    assert found(filter={"half": 99}) == found(filter={"unknown": 1}) == []
    assert found(filter={"unknown": None}) == found(filter={}) == numbers
    assert found(limit=3) == [6, 5, 4]
    assert found(limit=0) == []
    assert found(limit=100) == numbers
    assert found(filter={"half": 0}, limit=1) == [1]
    assert found(before=stored[4]) == [3, 2, 1, 0]
    assert found(before=stored[4], limit=2) == [3, 2]
    only_id = {"configurable": {"checkpoint_id": stored[2]["configurable"]["checkpoint_id"]}}
    assert found(before=only_id) == [1, 0]
    assert found(before=on("t")) == numbers
    assert [one.pending_writes for one in saver.list(on("u"))] == [
        [(HEX, "__interrupt__", [Interrupt({"below": -1}, HEX)]), (HEX, "__return__", -1)]
    ]
    assert list(saver.list(stored[3])) == [saver.get_tuple(stored[3])]
    assert list(saver.list(on("nobody"))) == []


def test_list_over_all_threads(saver: BaseCheckpointSaver) -> None:
    """239: without a configuration, the checkpoints of all threads in the order of storing."""
    count = counter(saver)
    for n, thread_id in enumerate("abacab"):
        count.update_state(with_metadata(on(thread_id), even=n % 2 == 0), n)

    assert [v["__end__"] for v in values_of(saver, None)] == [5, 4, 3, 2, 1, 0]
    assert [v["__end__"] for v in values_of(saver, None, filter={"even": True})] == [4, 2, 0]
    mark = newest(saver, on("c")).config
    assert [v["__end__"] for v in values_of(saver, None, before=mark, limit=2)] == [2, 1]


def test_list_pages(saver: BaseCheckpointSaver) -> None:
    """239: a long history, in any portion; what is stored meanwhile is not mixed in."""
    count = counter(saver)
    stored = [count.update_state(on("t"), n) for n in range(257)]
    taken = saver.list(on("t"))
    first = [next(taken).checkpoint["channel_values"]["__end__"] for _ in range(30)]
    count.update_state(on("t"), -1)

    assert first + [t.checkpoint["channel_values"]["__end__"] for t in taken] == [
        *reversed(range(257))
    ]
    assert [v["__end__"] for v in values_of(saver, on("t"), before=stored[99], limit=100)] == [
        *reversed(range(99))
    ]


def test_filters_that_cannot_be_meant(saver: BaseCheckpointSaver) -> None:
    """250: text in filter and limit is data, never SQL; what is no text or number is refused."""
    hostile = ["x' OR '1'='1", "'); DROP TABLE ckpt; --", "a\0b", '"', "$.source", "access-token"]
    count = counter(saver)
    count.invoke(1, with_metadata(on("t"), **dict.fromkeys(hostile, "'; --")))

    for key in hostile:
        assert len(ids_of(saver, on("t"), filter={key: "'; --"})) == 2
        assert ids_of(saver, on("t"), filter={key: 1}) == []
        assert ids_of(saver, on("t"), filter={"source": key}) == []
    for limit in (-1, "1; DROP TABLE ckpt", 1.5, True):
        with pytest.raises(ValueError, match="expected None for all, or a number"):
            saver.list(on("t"), limit=limit)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="expected None for all, or a number"):
            saver.list_checkpoints("t", limit=limit)  # type: ignore[arg-type]
    keys: list[Any] = [1, None, b"source", ("a",)]
    for key in keys:
        with pytest.raises(ValueError, match="no text"):
            saver.list(on("t"), filter={key: 1})
    with pytest.raises(UnknownCheckpointError, match="junk"):
        saver.list(on("t"), before=on("t", checkpoint_id="junk"))
    with pytest.raises(MissingThreadError):
        saver.list(None, before={"configurable": {"checkpoint_id": "junk"}})
    assert len(ids_of(saver, None)) == 2


def test_a_key_with_dots_is_one_key(saver: BaseCheckpointSaver) -> None:
    """251: a dot in a filter's key is part of the key, no way into it."""
    count = counter(saver)
    count.update_state(with_metadata(on("t"), **{"a.b": 1, "c": {"d": 2}}), 1)

    assert len(ids_of(saver, on("t"), filter={"a.b": 1})) == 1
    assert len(ids_of(saver, on("t"), filter={"c": {"d": 2}})) == 1
    assert (
        ids_of(saver, on("t"), filter={"c.d": 2}) == ids_of(saver, on("t"), filter={"a": 1}) == []
    )


# -- the facts of a run ------------------------------------------------------------------------


def test_writes_of_many_tasks(saver: BaseCheckpointSaver) -> None:
    """240: every task's fact, each under its task's id; a fact is stored once."""

    @task
    def child(n: int) -> int:
        return n * 10

    @task
    def works(n: int) -> Any:
        if n == 2:
            raise OSError("no")
        if n == 3:
            return interrupt("go on?")
        return child(n).result()

    @entrypoint(checkpointer=saver)
    def many(count: int) -> Any:
        calls = [works(n) for n in range(count)]
        done = [calls[n].result() for n in (0, 1)]
        with pytest.raises(OSError, match="no"):
            calls[2].result()
        return [*done, calls[3].result()]

    many.invoke(4, on("t"))
    ops = {op.id: op for op in many.get_state(on("t")).ops}
    before = newest(saver, on("t"))
    assert before.pending_writes is not None
    facts = {(task_id, channel) for task_id, channel, _ in before.pending_writes}
    shown = sorted(
        (ops[task_id].name or "", channel, str(value))
        for task_id, channel, value in before.pending_writes
        if channel != "__interrupt__"
    )

    assert shown == [
        ("child", "__return__", "0"), ("child", "__return__", "10"),
        ("works", "__error__", "OSError('no')"), ("works", "__return__", "0"),
        ("works", "__return__", "10"),
    ]  # fmt: skip
    (asked,) = [(i, v) for i, c, v in before.pending_writes if c == "__interrupt__"]
    assert ops[asked[0]].name == "works"
    assert asked[1] == [Interrupt("go on?", HEX)]

    many.invoke(None, on("t"))

    after = newest(saver, on("t"))
    assert after.pending_writes is not None
    assert {(task_id, channel) for task_id, channel, _ in after.pending_writes} == facts
    assert len(after.pending_writes) == len(facts)


def test_failures_questions_and_answers(saver: BaseCheckpointSaver) -> None:
    """241: the newest failure and question of a task stand; outcomes and answers are the first."""

    @task
    def fragile(n: int) -> int:
        if len(attempts) < n:
            attempts.append(n)
            raise OSError(f"attempt {len(attempts)}")
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        value = fragile(n).result()
        return [value, interrupt("one"), interrupt("two")]

    def writes() -> list[tuple[str, Any]]:
        found = next(t for t in saver.list(on("t")) if t.metadata["source"] == "input")
        return [(channel, value) for _, channel, value in found.pending_writes or ()]

    attempts: list[int] = []
    for attempt in (1, 2):
        with pytest.raises(OSError, match="attempt"):
            workflow.invoke(2, on("t")) if attempt == 1 else workflow.invoke(None, on("t"))
        assert [w for w in writes() if w[0] == "__error__"] == [
            ("__error__", f"OSError('attempt {attempt}')")
        ] * 2
    (first,) = workflow.invoke(None, on("t"))["__interrupt__"]
    assert ("__interrupt__", [first]) in writes()
    assert ("__return__", 2) in writes()
    workflow.invoke(Command(resume={first.id: "a"}), on("t"))
    (second,) = workflow.get_state(on("t")).interrupts

    assert [w for w in writes() if w[0] in ("__interrupt__", "__resume__")] == [
        ("__resume__", ["a"]), ("__interrupt__", [second]),
    ]  # fmt: skip
    with pytest.raises(AlreadyAnsweredError):
        workflow.invoke(Command(resume={first.id: "again"}), on("t"))
    assert workflow.invoke(Command(resume={second.id: None}), on("t")) == [2, "a", None]
    assert [w for w in writes() if w[0] in ("__interrupt__", "__resume__")] == [
        ("__resume__", ["a", None]), ("__interrupt__", [second]),
    ]  # fmt: skip


def test_writes_belong_to_one_run(saver: BaseCheckpointSaver) -> None:
    """242: the next run, and the checkpoint that closes one, show none of them."""
    count = counter(saver)
    count.invoke(-1, on("t"))
    with pytest.warns(UserWarning, match="open questions are dropped"):
        count.invoke(3, on("t"))

    assert [[w[1:] for w in one.pending_writes or ()] for one in saver.list(on("t"))] == [
        [], [("__return__", 3)],
        [("__interrupt__", [Interrupt({"below": -1}, HEX)]), ("__return__", -1)],
    ]  # fmt: skip


def test_writes_of_a_fork(saver: BaseCheckpointSaver) -> None:
    """238: a fork shows what it keeps of the run that it is a fork of, under ids of its own."""

    @task
    def step(n: int) -> int:
        return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [step(1).result(), step(2).result(), interrupt("?")]

    workflow.invoke(0, on("t"))
    ops = workflow.get_state(on("t")).ops
    forked = workflow.fork(on("t"), after=ops[0].id)
    again = workflow.fork(forked)

    of_forks = [newest(saver, config) for config in (forked, again)]

    for one in of_forks:
        assert [w[1:] for w in one.pending_writes or ()] == [("__return__", 1)]
        assert one.metadata["source"] == "fork"
    assert list(saver.list(on("t"), limit=2)) == of_forks[::-1]
    assert len({one.pending_writes[0][0] for one in of_forks if one.pending_writes}) == 2
    workflow.invoke(None, again)
    assert [w[1:] for w in newest(saver, on("t")).pending_writes or ()] == [
        ("__interrupt__", [Interrupt("?", HEX)]), ("__return__", 1), ("__return__", 2),
    ]  # fmt: skip


def _play(library: Any, types: Any, saver: Any) -> list[Any]:
    @library.task  # type: ignore[untyped-decorator]  # of either library
    def half(n: int) -> float:
        if n > 8:
            raise ValueError("too much")
        return n / 2

    @library.entrypoint(checkpointer=saver)  # type: ignore[untyped-decorator]
    def workflow(n: int, *, previous: Any = None) -> Any:
        halves = [half(n).result(), half(n + 1).result()]
        answer = types.interrupt({"halves": halves})
        return library.entrypoint.final(value=halves, save=[answer, previous])

    config = {**on("t"), "metadata": {"own": "x"}}
    seen = []

    def look() -> None:
        found = list(saver.list(config))
        assert found[0] == saver.get_tuple(config)
        seen.append([_shape(one, found) for one in found])

    workflow.invoke(4, config)
    look()
    workflow.invoke(types.Command(resume="yes"), config)
    look()
    with pytest.raises(ValueError, match="too much"):
        workflow.invoke(9, config)
    look()
    workflow.update_state(config, {"by": "hand"})
    look()
    return seen


def _shape(one: Any, found: list[Any]) -> Any:
    """What both libraries have, without what is random or is nbflow's own."""
    names = {other.checkpoint["id"]: n for n, other in enumerate(reversed(found))}
    above = one.parent_config
    writes = [
        (channel, [q.value for q in value] if channel == "__interrupt__" else value)
        for task_id, channel, value in one.pending_writes
        if channel not in ("__end__", "__previous__") and not task_id.startswith("00000000-0000")
    ]
    return {
        "values": {k: _listed(v) for k, v in one.checkpoint["channel_values"].items()},
        "channels": sorted(one.checkpoint["channel_versions"]),
        "keys": sorted(one.checkpoint),
        "v": one.checkpoint["v"],
        "updated": one.checkpoint["updated_channels"],
        "metadata": {k: _listed(v) for k, v in one.metadata.items() if k != "run_id"},
        "parent": None if above is None else names[above["configurable"]["checkpoint_id"]],
        "keys of config": sorted(one.config["configurable"]),
        "writes": sorted(writes, key=repr),
    }


def _listed(value: Any) -> Any:
    """LangGraph's metadata and values come back with lists for tuples."""
    if isinstance(value, dict):
        return {key: _listed(one) for key, one in value.items()}
    return [_listed(one) for one in value] if isinstance(value, list | tuple) else value


def test_the_same_as_langgraph(saver: BaseCheckpointSaver) -> None:
    """233-242: one program, read through both libraries' savers."""
    theirs = _play(lg_func, lg_types, lg_memory.InMemorySaver())

    assert _play(nbflow.func, nbflow.types, saver) == theirs


# -- sync and async ----------------------------------------------------------------------------


def test_one_saver_for_sync_and_async(saver: BaseCheckpointSaver) -> None:
    """248: a saver has no kinds; sync code, async code and threads share one thread's state."""
    count = counter(saver)
    assert count.invoke(1, on("t")) == 1
    assert asyncio.run(count.ainvoke(2, on("t"))) == 3

    async def both() -> tuple[Any, Any]:
        inside = saver.get(on("t"))
        return inside, await asyncio.to_thread(count.invoke, 4, on("t"))

    inside, later = asyncio.run(both())
    assert (inside["channel_values"]["__end__"], later) == (3, 7)


def test_one_saver_for_many_event_loops(saver: BaseCheckpointSaver) -> None:
    """249: a saver belongs to no event loop: a second one, or sync calls inside one, are fine."""
    count = counter(saver)

    async def add(n: int) -> tuple[Any, Any, list[str]]:
        value = await count.ainvoke(n, on("t"))
        with_sync = saver.get(on("t"))
        return value, with_sync, [one.checkpoint["id"] async for one in saver.alist(on("t"))]

    totals = []
    for n in (1, 2, 3):
        value, found, ids = asyncio.run(add(n))
        assert found["channel_values"]["__end__"] == value
        totals.append((value, len(ids)))
    assert totals == [(1, 2), (3, 4), (6, 6)]
