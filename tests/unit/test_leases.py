"""One owner for a thread at a time: leases, turns and recovery (faults 14 to 16, 18, 19)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.postgres import PostgresSaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import (
    DeclarationError,
    RunCancelled,
    StorageError,
    ThreadBusyError,
    UnknownInterruptError,
)
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt

CONFIG = {"configurable": {"thread_id": "1"}}
WAIT_S = 15.0

WORKER = """
import os, sys, time
from pathlib import Path
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt

at_work = Path("at-work").absolute()
if "DSN" in os.environ:
    from nbflow.checkpoint.postgres import PostgresSaver
    saver = PostgresSaver(os.environ["DSN"])
else:
    saver = SqliteSaver("runs.sqlite")
saver.lease_s = 1.5
config = {"configurable": {"thread_id": "1"}}

@task
def first(n):
    return n + 1

@task
def second(n):
    at_work.touch()
    until = time.monotonic() + float(os.environ.get("SLEEP", "0"))
    while time.monotonic() < until:
        time.sleep(0.01)
    return 10 * n

@entrypoint(checkpointer=saver)
def count(n):
    return second(first(n).result()).result()

@entrypoint(checkpointer=saver)
def ask(n):
    return f"{n}: {interrupt('Who?')}"
"""


@pytest.fixture(params=["sqlite", "postgres"])
def shared(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What keeps the threads of several processes."""
    if request.param == "postgres":
        monkeypatch.setenv("DSN", request.getfixturevalue("postgres"))


