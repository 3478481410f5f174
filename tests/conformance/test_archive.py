"""A thread as one file: nothing is lost on the way from one saver through the file to another."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from nbflow.archive import export_thread, import_thread
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.encrypted import EncryptedSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.postgres import PostgresSaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import (
    InvalidConfigError,
    InvalidUpdateError,
    StorageError,
    ThreadBusyError,
    UnknownThreadError,
)
from nbflow.func import entrypoint, task
from nbflow.testing._programs import counter, on
from nbflow.testing._saver_care import contents, rich
from nbflow.types import Command, interrupt
from tests.conformance.older import set_back
from tests.postgres import own_schema

SAVERS = ("memory", "sqlite", "encrypted", "postgres")


@contextmanager
def opened(request: pytest.FixtureRequest, folder: Path) -> Iterator[BaseCheckpointSaver]:
    made: dict[str, Callable[[], BaseCheckpointSaver]] = {
        "memory": InMemorySaver,
        "sqlite": lambda: SqliteSaver(folder / "runs.sqlite"),
        "encrypted": lambda: EncryptedSaver(SqliteSaver(folder / "e.sqlite"), bytes(range(32))),
    }
    if request.param == "postgres":
        with (
            own_schema(request.getfixturevalue("postgres_server")) as dsn,
            PostgresSaver(dsn) as saver,
        ):
            yield saver
    else:
        with made[request.param]() as saver:
            yield saver


@pytest.fixture(params=SAVERS)
def saver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseCheckpointSaver]:
    with opened(request, tmp_path) as saver:
        yield saver


@pytest.fixture(params=SAVERS)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseCheckpointSaver]:
    (tmp_path / "there").mkdir()
    with opened(request, tmp_path / "there") as saver:
        yield saver


@pytest.mark.parametrize("pruned", [False, True], ids=["whole", "pruned"])
def test_a_thread_that_was_moved_is_the_same(
    saver: BaseCheckpointSaver, target: BaseCheckpointSaver, tmp_path: Path, pruned: bool
) -> None:
    rich(saver, "t")
    counter(saver).invoke(1, on("other"))
    if pruned:
        saver.prune(["t"])
    file = tmp_path / "one.sqlite"
    export_thread(saver, "t", file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not [*tmp_path.glob("one.sqlite-*"), *tmp_path.glob(".one*")]
    before = file.read_bytes()
    assert import_thread(file, target) == "t"
    assert file.read_bytes() == before
    assert contents(target, "t") == contents(saver, "t")
    assert [run.id for run in target.list_runs("t")] == [run.id for run in saver.list_runs("t")]
    assert [row.thread_id for row in target.list_threads() if row.ns == ""] == ["t"]


def test_a_thread_goes_on_where_it_was_moved_to(
    saver: BaseCheckpointSaver, target: BaseCheckpointSaver, tmp_path: Path
) -> None:
    workflow = rich(saver, "t")
    (question,) = workflow.get_state(on("t")).interrupts
    export_thread(workflow, "t", tmp_path / "one.sqlite")
    saver.delete_thread("t")

    there = rich(target, "made before")
    import_thread(tmp_path / "one.sqlite", there)
    (again,) = there.get_state(on("t")).interrupts
    assert again.id == question.id
    there.invoke(Command(resume={again.id: "yes"}), on("t"))
    assert there.get_state(on("t")).status == "done"


def test_a_fork_ends_where_another_thread_stored_something(
    saver: BaseCheckpointSaver, target: BaseCheckpointSaver, tmp_path: Path
) -> None:
    """It keeps what it begins with, also where the last of that has a lower number."""
    ran: list[str] = []

    def declared(saver: BaseCheckpointSaver) -> Any:
        @task
        def step(name: str) -> str:
            ran.append(name)
            return name

        @entrypoint(checkpointer=saver)
        def elsewhere(name: str) -> str:
            return step(name).result()

        @entrypoint(checkpointer=saver)
        def workflow(name: str) -> list[str]:
            first = step(f"{name} 1").result()
            if ran == ["a 1"]:
                elsewhere.invoke("other", on("other"))
            return [first, step(f"{name} 2").result()]

        return workflow

    workflow = declared(saver)
    workflow.invoke("a", on("t"))
    _, opening = workflow.get_state_history(on("t"))
    fork = workflow.fork(on("t"), before=opening.ops[1].id)
    workflow.fork(fork)
    export_thread(saver, "t", tmp_path / "t.nbflow")
    import_thread(tmp_path / "t.nbflow", target)

    del ran[:]
    assert declared(target).invoke(None, on("t")) == ["a 1", "a 2"]
    assert ran == ["a 2"]


def test_of_a_run_only_that_is_left_which_its_fork_begins_with(
    saver: BaseCheckpointSaver, target: BaseCheckpointSaver, tmp_path: Path
) -> None:
    """And it is a fork itself, of a run that is whole."""

    def declared(saver: BaseCheckpointSaver) -> Any:
        @task
        def step(n: int) -> int:
            return n

        @entrypoint(checkpointer=saver)
        def workflow(name: str) -> Any:
            return [name, *(step(n).result() for n in range(3)), interrupt("Go on?")]

        return workflow

    workflow = declared(saver)
    workflow.invoke("a", on("t"))
    workflow.fork(on("t"), before=workflow.get_state(on("t")).ops[2].id)
    workflow.invoke(None, on("t"))
    workflow.fork(on("t"))
    saver.delete_for_runs([saver.list_runs("t")[1].id])
    expected = [(op.value, op.status) for op in workflow.get_state(on("t")).ops]
    export_thread(saver, "t", tmp_path / "t.nbflow")
    import_thread(tmp_path / "t.nbflow", target)

    there = declared(target)
    assert [(op.value, op.status) for op in there.get_state(on("t")).ops] == expected
    assert there.invoke(Command(resume=True), on("t")) == ["a", 0, 1, 2, True]


def test_it_can_be_put_beside_itself(saver: BaseCheckpointSaver, tmp_path: Path) -> None:
    rich(saver, "t")
    file = tmp_path / "one.sqlite"
    export_thread(saver, "t", file)
    with pytest.raises(InvalidUpdateError, match="'t' already"):
        import_thread(file, saver)
    assert import_thread(file, saver, as_thread="copy") == "copy"
    assert contents(saver, "copy") == contents(saver, "t")
    ids = {run.id for name in ("t", "copy") for run in saver.list_runs(name)}
    assert len(ids) == 2 * len(saver.list_runs("t"))


def test_the_file_opens_as_it_is_and_when_it_is_old(tmp_path: Path) -> None:
    workflow = rich(InMemorySaver(), "t")
    file = tmp_path / "one.sqlite"
    export_thread(workflow, "t", file)
    with SqliteSaver(file) as opened:
        assert contents(opened, "t") == contents(workflow.saver, "t")
    set_back(file, 4)
    with InMemorySaver() as target:
        import_thread(file, target)
        assert contents(target, "t") == contents(workflow.saver, "t")


def test_what_cannot_be_moved(tmp_path: Path) -> None:
    saver, target = InMemorySaver(), InMemorySaver()
    file = tmp_path / "one.sqlite"
    seen: list[type[Exception]] = []

    @entrypoint(checkpointer=saver)
    def work(n: int) -> int:
        with pytest.raises(ThreadBusyError) as refused:
            export_thread(saver, "t", file)
        seen.append(refused.type)
        return n

    work.invoke(1, on("t"))
    assert seen == [ThreadBusyError] and not file.exists()
    with pytest.raises(UnknownThreadError):
        export_thread(saver, "none", file)
    assert [*tmp_path.iterdir()] == []
    file.write_text("mine")
    with pytest.raises(StorageError, match="already"):
        export_thread(saver, "t", file)
    with pytest.raises(StorageError, match="something else"):
        import_thread(file, target)
    with pytest.raises(StorageError, match="no file"):
        import_thread(tmp_path / "none", target)
    assert file.read_text() == "mine" and target.list_threads() == []


def test_a_database_of_several_threads_wants_a_name(tmp_path: Path) -> None:
    target = InMemorySaver()
    with SqliteSaver(tmp_path / "runs.sqlite") as saver:
        for name in "ab":
            counter(saver).invoke(1, on(name))
        with pytest.raises(InvalidConfigError, match="2 threads: a, b"):
            import_thread(tmp_path / "runs.sqlite", target)
        with pytest.raises(UnknownThreadError):
            import_thread(tmp_path / "runs.sqlite", target, thread_id="c")
        assert import_thread(tmp_path / "runs.sqlite", target, thread_id="b") == "b"
        assert contents(target, "b") == contents(saver, "b")


def test_a_thread_that_fails_half_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow: Any = rich(InMemorySaver(), "t")
    file = tmp_path / "one.sqlite"
    export_thread(workflow, "t", file)
    target = InMemorySaver()

    def full(*_: Any) -> None:
        raise StorageError("The disk is full.")

    monkeypatch.setattr(target, "finish", full)
    with pytest.raises(StorageError, match="full"):
        import_thread(file, target)
    assert target.list_threads() == []
