"""Injection and context: numbers 183 to 200 of the semantics."""

import asyncio
import threading
import time
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.config import RunnableConfig, get_config, get_store, get_stream_writer
from nbflow.errors import NbflowError, OutsideRunError
from nbflow.func import entrypoint, task
from nbflow.runtime import ExecutionInfo, RunControl, Runtime, ServerInfo, get_runtime
from nbflow.store.base import BaseStore
from nbflow.store.memory import InMemoryStore
from nbflow.types import RetryPolicy, StreamWriter
from tests.unit.drive import HEX, Config, Drive, on_thread, within


def test_injection_into_the_entrypoint(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """183"""
    kept = InMemoryStore()

    @entrypoint(checkpointer=saver, store=kept)
    def workflow(
        n: int,
        config: RunnableConfig,
        previous: Any,
        runtime: Runtime[None],
        store: BaseStore,
        writer: StreamWriter,
    ) -> Any:
        writer("written")
        assert store is kept
        assert runtime.store is kept
        assert runtime.previous == previous
        return [config["configurable"]["thread_id"], previous]

    assert drive.invoke(workflow, 1, config) == ["some_thread_id", None]
    assert drive.stream(workflow, 1, config, stream_mode=["custom", "values"]) == [
        ("custom", "written"),
        ("values", ["some_thread_id", ["some_thread_id", None]]),
    ]


def test_injection_without_annotations(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """183"""

    workflow = entrypoint(checkpointer=saver, store=InMemoryStore())(
        lambda n, *, config, previous, runtime, store, writer: [
            config["tags"],
            previous,
            runtime.store is store,
            writer("written"),
        ]
    )
    assert drive.invoke(workflow, 1, {**config, "tags": ["a"]}) == [["a"], None, True, None]


def test_injection_with_quoted_annotations(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """183"""

    @entrypoint(checkpointer=saver, store=InMemoryStore())
    def workflow(n: "int", *, store: "BaseStore", runtime: "Runtime[None]") -> "bool":
        return store is runtime.store

    assert drive.invoke(workflow, 1, config) is True


@pytest.mark.parametrize("kind", [InMemoryStore, BaseStore, "InMemoryStore", object, None])
def test_any_annotation_of_store(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, kind: Any
) -> None:
    """184"""

    def workflow(n: int, store: Any = None) -> bool:
        return isinstance(store, InMemoryStore)

    workflow.__annotations__["store"] = kind
    made = entrypoint(checkpointer=saver, store=InMemoryStore())(workflow)
    assert drive.invoke(made, 1, config) is True


def test_injection_into_tasks(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """185"""

    @task
    def step(
        n: int,
        runtime: Runtime[None],
        config: RunnableConfig,
        store: BaseStore,
        writer: StreamWriter,
    ) -> Any:
        writer("written")
        store.put(("numbers",), str(n), {"n": n})
        return [n, config["configurable"]["thread_id"], runtime.store is store]

    @entrypoint(checkpointer=saver, store=InMemoryStore())
    def workflow(n: int) -> Any:
        return step(n).result()  # type: ignore[call-arg]  # injected

    assert drive.stream(workflow, 1, config, stream_mode=["custom", "updates"]) == [
        ("custom", "written"),
        ("updates", {"step": [1, "some_thread_id", True]}),
        ("updates", {"workflow": [1, "some_thread_id", True]}),
    ]


def test_injection_into_async_tasks(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """185"""

    @task
    async def step(n: int, *, runtime: Runtime[None], store: BaseStore) -> Any:
        return [n, runtime.store is store, runtime.context]

    @entrypoint(checkpointer=saver, store=InMemoryStore())
    async def workflow(n: int) -> Any:
        return await step(n)  # type: ignore[call-arg]  # injected

    assert drive.invoke(workflow, 1, config, context={"user": "ada"}) == [
        1,
        True,
        {"user": "ada"},
    ]


def test_getters(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """186"""
    kept = InMemoryStore()

    @task
    def sync_step() -> Any:
        get_stream_writer()("sync")
        return [
            get_config()["configurable"]["thread_id"],
            get_store() is kept,
            get_runtime().store is kept,
        ]

    @task
    async def async_step() -> Any:
        get_stream_writer()("async")
        await asyncio.sleep(0)
        return [
            get_config()["configurable"]["thread_id"],
            get_store() is kept,
            get_runtime().store is kept,
        ]

    @entrypoint(checkpointer=saver, store=kept)
    async def workflow(n: int) -> Any:
        assert get_store() is kept
        return [await sync_step(), await async_step()]

    expected = [["some_thread_id", True, True]] * 2
    assert drive.stream(workflow, 1, config, stream_mode=["custom", "values"]) == [
        ("custom", "sync"),
        ("custom", "async"),
        ("values", expected),
    ]


@pytest.mark.parametrize("getter", [get_config, get_store, get_stream_writer, get_runtime])
def test_getters_outside_a_run(getter: Any) -> None:
    """186"""
    with pytest.raises(OutsideRunError, match=getter.__name__):
        getter()


def test_no_store(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """186"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int, store: BaseStore | None) -> Any:
        get_store()

    with pytest.raises(OutsideRunError, match="store="):
        drive.invoke(workflow, 1, config)


def test_thread_id_as_number_and_text(saver: BaseCheckpointSaver, drive: Drive) -> None:
    """195"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int, previous: int = 0) -> int:
        return n + previous

    assert drive.invoke(workflow, 1, on_thread(7)) == 1
    assert drive.invoke(workflow, 1, on_thread("7")) == 2
    assert drive.state(workflow, on_thread(7)).values == 2


@pytest.mark.parametrize("config", [None, {}, {"configurable": {}}, {"tags": ["a"]}])
def test_missing_thread_id(saver: BaseCheckpointSaver, drive: Drive, config: Config | None) -> None:
    """196"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return n

    with pytest.raises(ValueError, match="thread_id") as caught:
        drive.invoke(workflow, 1, config)
    assert isinstance(caught.value, NbflowError)
    with pytest.raises(ValueError, match="thread_id"):
        drive.state(workflow, config or {})


def test_many_threads_share_an_entrypoint(saver: BaseCheckpointSaver, drive: Drive) -> None:
    """200"""
    together = threading.Barrier(20, timeout=8)
    results: dict[int, Any] = {}
    errors: list[BaseException] = []

    @task
    def double(n: int) -> int:
        return 2 * n

    @entrypoint(checkpointer=saver)
    def workflow(n: int, previous: int = 0) -> int:
        futures = [double(n), double(n + 1)]
        return previous + sum(f.result() for f in futures)

    def work(n: int) -> None:
        try:
            together.wait()
            mine = on_thread(f"thread {n}")
            results[n] = [drive.invoke(workflow, n, mine), drive.invoke(workflow, n, mine)]
        except BaseException as exc:
            errors.append(exc)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(20)]

    def run_all() -> None:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    within(15, run_all)
    assert errors == []
    assert results == {n: [4 * n + 2, 8 * n + 4] for n in range(20)}
    assert len(saver.list_threads()) == 20


def test_the_fields_of_a_runtime(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """189"""
    kept = InMemoryStore()

    @entrypoint(checkpointer=saver, store=kept)
    def workflow(n: int, runtime: Runtime[Any]) -> Any:
        assert {field.name for field in fields(runtime)} == {
            "context", "store", "stream_writer", "previous", "heartbeat", "execution_info",
            "server_info", "control",
        }  # fmt: skip
        assert runtime.store is kept
        assert runtime.server_info is None
        runtime.stream_writer("written")
        runtime.heartbeat()
        with pytest.raises(FrozenInstanceError):
            runtime.previous = 1  # type: ignore[misc]  # frozen
        return [runtime.context, runtime.previous]

    assert drive.invoke(workflow, 1, config, context="c") == ["c", None]
    modes = ["custom", "values"]
    assert drive.stream(workflow, 1, config, context="c", stream_mode=modes) == [
        ("custom", "written"),
        ("values", ["c", ["c", None]]),
    ]


def test_override_and_merge_of_a_runtime() -> None:
    """189"""
    one: Runtime[Any] = Runtime(context={"a": 1}, previous=0, store=InMemoryStore())
    assert one.override(context=2) == Runtime(context=2, previous=0, store=one.store)
    two: Runtime[Any] = Runtime(context={}, control=RunControl())
    merged = one.merge(two)
    assert merged == Runtime(context={}, previous=0, store=one.store, control=two.control)
    assert one.merge(Runtime()) == one
    assert Runtime().merge(one) == one
    with pytest.raises(OutsideRunError, match="execution_info"):
        one.patch_execution_info(node_attempt=2)
    server = ServerInfo(assistant_id="a", graph_id="g")
    assert one.override(server_info=server).server_info == ServerInfo(
        assistant_id="a", graph_id="g", user=None
    )


def test_execution_info(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """190"""
    began = time.time()
    seen: list[ExecutionInfo] = []

    def look(runtime: Runtime[Any]) -> ExecutionInfo:
        info = runtime.execution_info
        assert info is not None
        assert info.node_first_attempt_time is not None
        assert began <= info.node_first_attempt_time <= time.time()
        assert runtime.patch_execution_info(node_attempt=9).execution_info == info.patch(
            node_attempt=9
        )
        return info

    @task(retry_policy=RetryPolicy(initial_interval=0.001, jitter=False))
    def step(runtime: Runtime[Any]) -> None:
        assert get_runtime().execution_info == runtime.execution_info
        seen.append(look(runtime))
        if len(seen) < 3:
            raise ConnectionError

    @entrypoint(checkpointer=saver)
    def workflow(n: int, runtime: Runtime[Any]) -> Any:
        step().result()  # type: ignore[call-arg]  # injected
        info = look(runtime)
        return [info.thread_id, info.checkpoint_id, info.checkpoint_ns, info.node_attempt]

    thread_id, checkpoint_id, ns, attempt = drive.invoke(workflow, 1, config)
    run = saver.list_runs("some_thread_id")[0]
    opening = saver.get_checkpoint("some_thread_id", "", checkpoint_id)
    assert opening is not None
    assert (thread_id, attempt, opening.run) == ("some_thread_id", 1, run.id)
    assert ns.startswith("workflow:")
    first = seen[0]
    assert [info.node_attempt for info in seen] == [1, 2, 3]
    assert all(info == first.patch(node_attempt=info.node_attempt) for info in seen)
    assert (first.run_id, first.checkpoint_id, first.thread_id) == (
        run.id, checkpoint_id, "some_thread_id",
    )  # fmt: skip
    assert first.task_id == HEX
    assert first.checkpoint_ns == f"{ns}|step:{first.task_id}"


def test_execution_info_without_a_checkpointer(drive: Drive) -> None:
    """190"""

    @entrypoint()
    def workflow(n: int, runtime: Runtime[Any]) -> Any:
        info = runtime.execution_info
        assert info is not None
        return [info.thread_id, info.checkpoint_id, info.node_attempt]

    assert drive.invoke(workflow, 1) == [None, None, 1]


def test_settings_reach_tasks(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """193"""

    @task
    def step(config: RunnableConfig) -> Any:
        inside = get_config()
        return [
            inside["metadata"], inside["tags"], inside["configurable"]["model"],
            config["tags"], inside["callbacks"],
        ]  # fmt: skip

    @task
    def parent() -> Any:
        return step().result()  # type: ignore[call-arg]  # injected

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return parent().result()

    settings: Config = {
        "configurable": {**config["configurable"], "model": "m"},
        "metadata": {"user": "ada"}, "tags": ["x"], "callbacks": [],
    }  # fmt: skip
    found = drive.invoke(workflow, 1, settings)
    assert found == [{"user": "ada"}, ["x"], "m", ["x"], []]


def test_a_store_reaches_nested_entrypoints(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """197: unless they have one of their own"""
    kept, own = InMemoryStore(), InMemoryStore()

    @task
    def which() -> str:
        return "kept" if get_store() is kept else "own"

    @entrypoint()
    def inner(n: int, store: BaseStore) -> Any:
        return [store is kept, which().result()]

    @entrypoint(store=own)
    def with_its_own(n: int, store: BaseStore) -> Any:
        return [store is own, which().result()]

    @entrypoint(checkpointer=saver, store=kept)
    def workflow(n: int) -> Any:
        return [inner.invoke(n), with_its_own.invoke(n), which().result()]

    assert drive.invoke(workflow, 1, config) == [[True, "kept"], [True, "own"], "kept"]


def test_a_child_with_a_thread_of_its_own(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """198: is a run of its own, there"""

    @entrypoint(checkpointer=saver)
    def child(n: int, previous: int = 0) -> int:
        return previous + n

    @entrypoint(checkpointer=saver)
    def parent(n: int) -> int:
        return int(child.invoke(n, on_thread("child")))

    assert [drive.invoke(parent, n, config) for n in (1, 2)] == [1, 3]
    assert drive.state(child, on_thread("child")).values == 3
    assert drive.state(parent, config).values == 3
    assert len(saver.list_runs("child")) == 2


@pytest.mark.parametrize(("keeps", "expected"), [(None, [1, 2, 3]), (True, [1, 3, 6])])
@pytest.mark.parametrize("in_task", [False, True], ids=["body", "task"])
def test_what_a_nested_entrypoint_remembers(
    saver: BaseCheckpointSaver,
    drive: Drive,
    config: Config,
    keeps: bool | None,
    expected: list[int],
    in_task: bool,
) -> None:
    """199"""

    @entrypoint(checkpointer=keeps)
    def child(n: int, previous: int = 0) -> int:
        return previous + n

    @task
    def step(n: int) -> int:
        return int(child.invoke(n))

    @entrypoint(checkpointer=saver)
    def parent(n: int) -> int:
        return step(n).result() if in_task else int(child.invoke(n))

    assert [drive.invoke(parent, n, config) for n in (1, 2, 3)] == expected