@contextlib.contextmanager
def worker(folder: Path, script: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Another process on the same database."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER + script], cwd=folder, text=True,
        env={**os.environ, **environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def appear(path: Path) -> None:
    until = time.monotonic() + WAIT_S
    while not path.exists():
        assert time.monotonic() < until, f"{path.name} did not come"
        time.sleep(0.01)


def here(folder: Path) -> tuple[BaseCheckpointSaver, Any, Any]:
    """The workflows of the other processes, in this one."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.chdir(folder):
        exec(WORKER, names)
    return names["saver"], names["count"], names["ask"]


BEGIN = "print(count.invoke(1, config))"
SAY = """
try:
    print(count.invoke(1, config))
except Exception as error:
    print(type(error).__name__)
"""


@pytest.mark.usefixtures("shared")
def test_an_owner_at_work_keeps_its_thread_beyond_its_lease(tmp_path: Path) -> None:
    saver, count, _ = here(tmp_path)
    with worker(tmp_path, BEGIN, SLEEP="3.5") as owner:
        appear(tmp_path / "at-work")
        thread = saver.get_thread("1")
        assert thread is not None and thread.lease_s is not None and 0 < thread.lease_s <= 1.5
        time.sleep(2)
        with pytest.raises(ThreadBusyError, match="on_busy='queue'"):
            count.invoke(5, CONFIG)
        assert owner.stdout is not None and owner.stdout.read() == "20\n"
    thread = saver.get_thread("1")
    assert thread is not None and (thread.owner, thread.lease_s) == (None, None)


@pytest.mark.usefixtures("shared")
def test_a_frozen_owner_stores_nothing_once_its_thread_was_taken_over(tmp_path: Path) -> None:
    """fault 16"""
    saver, count, _ = here(tmp_path)
    with worker(tmp_path, SAY, SLEEP="5") as owner:
        appear(tmp_path / "at-work")
        owner.send_signal(signal.SIGSTOP)
        assert count.get_state(CONFIG).status == "running"
        until = time.monotonic() + WAIT_S
        while count.get_state(CONFIG).status == "running":
            assert time.monotonic() < until
            time.sleep(0.05)
        assert count.get_state(CONFIG).status == "crashed"
        assert count.invoke(None, CONFIG) == 20
        run = saver.list_runs("1")[0]
        stored = saver.get_ops(run.id)
        owner.send_signal(signal.SIGCONT)
        assert owner.stdout is not None and owner.stdout.read() == "LeaseLostError\n"
    assert [op.seq for op in saver.get_ops(run.id)] == [op.seq for op in stored]
    results = [op.name for op in stored if op.kind == "result"]
    assert results == ["first", "second"]
    assert count.get_state(CONFIG).values == 20


@pytest.mark.usefixtures("shared")
def test_a_killed_owner_is_recovered_once(tmp_path: Path) -> None:
    _, count, _ = here(tmp_path)
    with worker(tmp_path, BEGIN, SLEEP="60") as owner:
        appear(tmp_path / "at-work")
        assert count.recover() == []
        owner.kill()
        owner.wait()
    recover = "print([run.result(10) for run in count.recover()])"
    with worker(tmp_path, recover) as one, worker(tmp_path, recover) as other:
        said = [process.communicate()[0].strip() for process in (one, other)]
    assert sorted(said) in (["[20]", "[]"], ["[]", "[20]"])
    assert count.recover() == [] and count.get_state(CONFIG).values == 20


ROUNDS = """
print("ready", flush=True)
for line in sys.stdin:
    try:
        config = {"configurable": {"thread_id": line.strip()}}
        print(ask.invoke(Command(resume=sys.argv[0] + str(os.getpid())), config), flush=True)
    except Exception as error:
        print(type(error).__name__, flush=True)
"""


@pytest.mark.usefixtures("shared")
@pytest.mark.timeout(120)
def test_of_two_processes_that_answer_at_once_one_goes_on(tmp_path: Path) -> None:
    """fault 14"""
    _, _, ask = here(tmp_path)
    names = [str(at) for at in range(100)]
    for name in names:
        ask.invoke("x", {"configurable": {"thread_id": name}})
    with worker(tmp_path, ROUNDS) as one, worker(tmp_path, ROUNDS) as other:
        two = [one, other]
        for process in two:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
        for name in names:
            for process in two:
                assert process.stdin is not None
                process.stdin.write(f"{name}\n")
                process.stdin.flush()
            said = [process.stdout.readline().strip() for process in two if process.stdout]
            refused = [one for one in said if one.endswith("Error")]
            assert refused in (
                ["ThreadBusyError"], ["AlreadyAnsweredError"], ["UnknownInterruptError"],
            ), said  # fmt: skip
            (went_on,) = [one for one in said if one not in refused]
            state = ask.get_state({"configurable": {"thread_id": name}})
            assert (state.values, state.status) == (went_on, "done")


# -- a busy thread --------------------------------------------------------------------------


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def saver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    if request.param == "postgres":
        with PostgresSaver(request.getfixturevalue("postgres")) as saver:
            yield saver
    else:
        yield (
            InMemorySaver() if request.param == "memory" else SqliteSaver(tmp_path / "runs.sqlite")
        )


def counter(saver: Any, on_busy: Any, entered: threading.Event, go: threading.Event) -> Any:
    @task
    def wait() -> None:
        entered.set()
        assert go.wait(WAIT_S)

    @task
    def add(a: int, b: int) -> int:
        return a + b

    @entrypoint(checkpointer=saver, on_busy=on_busy)
    def count(step: int, *, previous: int | None = None) -> int:
        wait().result()
        return add(previous or 0, step).result()

    return count


def at_once(work: Any, number: int) -> list[Any]:
    """What so many threads come to that do the same."""
    results: list[Any] = []

    def one() -> None:
        try:
            results.append(work())
        except BaseException as error:
            results.append(type(error))

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    return results


def test_a_busy_thread_is_refused(saver: Any) -> None:
    """fault 15"""
    entered, go = threading.Event(), threading.Event()
    count = counter(saver, "reject", entered, go)

    def work() -> Any:
        try:
            return count.invoke(1, CONFIG)
        finally:
            refused.release()

    refused = threading.Semaphore(0)

    def let_go() -> None:
        for _ in range(9):
            refused.acquire()
        go.set()

    threading.Thread(target=let_go).start()
    results = at_once(work, 10)
    assert results.count(ThreadBusyError) == 9 and results.count(1) == 1
    assert count.get_state(CONFIG).values == 1


def test_calls_on_a_busy_thread_are_queued(saver: Any) -> None:
    """fault 15"""
    entered, go = threading.Event(), threading.Event()
    go.set()
    count = counter(saver, "queue", entered, go)
    assert sorted(at_once(lambda: count.invoke(1, CONFIG), 10)) == list(range(1, 11))


def test_calls_are_queued_in_the_order_of_asking(saver: Any) -> None:
    order: list[int] = []
    begun = threading.Event()
    go = threading.Event()

    @entrypoint(checkpointer=saver, on_busy="queue")
    def note(at: int) -> None:
        order.append(at)
        begun.set()
        assert go.wait(WAIT_S)

    threads = []
    for at in range(5):
        threads.append(threading.Thread(target=note.invoke, args=(at, CONFIG)))
        threads[-1].start()
        assert begun.wait(WAIT_S)
        time.sleep(0.05)  # it stands in line
    go.set()
    for thread in threads:
        thread.join(WAIT_S)
    assert order == [0, 1, 2, 3, 4]


async def test_calls_on_an_event_loop_are_queued(saver: Any) -> None:
    @task
    async def wait() -> None:
        await asyncio.sleep(0.01)

    @entrypoint(checkpointer=saver, on_busy="queue")
    async def count(step: int, *, previous: int | None = None) -> int:
        await wait()
        return (previous or 0) + step

    results = await asyncio.gather(*[count.ainvoke(1, CONFIG) for _ in range(5)])
    assert sorted(results) == [1, 2, 3, 4, 5]


def test_a_started_run_waits_for_its_turn(saver: Any) -> None:
    entered, go = threading.Event(), threading.Event()
    count = counter(saver, "queue", entered, go)
    first = count.start(1, thread_id="1")
    assert entered.wait(WAIT_S)
    threading.Timer(0.1, go.set).start()
    second = count.start(1, thread_id="1")
    assert (first.result(WAIT_S), second.result(WAIT_S)) == (1, 2)


def test_a_new_input_cancels_what_is_at_work(saver: Any) -> None:
    """fault 15"""
    entered, go = threading.Event(), threading.Event()
    count = counter(saver, "cancel", entered, go)
    first = count.start(1, thread_id="1")
    assert entered.wait(WAIT_S)
    threading.Timer(0.1, go.set).start()
    assert count.invoke(7, CONFIG) == 7
    assert first.wait(WAIT_S) == "cancelled"


async def test_a_new_input_cancels_what_waits_on_a_loop(saver: Any) -> None:
    started = asyncio.Event()

    @entrypoint(checkpointer=saver, on_busy="cancel")
    async def wait(seconds: float) -> float:
        started.set()
        await asyncio.sleep(seconds)
        return seconds

    first = asyncio.ensure_future(wait.ainvoke(600, CONFIG))
    await asyncio.wait_for(started.wait(), WAIT_S)
    assert await asyncio.wait_for(wait.ainvoke(0, CONFIG), WAIT_S) == 0
    with pytest.raises((asyncio.CancelledError, RunCancelled)):
        await first


def test_a_new_input_takes_over_from_another_process(tmp_path: Path) -> None:
    saver, count, _ = here(tmp_path)
    count.on_busy = "cancel"
    with worker(tmp_path, SAY, SLEEP="5") as owner:
        appear(tmp_path / "at-work")
        assert count.invoke(4, CONFIG) == 50
        assert owner.stdout is not None and owner.stdout.read() == "LeaseLostError\n"
    assert count.get_state(CONFIG).values == 50
    assert len(saver.list_runs("1")) == 2


class Renewed(SqliteSaver):
    """Counts what becomes of its lease."""

    lease_s = 0.3

    def __init__(self, path: Path, act: Callable[[], object] = int) -> None:
        super().__init__(path)
        self.act = act
        self.tried = threading.Semaphore(0)

    def renew(self, run: Any, epoch: int) -> None:
        self.tried.release()
        self.act()
        super().renew(run, epoch)

    def is_tried_again(self) -> bool:
        return all(self.tried.acquire(timeout=WAIT_S) for _ in range(3))


@contextlib.contextmanager
def running(saver: BaseCheckpointSaver) -> Iterator[None]:
    """While inside, a run of it goes on."""
    let_go = threading.Event()

    @entrypoint(checkpointer=saver)
    def wait(n: int) -> int:
        let_go.wait(4 * WAIT_S)
        return n

    run = wait.start(1, thread_id="1")
    try:
        yield
    finally:
        let_go.set()
        assert run.result(WAIT_S) == 1


def test_a_database_that_does_not_answer_costs_no_lease_of_another(tmp_path: Path) -> None:
    """Fault 16: each saver's leases are renewed, however long another one takes."""
    answers = threading.Event()
    with (
        Renewed(tmp_path / "slow.sqlite", lambda: answers.wait(4 * WAIT_S)) as slow,
        Renewed(tmp_path / "quick.sqlite") as quick,
        running(slow),
    ):
        try:
            assert slow.tried.acquire(timeout=WAIT_S)
            with running(quick):
                assert quick.is_tried_again()
        finally:
            answers.set()


def test_a_renewal_that_fails_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Fault 16: whatever it fails with, since a saver may be anybody's."""
    faults = [OSError("unreachable"), StorageError("locked")]

    def fail() -> None:
        if faults:
            raise faults.pop(0)

    with Renewed(tmp_path / "runs.sqlite", fail) as saver, running(saver):
        assert saver.is_tried_again()
    assert "A lease could not be renewed" in caplog.text


def test_policies_are_checked_at_declaration() -> None:
    with pytest.raises(DeclarationError, match=r"'reject', 'queue' or 'cancel'"):
        entrypoint(on_busy="wait")  # type: ignore[arg-type]


# -- answers that come late -----------------------------------------------------------------


def test_an_answer_from_a_stale_page_is_refused_and_the_next_run_asks(saver: Any) -> None:
    """faults 18, 19"""

    @entrypoint(checkpointer=saver)
    def ask(n: int) -> str:
        return f"{n}: {interrupt('Who?')}"

    (question,) = ask.invoke(1, CONFIG)["__interrupt__"]
    late = Command(resume={question.id: "late"})
    assert ask.invoke(Command(resume="Ada"), CONFIG) == "1: Ada"
    before = saver.get_ops(saver.list_runs("1")[0].id)
    with pytest.raises(UnknownInterruptError):
        ask.invoke(late, CONFIG)
    assert [op.seq for op in saver.get_ops(saver.list_runs("1")[0].id)] == [op.seq for op in before]
    (again,) = ask.invoke(2, CONFIG)["__interrupt__"]
    assert again.id != question.id
    with pytest.raises(UnknownInterruptError):
        ask.invoke(late, CONFIG)
    assert ask.invoke(Command(resume="Bob"), CONFIG) == "2: Bob"
