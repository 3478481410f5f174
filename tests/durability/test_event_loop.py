"""An event loop goes on while a database keeps a run of it waiting (fault 40).

The loop itself gives the database free, after some turns: were it held up, it never would.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from nbflow._engine.loops import on_a_loop
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.postgres import PostgresSaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import StorageError
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt
from tests.locks import locked_file, locked_tables

TURNS = 20
CONFIG = {"configurable": {"thread_id": "1"}}

MOMENTS = (
    "opening", "result", "failure", "plain", "cancel", "once", "kept", "question", "answer", "end",
)  # fmt: skip
"""When the database is locked: just before this is stored."""


class Holder:
    """Who keeps the database from a moment on, until the loop has had its turns."""

    def __init__(self, lock: Callable[[], Any], moment: str) -> None:
        self._lock = lock
        self._moment = moment
        self._held: Any = None
        self.turns: list[int] = []
        """Of each time that it was held."""

    def reach(self, moment: str) -> None:
        if moment == self._moment and not self.turns:
            self.turns.append(0)
            held = self._lock()
            held.__enter__()
            self._held = held

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(0.002)
            if self._held is not None:
                self.turns[-1] += 1
                if self.turns[-1] == TURNS:
                    self.let_go()

    def let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.__exit__(None, None, None)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        watch = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watch.cancel()
            self.let_go()


@pytest.fixture(params=["sqlite", "postgres"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[BaseCheckpointSaver, Callable[[], Any]]]:
    """A saver, and what locks its database."""
    if request.param == "sqlite":
        path = tmp_path / "runs.sqlite"
        with SqliteSaver(path) as file:
            yield file, lambda: locked_file(path)
    else:
        dsn = request.getfixturevalue("postgres")
        with PostgresSaver(dsn) as server:
            yield server, lambda: locked_tables(dsn)


def of_everything(saver: BaseCheckpointSaver, reach: Callable[[str], None]) -> Any:
    """A workflow that stores each kind of fact, and reaches each moment."""

    @task
    async def good(n: int) -> int:
        reach("result")
        return n + 1

    @task
    async def bad() -> None:
        reach("failure")
        raise ValueError("no")

    @task
    def plain(n: int) -> int:
        reach("plain")
        return n + 2

    @task
    async def slow() -> None:
        await asyncio.sleep(60)

    @task(at_most_once=True)
    async def once() -> str:
        return "once"

    @entrypoint(checkpointer=True)
    async def inner(n: int, *, previous: int | None = None) -> int:
        reach("kept")
        return n + (previous or 0)

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> list[Any]:
        found: list[Any] = [await good(n)]
        try:
            await bad()
        except ValueError as error:
            found.append(str(error))
        found += await asyncio.gather(plain(n), good(10 * n))
        late = slow()
        await asyncio.sleep(0)
        reach("cancel")
        late.cancel()
        try:
            await late
        except asyncio.CancelledError:
            found.append("cancelled")
        reach("once")
        found += [await once(), await inner.ainvoke(n)]
        reach("question")
        found.append(interrupt("go on?"))
        reach("end")
        return found

    return workflow


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_loop_goes_on_while_the_database_is_locked(
    place: tuple[BaseCheckpointSaver, Callable[[], Any]], moment: str
) -> None:
    """Fault 40: whatever is being stored; and what was stored is as it would be otherwise."""
    saver, lock = place
    holder = Holder(lock, moment)
    workflow = of_everything(saver, holder.reach)

    async def play() -> Any:
        async with holder.watched():
            holder.reach("opening")
            await workflow.ainvoke(1, CONFIG)
            holder.reach("answer")
            return await workflow.ainvoke(Command(resume="yes"), CONFIG)

    assert asyncio.run(play()) == [2, "no", 3, 11, "cancelled", "once", 1, "yes"]
    assert holder.turns == [TURNS]
    [run] = saver.list_runs("1")
    kinds = [
        (op.name, op.kind) for op in saver.get_ops(run.id) if op.kind not in ("start", "pause")
    ]
    assert sorted(kinds) == sorted(
        [
            ("good", "result"), ("good", "result"), ("bad", "error"), ("plain", "result"),
            ("slow", "cancel"), ("once", "result"), ("inner", "result"), ("", "ask"),
            ("", "answer"),
        ]
    )  # fmt: skip


class Watched(PostgresSaver):
    """Notes what is read on an event loop, which must not wait for a server."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self.read_on_a_loop: list[str] = []

    def get_checkpoint(self, *given: Any, **named: Any) -> Any:
        self._note("get_checkpoint")
        return super().get_checkpoint(*given, **named)

    def list_checkpoints(self, *given: Any, **named: Any) -> Any:
        self._note("list_checkpoints")
        return super().list_checkpoints(*given, **named)

    def _note(self, name: str) -> None:
        if on_a_loop():
            self.read_on_a_loop.append(name)


