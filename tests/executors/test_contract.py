"""What holds of a task wherever it runs: in threads, in processes, on a cluster."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

from nbflow._engine.crew import LIMIT
from nbflow.cache.memory import InMemoryCache
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import OutsideRunError
from nbflow.events import Printed
from nbflow.executors import InExecutorError
from nbflow.func import entrypoint, task
from nbflow.store.memory import InMemoryStore
from nbflow.types import CachePolicy, Command, interrupt
from tests.executors import bodies
from tests.executors.clusters import forgotten
from tests.executors.pools import WORKERS
from tests.unit.drive import Config, Drive, kinds_of, on_thread

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(params=["sync", "async"])
def drive(request: pytest.FixtureRequest) -> Drive:
    return Drive(request.param)


@pytest.fixture
def config(executor: Executor) -> Config:
    return on_thread("1", executor=executor)


@entrypoint(checkpointer=InMemorySaver())
def once(call: Any) -> Any:
    """Calls one task."""
    name, *args = call
    return getattr(bodies, name)(*args).result()


def test_results_are_those_of_the_calls(drive: Drive, config: Config) -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def workflow(count: int) -> list[int]:
        return [future.result() for future in [bodies.square(n) for n in range(count)]]

    assert drive.invoke(workflow, 50, config) == [n * n for n in range(50)]


def test_async_code_waits_without_blocking_its_loop(config: Config, tmp_path: Path) -> None:
    @entrypoint(checkpointer=InMemorySaver())
    async def workflow(folder: str) -> list[int]:
        waiting = [bodies.begins_and_waits(folder, n) for n in range(4)]
        await asyncio.to_thread(bodies.until, tmp_path / "begun")
        (tmp_path / "open").touch()
        return list(await asyncio.gather(*waiting))

    assert asyncio.run(workflow.ainvoke(str(tmp_path), config)) == [0, 1, 2, 3]


def test_it_runs_there(config: Config, executor: Executor) -> None:
    pid, thread = once.invoke(("where",), config)

    if type(executor).__name__ == "ThreadPoolExecutor":
        assert (pid, thread.startswith("theirs")) == (os.getpid(), True)
    else:
        assert pid != os.getpid()


def test_what_it_says_is_heard_in_order_and_before_its_result(drive: Drive, config: Config) -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def workflow(_: int) -> Any:
        told: Any = bodies.told  # the run gives it its parameters
        return told().result()

    config["configurable"]["greeting"] = "Hello"
    chunks = drive.stream(
        workflow, 1, config, stream_mode=["custom", "updates"], context={"user": "ada"}
    )

    found = {
        "greeting": "Hello", "same": True, "settings": ["configurable", "metadata"],
        "context": {"user": "ada"}, "attempt": 1, "thread": "1", "now": True,
    }  # fmt: skip
    assert chunks == [
        ("custom", "by the parameter"),
        ("custom", "by the function"),
        ("custom", "by the runtime"),
        ("updates", {"told": found}),
        ("updates", {"workflow": found}),
    ]


def test_its_tokens_are_streamed(drive: Drive, config: Config) -> None:
    config["configurable"]["greeting"] = "Hello"
    ((token, about),) = drive.stream(once, ("told",), config, stream_mode="messages")

    assert (token.content, token.id) == ("token", "t")
    assert (about["langgraph_node"], about["model"]) == ("told", "none")


def test_what_it_prints_is_in_the_log_of_the_run(config: Config) -> None:
    run = once.start(("told",), config={**config, "configurable": {"greeting": "Hello"}})
    run.result()

    assert [event.text for event in run.events() if isinstance(event, Printed)] == ["printed"]


def test_what_it_says_is_heard_while_it_works(config: Config, tmp_path: Path) -> None:
    heard = []
    for chunk in once.stream(("says_and_waits", str(tmp_path)), config, stream_mode="custom"):
        heard.append(chunk["part"])
        if chunk["part"] == 2:
            (tmp_path / "heard").touch()

    assert heard == [0, 1, 2, "last"]


def test_a_failure_is_what_it_was(drive: Drive, config: Config) -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def workflow(code: int) -> Any:
        try:
            bodies.fails(code).result()
        except bodies.Refused as refused:
            return {
                "text": str(refused), "code": refused.code, "where": refused.where,
                "cause": repr(refused.__cause__),
            }  # fmt: skip

    assert drive.invoke(workflow, 7, config) == {
        "text": "refused with 7", "code": 7, "where": "here", "cause": "KeyError('NOTHING')",
    }  # fmt: skip


def test_a_failure_shows_where_it_came_from(config: Config) -> None:
    with pytest.raises(bodies.Refused) as failed:
        once.invoke(("fails", 7), config)

    (told,) = [text for text in _shown(failed.value) if "bodies.py" in text]
    assert "in fails" in told


def _shown(exc: BaseException) -> list[str]:
    frames, tb = [], exc.__traceback__
    while tb is not None:
        frames.append(f"{tb.tb_frame.f_code.co_filename} in {tb.tb_frame.f_code.co_name}")
        tb = tb.tb_next
    return [*getattr(exc, "__notes__", ()), *frames]


def test_it_is_tried_again_by_the_run(drive: Drive, config: Config, tmp_path: Path) -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def workflow(folder: str) -> int:
        third_time: Any = bodies.third_time
        attempt: int = third_time(folder).result()
        return attempt

    assert drive.invoke(workflow, str(tmp_path), config) == 3


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("asks", "Ask in the entrypoint"),
        ("calls_a_task", "Call it in the entrypoint"),
        ("calls_a_workflow", "Call it in the entrypoint"),
        ("calls_a_run", "Call it in the entrypoint"),
        ("remembers", "Use it in the entrypoint"),
    ],
)
def test_what_belongs_to_the_run_is_refused_there(config: Config, name: str, remedy: str) -> None:
    @entrypoint(checkpointer=InMemorySaver(), store=InMemoryStore())
    def workflow(_: int) -> Any:
        return getattr(bodies, name)().result()

    with pytest.raises(InExecutorError, match=remedy) as refused:
        workflow.invoke(1, config)
    assert isinstance(refused.value, OutsideRunError)


def test_questions_between_two_waves(drive: Drive, config: Config, tmp_path: Path) -> None:
    folder = str(tmp_path)

    @entrypoint(checkpointer=SqliteSaver(str(tmp_path / "runs.sqlite")))
    def workflow(count: int) -> list[int]:
        first = [f.result() for f in [bodies.square_once(folder, n) for n in range(count)]]
        add = interrupt(sum(first))
        return [f.result() for f in [bodies.square_once(folder, n + add) for n in first]]

    (asked,) = drive.invoke(workflow, 5, config)["__interrupt__"]
    assert asked.value == 30
    assert drive.invoke(workflow, Command(resume=100), config) == [
        (n * n + 100) ** 2 for n in range(5)
    ]
    ran = {path.name: len(path.read_text()) for path in tmp_path.glob("square-*")}
    numbers = [*range(5), *(n * n + 100 for n in range(5))]
    assert ran == {f"square-{n}": 1 for n in numbers}


def test_tasks_of_the_runs_own_threads_do_not_keep_it_waiting(config: Config) -> None:
    known = threading.Event()
    sent = task(executor=config.pop("executor"))(bodies.square.func)

    @task
    def waits(_: int) -> bool:
        return known.wait(timeout=60)

    @entrypoint(checkpointer=InMemorySaver())
    def workflow(count: int) -> int:
        own = [waits(n) for n in range(count)]
        found = sent(3).result()
        known.set()
        return int(found) + sum(future.result() for future in own)

    assert workflow.invoke(2 * LIMIT, config) == 9 + 2 * LIMIT


def test_no_more_than_the_limit_are_sent(
    config: Config, executor: Executor, tmp_path: Path
) -> None:
    folder = str(tmp_path)

    @entrypoint(checkpointer=InMemorySaver())
    def workflow(count: int) -> tuple[list[str], list[int]]:
        waiting = [bodies.begins_and_waits(folder, n) for n in range(count)]
        bodies.until(tmp_path / "begun-0")
        executor.submit(os.getpid).result()  # by the other worker, which has nothing to do
        begun = [path.name for path in tmp_path.glob("begun-*")]
        (tmp_path / "open").touch()
        return begun, [future.result() for future in waiting]

    assert workflow.invoke(4, {**config, "max_concurrency": 1}) == (["begun-0"], [0, 1, 2, 3])


def test_equal_calls_run_once_with_a_cache(drive: Drive, config: Config, tmp_path: Path) -> None:
    cached = task(cache_policy=CachePolicy())(bodies.square_once.func)

    @entrypoint(checkpointer=InMemorySaver(), cache=InMemoryCache())
    def workflow(folder: str) -> list[int]:
        return [future.result() for future in [cached(folder, 3) for _ in range(4)]]

    assert drive.invoke(workflow, str(tmp_path), config) == [9, 9, 9, 9]
    assert bodies.marks_of(str(tmp_path), "square-3") == 1


def test_a_cancelled_run_takes_back_what_has_not_begun(config: Config, tmp_path: Path) -> None:
    folder, saver = str(tmp_path), InMemorySaver()

    @entrypoint(checkpointer=saver)
    def workflow(count: int) -> list[int]:
        return [f.result() for f in [bodies.begins_and_waits(folder, n) for n in range(count)]]

    run = workflow.start(20, thread_id="1", config={"executor": config["executor"]})
    bodies.all_at_work(folder)
    run.cancel()
    assert run.wait(timeout=60) == "cancelled"  # while what has begun still waits

    forgotten(config["executor"])
    (tmp_path / "open").touch()
    begun = [path.name.removeprefix("begun-") for path in tmp_path.glob("begun-*")]
    for n in begun:
        bodies.until(tmp_path / f"ended-{n}")
    assert len(begun) <= 2 * WORKERS + 1
    assert kinds_of(saver, "begins_and_waits") == []

    run.resume()
    assert run.result(timeout=60) == list(range(20))


def test_a_future_is_cancelled_before_it_begins(config: Config, tmp_path: Path) -> None:
    folder = str(tmp_path)

    @entrypoint(checkpointer=InMemorySaver())
    def workflow(count: int) -> list[int]:
        waiting = [bodies.begins_and_waits(folder, n) for n in range(count)]
        bodies.all_at_work(folder)
        left = max(n for n in range(count) if not (tmp_path / f"begun-{n}").exists())
        last = waiting.pop(left)
        assert (last.cancel(), last.cancelled()) == (True, True)
        (tmp_path / "open").touch()
        return [left, *(future.result() for future in waiting)]

    left, *others = workflow.invoke(8, config)
    assert sorted([left, *others]) == list(range(8))
    if not hasattr(config["executor"], "_client"):  # Dask's workers may hear of it too late
        assert not (tmp_path / f"begun-{left}").exists()


def test_an_awaited_call_is_cancelled(config: Config, tmp_path: Path) -> None:
    folder, saver = str(tmp_path), InMemorySaver()

    @entrypoint(checkpointer=saver)
    async def workflow(_: int) -> str:
        call = asyncio.ensure_future(bodies.begins_and_waits(folder, 1))
        await asyncio.to_thread(bodies.until, tmp_path / "begun")
        call.cancel()
        try:
            await call
        except asyncio.CancelledError:
            (tmp_path / "open").touch()
            return "given up"
        return "waited"

    assert asyncio.run(workflow.ainvoke(1, config)) == "given up"
    assert kinds_of(saver, "begins_and_waits") == ["cancel"]


def test_a_failing_entrypoint_waits_for_what_runs(config: Config, tmp_path: Path) -> None:
    folder, saver = str(tmp_path), InMemorySaver()

    @entrypoint(checkpointer=saver)
    def workflow(_: int) -> None:
        bodies.begins_and_waits(folder, 0)
        bodies.until(tmp_path / "begun-0")
        (tmp_path / "open").touch()
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        workflow.invoke(1, config)
    is_dask = hasattr(config["executor"], "_client")  # which takes back whatever is not done
    assert kinds_of(saver, "begins_and_waits") == ([] if is_dask else ["result"])


def test_an_exit_ends_the_run(config: Config) -> None:
    with pytest.raises(SystemExit) as left:
        once.invoke(("exits",), config)
    assert left.value.code == 3


def test_inner_functions_go_along(config: Config) -> None:
    offset = 40

    @task
    def add(n: int) -> int:
        return n + offset

    @task
    def twice(n: int) -> int:
        found: int = add.func(n)
        return 2 * found

    @entrypoint(checkpointer=InMemorySaver())
    def workflow(n: int) -> list[int]:
        return [add(n).result(), twice(n).result()]

    assert workflow.invoke(2, config) == [42, 84]


def test_a_nested_workflow_stays_and_its_tasks_go(config: Config, executor: Executor) -> None:
    @entrypoint()
    def inner(_: int) -> Any:
        return threading.current_thread().name, bodies.where().result()

    @entrypoint(checkpointer=InMemorySaver())
    def outer(n: int) -> Any:
        return inner.invoke(n)

    here, there = outer.invoke(1, config)
    pid, thread = there
    assert not here.startswith("theirs")
    assert (pid, thread) != (os.getpid(), here)


def test_without_a_saver(drive: Drive, executor: Executor) -> None:
    @entrypoint()
    def workflow(count: int) -> list[int]:
        return [future.result() for future in [bodies.square(n) for n in range(count)]]

    assert drive.invoke(workflow, 10, {"executor": executor}) == [n * n for n in range(10)]


def test_an_executor_that_is_shut_down_fails_the_task(config: Config) -> None:
    class Gone(Executor):
        """Refuses as one does that was shut down."""

        def submit(self, *_: Any, **__: Any) -> Any:
            raise RuntimeError("cannot schedule new futures after shutdown")

    with pytest.raises(RuntimeError, match="after shutdown") as refused:
        once.invoke(("square", 2), {**config, "executor": Gone()})
    assert "could not bring task 'square' to its end" in refused.value.__notes__[0]
