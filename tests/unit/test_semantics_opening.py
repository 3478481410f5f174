"""What is refused stores nothing and leaves the thread free. Numbers 42, 110, 118, 147, 260."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from nbflow import serde
from nbflow._hooks import hooks
from nbflow.cache.memory import InMemoryCache
from nbflow.checkpoint.base import BaseCheckpointSaver, CheckpointRow, OpRow, RunRow
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.errors import CorruptDataError, OutsideRunError, StorageError
from nbflow.events import Event, RunStarted
from nbflow.func import entrypoint
from nbflow.types import CachePolicy, Command, interrupt
from tests.unit.drive import Config, Drive

OF_A_NEWER_NBFLOW = b"\xc1\x09"
"""Encoded bytes that this version cannot read."""

Rows = Callable[[], dict[str, int]]


def _ask(saver: BaseCheckpointSaver) -> Any:
    @entrypoint(checkpointer=saver)
    def workflow(n: int, previous: Any = None) -> Any:
        return [n, interrupt("?")]

    return workflow


def _checkpoint(source: str, run: str | None, saved: bytes | None = None) -> CheckpointRow:
    return CheckpointRow(
        id="c", thread_id="some_thread_id", ns="", parent=None, run=run, source=source, step=0,
        saved=saved, returned=None, meta=b"\x80", ts=0.0,
    )  # fmt: skip


def test_a_key_func_that_raises(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    """230, 118"""

    @entrypoint(
        checkpointer=saver,
        cache=InMemoryCache(),
        cache_policy=CachePolicy(key_func=lambda given: given["id"]),
    )
    def workflow(given: dict[str, str]) -> str:
        return "fine"

    with pytest.raises(KeyError, match="id"):
        drive.invoke(workflow, {"name": "n"}, config)
    assert rows()["threads"] == 0
    assert drive.invoke(workflow, {"id": "a"}, config) == "fine"
    before = rows()
    with pytest.raises(KeyError, match="id"):
        drive.invoke(workflow, {"name": "n"}, config)
    assert rows() == before
    assert drive.state(workflow, config).status == "done"
    assert drive.invoke(workflow, {"id": "a"}, config) == "fine"


def test_a_previous_that_cannot_be_read(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    """260, 125: what the thread saved last is damaged, or needs a key that the saver lacks."""
    workflow = _ask(saver)
    saver.update(_checkpoint("update", None, saved=OF_A_NEWER_NBFLOW), None)
    before = rows()
    with pytest.raises(CorruptDataError, match="upgrade"):
        drive.invoke(workflow, 1, config)
    assert rows() == before
    drive.update(workflow, config, None)
    drive.invoke(workflow, 1, config)
    assert drive.invoke(workflow, Command(resume="!"), config) == [1, "!"]


def test_an_input_that_cannot_be_read(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    """260, 110, 147: neither an answer nor another way from there is stored."""
    workflow = _ask(saver)
    run = RunRow(
        id="f" * 32, thread_id="some_thread_id", ns="", base=None, parent_run=None, upto=0,
        workflow="workflow", code_fp=bytes(16), fmt=1, input=OF_A_NEWER_NBFLOW, meta=b"\x80",
        ts=0.0,
    )  # fmt: skip
    saver.begin_run(run, _checkpoint("input", run.id), "nobody", None)
    payload = serde.dumps({"value": "?", "schema": None})
    question = OpRow("ask", b"q" * 16, bytes(16), "", b"", "0", 0, payload)
    saver.finish(run, 1, "interrupted", [question])
    before, state = rows(), drive.state(workflow, config)
    for given in (Command(resume="!"), None):
        with pytest.raises(CorruptDataError, match="upgrade"):
            drive.invoke(workflow, given, config)
        assert (rows(), drive.state(workflow, config)) == (before, state)
    with pytest.warns(UserWarning, match="open questions are dropped"):
        drive.invoke(workflow, 2, config)
    with pytest.raises(CorruptDataError, match="upgrade"):
        drive.invoke(workflow, None, state.config)
    assert drive.invoke(workflow, Command(resume="!"), config) == [2, "!"]


class _Failing(InMemorySaver):
    """Cannot store the answers or the ends of runs, as long as it is told so."""

    fails = ""

    def answer(self, run: RunRow, epoch: int, ops: Sequence[OpRow]) -> None:
        self._fail("answer")
        super().answer(run, epoch, ops)

    def finish(
        self,
        run: RunRow,
        epoch: int,
        status: str,
        ops: Sequence[OpRow] = (),
        checkpoint: CheckpointRow | None = None,
    ) -> None:
        self._fail("finish")
        super().finish(run, epoch, status, ops, checkpoint)

    def _fail(self, what: str) -> None:
        if self.fails == what:
            raise StorageError("disk is full")


def test_an_answer_that_cannot_be_stored(drive: Drive, config: Config) -> None:
    """118, 84: the thread waits as it did before."""
    saver = _Failing()
    workflow = _ask(saver)
    drive.invoke(workflow, 1, config)
    state = drive.state(workflow, config)
    saver.fails = "answer"
    with pytest.raises(StorageError, match="disk is full"):
        drive.invoke(workflow, Command(resume="!"), config)
    assert drive.state(workflow, config) == state
    saver.fails = ""
    assert drive.invoke(workflow, Command(resume="!"), config) == [1, "!"]


def test_a_fork_that_cannot_be_stored(drive: Drive, config: Config) -> None:
    """155: nobody runs it, so the thread is free."""
    saver = _Failing()
    workflow = _ask(saver)
    drive.invoke(workflow, 1, config)
    saver.fails = "finish"
    with pytest.raises(StorageError, match="disk is full"):
        workflow.fork(config)
    saver.fails = ""
    assert drive.state(workflow, config).status == "crashed"
    assert drive.invoke(workflow, Command(resume="!"), config) == [1, "!"]


def test_a_listener_that_fails_at_the_start(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """118: a run that could not be set going has failed, and can be gone on with."""
    workflow = _ask(saver)

    def listener(event: Event) -> None:
        if isinstance(event, RunStarted):
            raise ValueError("no ears")

    hooks.observers.append(lambda: listener)
    try:
        with pytest.raises(ValueError, match="no ears"):
            drive.invoke(workflow, 1, config)
    finally:
        hooks.observers.pop()
    state = drive.state(workflow, config)
    assert (state.status, state.tasks[0].error) == ("error", "ValueError('no ears')")
    drive.invoke(workflow, None, config)
    assert drive.invoke(workflow, Command(resume="!"), config) == [1, "!"]


def test_a_workflow_invoked_on_the_loop_that_it_would_run_on(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """42, 118"""

    @entrypoint(checkpointer=saver)
    async def inner(n: int) -> int:
        return n

    @entrypoint()
    async def outer(n: int) -> Any:
        return inner.invoke(n, config)

    with pytest.raises(OutsideRunError, match=r"await inner\.ainvoke"):
        outer.invoke(1)
    assert inner.get_state(config).status == "error"
    assert inner.invoke(None, config) == 1