async def test_what_is_read_is_read_beside_the_loop(postgres: str) -> None:
    """Fault 40: what is told of a run's beginning and end, and what a nested workflow kept, is read
    in a thread, too."""
    with Watched(postgres) as saver:
        workflow = of_everything(saver, lambda _moment: None)
        seen = [
            chunk["config"]["configurable"]["checkpoint_id"]
            for given in (1, Command(resume="yes"))
            async for chunk in workflow.astream(given, CONFIG, stream_mode="checkpoints")
        ]
        ids = [row.id for row in saver.list_checkpoints("1")]
        saver.read_on_a_loop.remove("list_checkpoints")
        assert saver.read_on_a_loop == []
    assert list(dict.fromkeys(seen)) == ids[::-1]


def test_a_call_that_is_cancelled_while_the_database_is_locked(
    place: tuple[BaseCheckpointSaver, Callable[[], Any]],
) -> None:
    """Fault 40: the thread is not left with an owner who does nothing."""
    saver, lock = place
    holder = Holder(lock, "opening")
    workflow = of_everything(saver, holder.reach)

    async def play() -> None:
        async with holder.watched():
            holder.reach("opening")
            call = asyncio.create_task(workflow.ainvoke(1, CONFIG))
            await asyncio.sleep(0.01)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call

    asyncio.run(play())
    thread = saver.get_thread("1")
    assert thread is not None
    assert (thread.status, thread.owner) == ("cancelled", None)
    assert "__interrupt__" in asyncio.run(workflow.ainvoke(None, CONFIG))


def test_a_call_that_is_cancelled_twice_as_it_begins(tmp_path: Path) -> None:
    """Fault 40: nobody waits for the thread to be given up, and it is given up all the same."""
    path = tmp_path / "runs.sqlite"
    with SqliteSaver(path) as saver:
        ended: list[str] = []

        class Late(SqliteSaver):
            """Is locked until the call has been cancelled twice."""

            def begin_run(self, *given: Any) -> int:
                opens.set()
                let_go.wait(10)
                return super().begin_run(*given)

            def finish(self, run: Any, epoch: int, status: str, *more: Any) -> None:
                super().finish(run, epoch, status, *more)
                ended.append(status)
                is_over.set()

        opens, let_go, is_over = threading.Event(), threading.Event(), threading.Event()
        workflow = of_everything(Late(path), lambda _moment: None)

        async def play() -> None:
            call = asyncio.create_task(workflow.ainvoke(1, CONFIG))
            await asyncio.to_thread(opens.wait, 10)
            for _ in range(2):
                call.cancel()
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            with pytest.raises(asyncio.CancelledError):
                await call
            let_go.set()
            await asyncio.to_thread(is_over.wait, 10)

        asyncio.run(play())
        assert ended == ["cancelled"]
        assert "__interrupt__" in asyncio.run(workflow.ainvoke(None, CONFIG))
        assert saver.get_thread("1") is not None


async def test_facts_that_are_held_back_hold_up_nothing(tmp_path: Path) -> None:
    """Fault 40: while another fact of the run waits for the database."""
    path = tmp_path / "runs.sqlite"
    held = locked_file(path)
    with SqliteSaver(path) as saver:

        @task(at_most_once=True)
        async def once() -> str:
            return "once"

        @task
        async def beside() -> str:
            await asyncio.sleep(0.02)  # until a thread waits to store that the other one begins
            return "beside"

        @entrypoint(checkpointer=saver)
        async def workflow(n: int) -> list[Any]:
            held.__enter__()
            asyncio.get_running_loop().call_later(0.1, held.__exit__, None, None, None)
            return [*await asyncio.gather(once(), beside())]

        assert await workflow.ainvoke(1, CONFIG, durability="exit") == ["once", "beside"]
        [run] = saver.list_runs("1")
        kinds = [(op.name, op.kind) for op in saver.get_ops(run.id) if op.kind != "start"]
        assert sorted(kinds) == [("beside", "result"), ("once", "result")]


class Used(SqliteSaver):
    """Another thread takes the database as soon as a run has ended."""

    let_go = threading.Event()

    def finish(self, run: Any, epoch: int, status: str, *more: Any) -> None:
        super().finish(run, epoch, status, *more)
        taken = threading.Event()

        def use() -> None:
            with self._file.lock:
                taken.set()
                self.let_go.wait(10)

        threading.Thread(target=use).start()
        taken.wait(10)


