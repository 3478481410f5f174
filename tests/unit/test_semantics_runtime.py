"""Injection and context: numbers 183 to 200 of the semantics."""

import asyncio
import threading
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.config import RunnableConfig, get_config, get_store, get_stream_writer
from nbflow.errors import NbflowError, OutsideRunError
from nbflow.func import entrypoint, task
from nbflow.runtime import Runtime, get_runtime
from nbflow.store.base import BaseStore
from nbflow.store.memory import InMemoryStore
from nbflow.types import StreamWriter
from tests.unit.drive import Config, Drive, on_thread, within


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
