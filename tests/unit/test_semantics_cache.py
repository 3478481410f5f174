"""Results kept across runs and threads. Numbers 221 to 232; the backends' own are elsewhere."""

import asyncio
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nbflow.cache.base import BaseCache
from nbflow.cache.memory import InMemoryCache
from nbflow.cache.sqlite import SqliteCache
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.errors import DeclarationError
from nbflow.func import entrypoint, task
from nbflow.types import CachePolicy, Command, interrupt
from tests.unit.drive import Drive, on_thread


@pytest.fixture(params=["memory", "sqlite"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return InMemoryCache() if request.param == "memory" else SqliteCache(tmp_path / "c.sqlite")


def test_a_result_is_shared_by_runs_and_threads(cache: BaseCache[Any], drive: Drive) -> None:
    """221, 225: None is a result."""
    ran: list[int] = []

    @task(cache_policy=CachePolicy())
    def step(n: int) -> int | None:
        ran.append(n)
        return n or None

    @entrypoint(cache=cache, checkpointer=InMemorySaver())
    def workflow(n: int) -> int | None:
        return step(n).result()

    found = [drive.invoke(workflow, n, on_thread(t)) for t, n in enumerate([1, 0, 1, 0])]
    assert (found, ran) == ([1, None, 1, None], [1, 0])


def test_a_hit_is_on_record_like_a_result(cache: BaseCache[Any], drive: Drive) -> None:
    """221, 61: what the cache forgets later, the run knows."""
    ran: list[int] = []

    @task(cache_policy=CachePolicy())
    def step(n: int) -> int:
        ran.append(n)
        return len(ran)

    @entrypoint(cache=cache, checkpointer=InMemorySaver())
    def workflow(n: int) -> Any:
        return [step(n).result(), interrupt("?")]

    drive.invoke(workflow, 7, on_thread(1))
    drive.invoke(workflow, 7, on_thread(2))
    step.clear_cache(cache)
    assert drive.invoke(workflow, Command(resume=0), on_thread(2)) == [1, 0]
    assert ran == [7]


def test_equal_calls_at_one_time_run_once(cache: BaseCache[Any]) -> None:
    """226: in threads, and from two runs."""
    ran: list[int] = []
    together = threading.Barrier(2)

    @task(cache_policy=CachePolicy())
    def step(n: int) -> int:
        ran.append(n)
        return n * n

    @entrypoint(cache=cache)
    def workflow(n: int) -> list[int]:
        together.wait()
        return [f.result() for f in [step(n) for _ in range(6)]]

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(workflow.invoke, [3, 3])) == [[9] * 6] * 2
    assert ran == [3]


async def test_equal_async_calls_at_one_time_run_once(cache: BaseCache[Any]) -> None:
    """226: the next one runs when the first one fails."""
    ran: list[int] = []

    @task(cache_policy=CachePolicy())
    async def step(n: int) -> int:
        ran.append(n)
        await asyncio.sleep(0)
        if len(ran) == 1:
            raise ValueError("the first one fails")
        return n

    @entrypoint(cache=cache)
    async def workflow(n: int) -> list[Any]:
        return await asyncio.gather(*(step(n) for _ in range(5)), return_exceptions=True)

    found = await workflow.ainvoke(3)
    assert sorted(map(repr, found)) == ["3"] * 4 + ["ValueError('the first one fails')"]
    assert ran == [3, 3]


def test_what_a_task_does_is_part_of_the_key(cache: BaseCache[Any], drive: Drive) -> None:
    """227, 34: closures, and a cell that was edited and run again."""

    def adder(k: int) -> Any:
        @task(cache_policy=CachePolicy())
        def add(n: int) -> int:
            return n + k

        return add

    def run(step: Any, n: int) -> Any:
        @entrypoint(cache=cache)
        def workflow(n: int) -> Any:
            return step(n).result()

        return drive.invoke(workflow, n)

    @task(cache_policy=CachePolicy(), name="add")
    def edited(n: int) -> int:
        return n - 1

    assert [run(adder(1), 1), run(adder(2), 1), run(adder(1), 1), run(edited, 1)] == [2, 3, 2, 0]


def test_a_counter_that_the_task_keeps_is_no_part_of_the_key(
    cache: BaseCache[Any], drive: Drive
) -> None:
    """227"""
    calls = 0

    @task(cache_policy=CachePolicy())
    def step(n: int) -> int:
        nonlocal calls
        calls += 1
        return n

    @entrypoint(cache=cache)
    def workflow(n: int) -> Any:
        return step(n).result()

    assert [drive.invoke(workflow, 1), drive.invoke(workflow, 1), calls] == [1, 1, 1]


def test_equal_arguments_are_equal(cache: BaseCache[Any], drive: Drive) -> None:
    """228: the order of dicts and sets is none, types are."""
    ran: list[Any] = []

    @task(cache_policy=CachePolicy())
    def step(given: Any) -> int:
        ran.append(given)
        return len(ran)

    @entrypoint(cache=cache)
    def workflow(given: Any) -> Any:
        return step(given).result()

    same = [{"a": 1, "b": 2}, {"b": 2, "a": 1}]
    sets = [{"x", "y", "z"}, {"z", "y", "x"}]
    kinds = [1, True, 1.0, "1", {1: "k", "1": "k"}]
    assert [drive.invoke(workflow, g) for g in (*same, *sets, *kinds)] == [
        1, 1, 2, 2, 3, 4, 5, 6, 7
    ]  # fmt: skip


def test_arguments_that_cannot_be_told_apart_are_not_cached(
    cache: BaseCache[Any], drive: Drive
) -> None:
    """228: never another call's result; a warning names the remedy."""
    ran: list[Any] = []

    @task(cache_policy=CachePolicy())
    def step(given: Any) -> int:
        ran.append(given)
        return len(ran)

    @entrypoint(cache=cache)
    def workflow(_: Any) -> Any:
        return step(threading.Lock()).result()

    with pytest.warns(UserWarning, match=r"'step' is not cached.*key_func"):
        assert [drive.invoke(workflow, 1), drive.invoke(workflow, 1)] == [1, 2]


def test_a_task_that_asked_is_not_cached(cache: BaseCache[Any], drive: Drive) -> None:
    """229: nor is one that called a task that asked."""

    @task(cache_policy=CachePolicy())
    def approve(what: str) -> Any:
        return interrupt(what)

    @task(cache_policy=CachePolicy())
    def order(what: str) -> Any:
        return approve(what).result()

    @entrypoint(cache=cache, checkpointer=InMemorySaver())
    def workflow(what: str) -> Any:
        return order(what).result()

    for thread, answer in enumerate(["yes", "no"]):
        assert "__interrupt__" in drive.invoke(workflow, "pay", on_thread(thread))
        assert drive.invoke(workflow, Command(resume=answer), on_thread(thread)) == answer


def test_a_whole_workflow_is_cached_with_its_previous(cache: BaseCache[Any], drive: Drive) -> None:
    """230: also what it saves."""
    ran: list[int] = []

    @entrypoint(cache=cache, cache_policy=CachePolicy(), checkpointer=InMemorySaver())
    def workflow(n: int, *, previous: int | None = None) -> Any:
        ran.append(n)
        return entrypoint.final(value=f"{n} after {previous}", save=n)

    for thread in (1, 2):
        found = [drive.invoke(workflow, n, on_thread(thread)) for n in (1, 2, 2)]
        assert found == ["1 after None", "2 after 1", "2 after 2"]
    assert ran == [1, 2, 2]
    chunks = drive.stream(workflow, 1, on_thread(3), stream_mode=["updates", "values"])
    assert chunks == [
        ("updates", {"workflow": "1 after None", "__metadata__": {"cached": True}}),
        ("values", "1 after None"),
    ]


def test_a_nested_workflow_is_cached(cache: BaseCache[Any], drive: Drive) -> None:
    """221, 230, 31: with its previous, and also what it saves."""
    ran: list[Any] = []

    @entrypoint(cache=cache, cache_policy=CachePolicy(), checkpointer=True)
    def counts(n: int, previous: int = 0) -> Any:
        ran.append((n, previous))
        return entrypoint.final(value=f"{n} after {previous}", save=previous + n)

    @entrypoint(checkpointer=InMemorySaver())
    def workflow(n: int) -> Any:
        return counts.invoke(n)

    for thread in (1, 2):
        found = [drive.invoke(workflow, 2, on_thread(thread)) for _ in range(3)]
        assert found == ["2 after 0", "2 after 2", "2 after 4"]
    assert ran == [(2, 0), (2, 2), (2, 4)]
    chunks = drive.stream(workflow, 2, on_thread(3), subgraphs=True)
    assert [chunk for _, chunk in chunks] == [
        {"counts": "2 after 0", "__metadata__": {"cached": True}},
        {"workflow": "2 after 0"},
    ]


def test_tasks_of_a_nested_workflow_use_its_cache(cache: BaseCache[Any], drive: Drive) -> None:
    """221, 31: else the one of the workflow that calls it."""
    ran: list[str] = []

    @task(cache_policy=CachePolicy())
    def step(name: str) -> str:
        ran.append(name)
        return name

    @entrypoint(cache=cache)
    def with_its_own(n: int) -> str:
        return step("own").result()

    @entrypoint()
    def without(n: int) -> str:
        return step("run's").result()

    other: InMemoryCache[Any] = InMemoryCache()

    @entrypoint(cache=other, checkpointer=InMemorySaver())
    def workflow(n: int) -> Any:
        return [with_its_own.invoke(n), without.invoke(n)]

    for thread in (1, 2):
        assert drive.invoke(workflow, 1, on_thread(thread)) == ["own", "run's"]
    assert ran == ["own", "run's"]
    step.clear_cache(other)
    assert drive.invoke(workflow, 1, on_thread(3)) == ["own", "run's"]
    assert ran == ["own", "run's", "run's"]


def test_hits_are_marked_in_every_stream(cache: BaseCache[Any], drive: Drive) -> None:
    """181, 232: with a start and an end."""

    @task(cache_policy=CachePolicy())
    def step(n: int) -> int:
        return n

    @entrypoint(cache=cache)
    def workflow(n: int) -> int:
        return step(n).result()

    drive.invoke(workflow, 1)
    chunks = drive.stream(workflow, 1, stream_mode=["updates", "tasks"])
    start, update, end = chunks[1:-2]
    assert start[1]["cached"] and start[1]["input"] == ((1,), {})
    assert update == ("updates", {"step": 1, "__metadata__": {"cached": True}})
    assert end[1]["cached"] and end[1]["result"] == {"__return__": 1}


async def test_clearing_the_cache_of_a_task(cache: BaseCache[Any]) -> None:
    """222: whatever code made the entries."""
    ran: list[int] = []

    @task(cache_policy=CachePolicy())
    async def step(n: int) -> int:
        ran.append(n)
        return n

    @entrypoint(cache=cache)
    async def workflow(n: int) -> int:
        return await step(n)

    await workflow.ainvoke(1)
    step.clear_cache(cache)
    await workflow.ainvoke(1)
    await step.aclear_cache(cache)
    await workflow.ainvoke(1)
    assert ran == [1, 1, 1]


def test_a_cache_that_cannot_be_written_costs_no_result(drive: Drive) -> None:
    """231"""

    class Broken(InMemoryCache[Any]):
        def set(self, pairs: Any) -> None:
            raise OSError("disk full")

    @task(cache_policy=CachePolicy())
    def step(n: int) -> int:
        return n

    @entrypoint(cache=Broken())
    def workflow(n: int) -> int:
        return step(n).result()

    with pytest.warns(UserWarning, match="could not be cached: disk full"):
        assert drive.invoke(workflow, 1) == 1


def test_without_a_cache_a_policy_costs_nothing(drive: Drive) -> None:
    """223"""

    @task(cache_policy=CachePolicy(key_func=lambda n: 1 / 0))  # type: ignore[arg-type,return-value]  # never called
    def step(n: int) -> int:
        return n

    @entrypoint()
    def workflow(n: int) -> int:
        return step(n).result()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert drive.invoke(workflow, 1) == 1


@pytest.mark.parametrize("made", ["k", b"k", bytearray(b"k"), memoryview(b"k")], ids=repr)
def test_a_key_is_text_or_bytes(cache: BaseCache[Any], drive: Drive, made: Any) -> None:
    """221: as in LangGraph"""
    step = task(lambda n: n, name="step", cache_policy=CachePolicy(key_func=lambda n: made))

    @entrypoint(cache=cache)
    def workflow(n: int) -> Any:
        return step(n).result()

    assert [drive.invoke(workflow, n) for n in (1, 2)] == [1, 1]


@pytest.mark.parametrize("made", [5, None, True, ("k",)], ids=repr)
def test_another_key_is_refused(cache: BaseCache[Any], drive: Drive, made: Any) -> None:
    """221: with the name of the task, and what was expected; a TypeError, as in LangGraph."""
    policy = CachePolicy(key_func=lambda n: made)
    step = task(lambda n: n, name="step", cache_policy=policy)

    @entrypoint(cache=cache)
    def of_a_task(n: int) -> Any:
        return step(n).result()

    @entrypoint(cache=cache, cache_policy=policy)
    def of_itself(n: int) -> int:
        return n

    for name, workflow in (("step", of_a_task), ("of_itself", of_itself)):
        with pytest.raises(TypeError, match=f"'{name}' returned .*Return a str or bytes") as caught:
            drive.invoke(workflow, 1)
        assert caught.type is DeclarationError


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (5, "Give a CachePolicy"),
        (0, "Give a CachePolicy"),
        (CachePolicy, "Give a CachePolicy"),
        (CachePolicy(ttl=-1), "number of seconds, 0 or more"),
        (CachePolicy(ttl=float("nan")), "number of seconds, 0 or more"),
        (CachePolicy(ttl="60"), "number of seconds, 0 or more"),  # type: ignore[arg-type]
        (CachePolicy(key_func="n"), "a function that takes the task's arguments"),  # type: ignore[arg-type]
    ],
    ids=repr,
)
def test_a_policy_that_cannot_be_followed_is_refused(policy: Any, expected: str) -> None:
    """221: at declaration"""
    for declare in (
        lambda: task(cache_policy=policy)(len),
        lambda: task(len, cache_policy=policy),
        lambda: entrypoint(cache_policy=policy),
    ):
        with pytest.raises(DeclarationError, match=expected):
            declare()
