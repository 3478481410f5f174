"""previous, final and state: numbers 125 to 145 of the semantics."""

import dataclasses
import datetime
import os
import pickle
import socket
from collections import deque
from copy import deepcopy
from typing import Any

import pydantic
import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver, CheckpointRow
from nbflow.errors import (
    CorruptDataError,
    GraphDrained,
    InvalidUpdateError,
    NotSerializableError,
    UnknownCheckpointError,
)
from nbflow.func import entrypoint, task
from nbflow.runtime import RunControl
from nbflow.types import Command, Interrupt, StateSnapshot, interrupt
from tests.unit.drive import HEX, Config, Drive, on_thread


def _sum(saver: BaseCheckpointSaver) -> Any:
    @entrypoint(checkpointer=saver)
    def workflow(n: int, *, previous: Any = None) -> int:
        return n + (previous or 0)

    return workflow


def _failing(saver: BaseCheckpointSaver) -> Any:
    @entrypoint(checkpointer=saver)
    def workflow(n: int, *, previous: Any = None) -> list[int]:
        items: list[int] = previous or []
        items.append(n)
        if n < 0:
            raise ValueError("negative")
        return items

    return workflow


def test_previous(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """125"""

    @entrypoint(checkpointer=saver)
    async def workflow(states: list[str], *, previous: Any) -> dict[str, Any]:
        return {"previous": previous, "current": states}

    assert drive.invoke(workflow, ["a"], config) == {"previous": None, "current": ["a"]}
    assert drive.invoke(workflow, ["b"], config) == {
        "previous": {"previous": None, "current": ["a"]},
        "current": ["b"],
    }
    assert drive.invoke(workflow, ["c"], on_thread("other"))["previous"] is None


def test_final(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """126, 137"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int, previous: Any = None) -> entrypoint.final[int, dict[str, int]]:
        return entrypoint.final(value=n, save={"saved": n, "before": previous})

    assert drive.invoke(workflow, 1, config) == 1
    assert drive.stream(workflow, 2, config) == [{"workflow": 2}]

    @entrypoint(checkpointer=saver)
    def look(n: int, previous: Any = None) -> Any:
        return previous

    assert drive.state(workflow, config).values == 2
    assert drive.invoke(look, 0, config) == {
        "saved": 2,
        "before": {"saved": 1, "before": None},
    }


def test_final_saves_none(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """127"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int, previous: Any = "default") -> Any:
        return entrypoint.final(value=[n, previous], save=None)

    assert drive.invoke(workflow, 1, config) == [1, "default"]
    assert drive.invoke(workflow, 2, config) == [2, None]


def test_default_of_previous(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """128"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int, *, previous: int = 100) -> int:
        return n + previous

    assert drive.invoke(workflow, 1, config) == 101
    assert drive.invoke(workflow, 2, config) == 103


def test_previous_after_an_error(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """129, 132"""
    workflow = _failing(saver)
    assert drive.invoke(workflow, 1, config) == [1]
    with pytest.raises(ValueError, match="negative"):
        drive.invoke(workflow, -1, config)
    assert drive.invoke(workflow, 2, config) == [1, 2]


def test_previous_after_an_interrupt(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """130"""

    @entrypoint(checkpointer=saver)
    def workflow(ask: bool, previous: Any = None) -> Any:
        if ask:
            interrupt("?")
        return [previous]

    assert drive.invoke(workflow, False, config) == [None]
    drive.invoke(workflow, True, config)
    with pytest.warns(UserWarning, match="dropped"):
        assert drive.invoke(workflow, False, config) == [[None]]


@dataclasses.dataclass(slots=True)
class Box:
    content: Any


class Model(pydantic.BaseModel):
    content: Any


def _final() -> Any:
    return entrypoint.final(value=1, save=2)


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize(
    ("make", "path"),
    [
        (lambda: [_final()], "$[0]"),
        (lambda: {"a": (1, _final())}, "$"),
        (lambda: Box(deque([Box(_final())])), "$"),
        (lambda: Model(content={1: _final()}), "$"),
        (lambda: entrypoint.final(value=[_final()], save=3), "$[0]"),
    ],
    ids=["list", "dict", "dataclass", "model", "final"],
)
def test_final_inside_a_value(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, make: Any, path: str, kept: bool
) -> None:
    """131: the error says where it belongs, whether anything is stored or not."""

    @entrypoint(checkpointer=saver if kept else None)
    def workflow(n: int) -> Any:
        return make()

    with pytest.raises(
        NotSerializableError, match="the entrypoint itself must return it"
    ) as caught:
        drive.invoke(workflow, 1, config)
    assert caught.value.path.startswith(path)
    if kept:
        assert drive.state(workflow, config).values is None


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("make", [_final, lambda: [_final()]], ids=["alone", "in-a-list"])
def test_final_from_a_task(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, make: Any, kept: bool
) -> None:
    """131"""

    @task
    def finish() -> Any:
        return make()

    @task
    async def afinish() -> Any:
        return make()

    @entrypoint(checkpointer=saver if kept else None)
    def workflow(n: int) -> Any:
        return finish().result()

    @entrypoint(checkpointer=saver if kept else None)
    async def aworkflow(n: int) -> Any:
        return await afinish()

    for number, made in enumerate((workflow, aworkflow)):
        with pytest.raises(NotSerializableError, match="itself must return it, not a task"):
            drive.invoke(made, 1, on_thread(number))


def test_final_of_a_nested_workflow(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """126, 131: it returns it itself; where it stores nothing, too."""

    @entrypoint(checkpointer=False)
    def inner(n: int) -> Any:
        return _final()

    @entrypoint(checkpointer=saver)
    def outer(n: int) -> Any:
        return [inner.invoke(n)]

    assert drive.invoke(outer, 1, config) == [1]


def test_update_state(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """133"""
    workflow = _sum(saver)
    drive.update(workflow, config, 5)
    assert drive.state(workflow, config).values == 5
    assert drive.invoke(workflow, 1, config) == 6
    updated = drive.update(workflow, config, 10)
    assert updated == drive.state(workflow, config).config
    assert drive.invoke(workflow, 1, config) == 11


def test_update_state_as_itself(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """133"""
    workflow = _sum(saver)
    drive.invoke(workflow, 1, config)
    drive.update(workflow, config, 7, as_node="workflow")
    assert drive.invoke(workflow, 1, config) == 8


def test_update_state_with_none(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """134"""
    workflow = _sum(saver)
    drive.invoke(workflow, 5, config)
    drive.update(workflow, config, None)
    assert drive.state(workflow, config).values is None
    assert drive.invoke(workflow, 1, config) == 1


def test_update_state_while_interrupted(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """135"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int, previous: Any = None) -> Any:
        return [previous, interrupt("?")] if n else previous

    (question,) = drive.invoke(workflow, 1, config)["__interrupt__"]
    with pytest.raises(InvalidUpdateError, match="force=True"):
        drive.update(workflow, config, "new")
    assert drive.state(workflow, config).interrupts == (question,)
    drive.update(workflow, config, "new", force=True)
    assert drive.state(workflow, config)[:2] == ("new", ())
    assert drive.invoke(workflow, 0, config) == "new"


class _Stopped:
    """A thread that asks, and was gone on with, to no good end."""

    def __init__(self, saver: BaseCheckpointSaver, drive: Drive, config: Config, how: str) -> None:
        fails = False

        @entrypoint(checkpointer=saver)
        def workflow(n: int, previous: Any = None) -> Any:
            if fails:
                raise ValueError("no")
            return [n, previous, interrupt("?")] if n else previous

        self.workflow: Any = workflow
        (self.question,) = drive.invoke(workflow, 1, config)["__interrupt__"]
        if how == "crashed":
            owner = f"{socket.gethostname()}/{os.getpid()}/0/gone"
            saver.claim("some_thread_id", "", owner, 1)
        elif how == "error":
            fails = True
            with pytest.raises(ValueError, match="no"):
                drive.invoke(workflow, None, config)
            fails = False
        else:
            control = RunControl()
            control.request_drain()
            with pytest.raises(GraphDrained):
                drive.invoke(workflow, None, config, control=control)


@pytest.mark.parametrize("how", ["error", "cancelled", "crashed"])
def test_update_state_of_a_stopped_run_that_asks(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, how: str
) -> None:
    """135: an answer would still reach the question, so it is not dropped in silence."""
    stopped = _Stopped(saver, drive, config, how)
    state = drive.state(stopped.workflow, config)
    assert (state.status, state.interrupts) == (how, (stopped.question,))
    with pytest.raises(InvalidUpdateError, match="force=True"):
        drive.update(stopped.workflow, config, "new")
    assert drive.state(stopped.workflow, config) == state
    drive.update(stopped.workflow, config, "new", force=True)
    assert drive.invoke(stopped.workflow, 0, config) == "new"


@pytest.mark.parametrize("how", ["error", "cancelled", "crashed"])
def test_new_input_for_a_stopped_run_that_asks(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, how: str
) -> None:
    """82"""
    stopped = _Stopped(saver, drive, config, how)
    with pytest.warns(UserWarning, match="some_thread_id.*open questions are dropped"):
        assert drive.invoke(stopped.workflow, 0, config) is None


@pytest.mark.parametrize("how", ["error", "cancelled", "crashed"])
def test_an_answer_for_a_stopped_run_that_asks(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, how: str
) -> None:
    """65, 91"""
    stopped = _Stopped(saver, drive, config, how)
    assert drive.invoke(stopped.workflow, Command(resume="!"), config) == [1, None, "!"]


def test_update_state_as_unknown_node(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """136"""
    with pytest.raises(InvalidUpdateError, match="other.*workflow"):
        drive.update(_sum(saver), config, 1, as_node="other")
    assert saver.list_threads() == []


def test_values(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """137"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [n, interrupt("?")]

    drive.invoke(workflow, 1, config)
    assert drive.state(workflow, config).values is None
    drive.invoke(workflow, Command(resume="!"), config)
    assert drive.state(workflow, config).values == [1, "!"]
    drive.invoke(workflow, 2, config)
    assert drive.state(workflow, config).values == [1, "!"]


def test_snapshot_of_a_finished_run(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """138, 139, 143"""
    workflow = _sum(saver)
    drive.invoke(workflow, 1, {**config, "metadata": {"user": "ada"}})
    state = drive.state(workflow, config)
    (newest, first) = drive.history(workflow, config)
    assert newest == state
    assert (state.values, state.next, state.tasks, state.interrupts) == (1, (), (), ())
    assert state.metadata == {"source": "loop", "step": 0, "parents": {}, "user": "ada"}
    assert state.config["configurable"] == {
        "thread_id": "some_thread_id",
        "checkpoint_ns": "",
        "checkpoint_id": state.config["configurable"]["checkpoint_id"],
    }
    assert state.parent_config == first.config
    assert state.created_at is not None
    assert datetime.datetime.fromisoformat(state.created_at).tzinfo is not None
    assert first.parent_config is None


def test_snapshot_of_an_open_run(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """138, 139, 140"""

    @task
    def step() -> str:
        return "stepped"

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [step().result(), interrupt("?")]

    (question,) = drive.invoke(workflow, 1, config)["__interrupt__"]
    state = drive.state(workflow, config)
    assert (state.values, state.next, state.interrupts) == (None, ("workflow",), (question,))
    assert state.metadata == {"source": "input", "step": -1, "parents": {}}
    (pending,) = state.tasks
    assert pending._asdict() == {
        "id": HEX,
        "name": "workflow",
        "path": ("__pregel_pull", "workflow"),
        "error": None,
        "interrupts": (Interrupt(value="?", id=HEX),),
        "state": None,
        "result": None,
    }


def test_snapshot_of_a_failed_run(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """139, 140"""
    workflow = _failing(saver)
    with pytest.raises(ValueError, match="negative"):
        drive.invoke(workflow, -1, config)
    state = drive.state(workflow, config)
    assert (state.values, state.next, state.interrupts) == (None, ("workflow",), ())
    assert [t.error for t in state.tasks] == ["ValueError('negative')"]


def test_snapshot_of_a_failed_run_that_went_on_to_a_question(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """140: it waits, and its failure is over"""
    fails = True

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        if fails:
            raise ValueError("no")
        return interrupt("?")

    with pytest.raises(ValueError, match="no"):
        drive.invoke(workflow, 1, config)
    assert drive.state(workflow, config).tasks[0].error == "ValueError('no')"
    fails = False
    (question,) = drive.invoke(workflow, None, config)["__interrupt__"]
    state = drive.state(workflow, config)
    assert (state.status, state.tasks[0].error) == ("interrupted", None)
    found = saver.get_tuple(config)
    assert found is not None and [write[1:] for write in found.pending_writes or ()] == [
        ("__interrupt__", [question])
    ]


def test_snapshot_of_no_thread(saver: BaseCheckpointSaver, drive: Drive) -> None:
    """139"""
    missing = on_thread("missing")
    state = drive.state(_sum(saver), missing)
    assert state._asdict() == {
        "values": {},
        "next": (),
        "config": missing,
        "metadata": None,
        "created_at": None,
        "parent_config": None,
        "tasks": (),
        "interrupts": (),
        "status": None,
        "ops": (),
    }
    assert drive.history(_sum(saver), missing) == []
    assert saver.list_threads() == []


def _three_runs(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> Any:
    """Two runs, and an update between them."""
    workflow = _sum(saver)
    drive.invoke(workflow, 1, {**config, "metadata": {"user": "ada"}})
    drive.update(workflow, config, 10)
    drive.invoke(workflow, 2, {**config, "metadata": {"user": "bob"}})
    return workflow


def test_history(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """142, 143"""
    workflow = _three_runs(saver, drive, config)
    states = drive.history(workflow, config)
    assert [
        (s.values, s.next, s.metadata["source"], s.metadata["step"]) for s in states if s.metadata
    ] == [
        (12, (), "loop", 3),
        (10, ("workflow",), "input", 2),
        (10, (), "update", 1),
        (1, (), "loop", 0),
        (None, ("workflow",), "input", -1),
    ]
    assert [s.parent_config for s in states[:-1]] == [s.config for s in states[1:]]
    assert [t.result for s in states for t in s.tasks] == [12, 1]
    assert [drive.state(workflow, s.config).values for s in states] == [s.values for s in states]


def test_history_limit_before_filter(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """142"""
    workflow = _three_runs(saver, drive, config)
    states = drive.history(workflow, config)
    assert drive.history(workflow, config, limit=2) == states[:2]
    assert drive.history(workflow, config, limit=0) == []
    assert drive.history(workflow, config, before=states[1].config) == states[2:]
    assert drive.history(workflow, config, before=states[1].config, limit=1) == states[2:3]
    assert drive.history(workflow, config, filter={"source": "input"}) == [states[1], states[4]]
    assert drive.history(workflow, config, filter={"source": "input", "user": "ada"}) == [states[4]]
    assert drive.history(workflow, config, filter={"source": "input"}, limit=1) == [states[1]]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_of_a_history(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, size: int
) -> None:
    """142, 140: a page says what the whole history says, wherever it begins."""
    workflow = _three_runs(saver, drive, config)
    drive.invoke(workflow, None, drive.history(workflow, config)[1].config)
    with pytest.raises(TypeError):
        drive.invoke(workflow, "no number", config)
    states = drive.history(workflow, config)
    assert [s.status for s in states] == ["error", *["done"] * 7]
    pages = [drive.history(workflow, config, limit=size)]
    while pages[-1]:
        before = pages[-1][-1].config
        pages.append(drive.history(workflow, config, before=before, limit=size))
    assert [shot for page in pages for shot in page] == states


def test_history_of_an_interrupted_thread(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """143: two checkpoints per run, however often it was resumed"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [interrupt(i) for i in range(n)]

    drive.invoke(workflow, 2, config)
    drive.invoke(workflow, Command(resume="a"), config)
    assert [s.next for s in drive.history(workflow, config)] == [("workflow",)]
    drive.invoke(workflow, Command(resume="b"), config)
    assert [(s.values, s.next) for s in drive.history(workflow, config)] == [
        (["a", "b"], ()),
        (None, ("workflow",)),
    ]


@pytest.mark.parametrize("wanted", ["junk", "1f1e54bc-b64c-685f-8004-3fd47b84df04"])
def test_unknown_checkpoint(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, wanted: str
) -> None:
    """145"""
    workflow = _sum(saver)
    drive.invoke(workflow, 1, config)
    lost = on_thread("some_thread_id")
    lost["configurable"]["checkpoint_id"] = wanted
    with pytest.raises(UnknownCheckpointError, match=wanted):
        drive.state(workflow, lost)
    with pytest.raises(UnknownCheckpointError, match=wanted):
        drive.invoke(workflow, 1, lost)
    assert drive.state(workflow, config).values == 1


def test_a_snapshot_is_a_tuple(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """138: also where its parts are decoded only when somebody looks."""
    workflow = _sum(saver)
    drive.invoke(workflow, 1, config)
    for shot in drive.history(workflow, config):
        plain = StateSnapshot(*shot)
        values, following, *_ = shot
        assert (values, following) == (plain.values, plain.next) == (shot[0], shot[1])
        assert shot == plain and plain == shot and (shot != plain) is False
        assert repr(shot) == repr(plain) and shot._asdict() == plain._asdict()
        assert shot._replace(next=("b",)) == plain._replace(next=("b",)) != shot
        for copy in (deepcopy(shot), pickle.loads(pickle.dumps(shot))):  # noqa: S301  # its own
            assert copy == plain and type(copy) is StateSnapshot
        assert shot.values is shot.values


def test_a_history_decodes_what_is_looked_at(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """142, 260: values that cannot be decoded spoil themselves alone."""
    workflow = _sum(saver)
    drive.invoke(workflow, 1, config)
    of_a_newer_nbflow = b"\xc1\x09"
    saver.update(
        CheckpointRow(
            id="c", thread_id="some_thread_id", ns="", parent=None, run=None, source="update",
            step=1, saved=of_a_newer_nbflow, returned=of_a_newer_nbflow, meta=b"\x80", ts=0.0,
        ),
        1,
    )  # fmt: skip
    newest, *others = drive.history(workflow, config)
    assert (newest.created_at, newest.status) == ("1970-01-01T00:00:00+00:00", "done")
    assert [shot.values for shot in others] == [1, None]
    with pytest.raises(CorruptDataError, match="upgrade"):
        newest.values  # noqa: B018  # looking is what fails