def test_an_end_that_is_told_later_is_stored_once(tmp_path: Path) -> None:
    """Fault 40: what is told of the end is read in a thread where a loop would have to wait."""
    with Used(tmp_path / "runs.sqlite") as saver:

        @entrypoint(checkpointer=saver)
        async def workflow(n: int) -> int:
            asyncio.get_running_loop().call_later(0.05, saver.let_go.set)
            return n

        async def play() -> list[Any]:
            chunks = workflow.astream(1, CONFIG, stream_mode="checkpoints")
            return [chunk["values"] async for chunk in chunks]

        assert asyncio.run(play()) == [None, 1]
        thread = saver.get_thread("1")
        assert thread is not None
        assert thread.status == "idle"


def test_an_end_that_cannot_be_told(tmp_path: Path) -> None:
    """Fault 9: the run has ended, whatever becomes of who wants to see its last checkpoint."""

    class Unread(SqliteSaver):
        def get_checkpoint(self, *given: Any) -> Any:
            found = super().get_checkpoint(*given)
            if found is not None and found.source == "loop":
                raise StorageError("it cannot be read")
            return found

    with Unread(tmp_path / "runs.sqlite") as saver:

        @entrypoint(checkpointer=saver)
        def workflow(n: int) -> int:
            return n

        with pytest.raises(StorageError, match="it cannot be read"):
            list(workflow.stream(1, CONFIG, stream_mode="checkpoints"))
        thread = saver.get_thread("1")
        assert thread is not None
        assert (thread.status, thread.owner) == ("idle", None)


async def test_a_thread_that_was_given_up_keeps_its_place(tmp_path: Path) -> None:
    """Faults 39 and 40: until it ends, also where that it was given up is stored in a thread."""
    path = tmp_path / "runs.sqlite"
    begun, let_go, order = threading.Event(), threading.Event(), list[str]()
    with SqliteSaver(path) as saver:

        @task
        def slow() -> None:
            begun.set()
            let_go.wait(10)
            order.append("slow ends")

        @task
        def after() -> None:
            order.append("the next begins")

        @entrypoint(checkpointer=saver)
        async def workflow(n: int) -> None:
            given_up = slow()
            await asyncio.to_thread(begun.wait, 10)
            with locked_file(path):
                given_up.cancel()
                await asyncio.sleep(0.02)
            later = asyncio.ensure_future(after())
            await asyncio.sleep(0.02)
            let_go.set()
            await later

        await workflow.ainvoke(1, {**CONFIG, "max_concurrency": 1})
    assert order == ["slow ends", "the next begins"]


async def test_a_task_that_was_cancelled_before_it_began(
    place: tuple[BaseCheckpointSaver, Callable[[], Any]],
) -> None:
    """Faults 3 and 40: its beginning was being stored, and it is known that it did not begin."""
    saver, lock = place
    ran, held = list[str](), list[Any]()
    begins = asyncio.Event()

    @task(at_most_once=True)
    async def pay() -> str:
        ran.append("pay")
        return "paid"

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> str:
        if not begins.is_set():
            held.append(lock())
            held[0].__enter__()
            begins.set()
        return await pay()

    call = asyncio.create_task(workflow.ainvoke(1, CONFIG))
    await begins.wait()
    await asyncio.sleep(0.02)
    call.cancel()
    await asyncio.sleep(0.02)
    held[0].__exit__(None, None, None)
    with pytest.raises(asyncio.CancelledError):
        await call
    assert ran == []
    assert await workflow.ainvoke(None, CONFIG) == "paid"
    assert ran == ["pay"]


def test_a_database_that_stays_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults 7 and 40: after its patience the run ends with the error, stored up to there."""
    monkeypatch.setattr("nbflow._database.sqlite_file.BUSY_TIMEOUT_S", 0.2)
    path = tmp_path / "runs.sqlite"
    with SqliteSaver(path) as saver:
        held: list[Any] = []

        @task
        async def step(n: int) -> int:
            if n == 2 and not held:
                held.append(locked_file(path))
                held[0].__enter__()
            return n

        @entrypoint(checkpointer=saver)
        async def workflow(n: int) -> list[int]:
            return [await step(i) for i in range(n)]

        with pytest.raises(StorageError, match="locked"):
            asyncio.run(workflow.ainvoke(4, CONFIG))
        held[0].__exit__(None, None, None)
        [run] = saver.list_runs("1")
        assert [op.kind for op in saver.get_ops(run.id)] == ["result", "result"]
        assert asyncio.run(workflow.ainvoke(None, CONFIG)) == [0, 1, 2, 3]
