"""A thread as one file: nothing is lost on the way from one saver through the file to another."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nbflow.archive import export_thread, import_thread
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.encrypted import EncryptedSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import (
    InvalidConfigError,
    InvalidUpdateError,
    StorageError,
    ThreadBusyError,
    UnknownThreadError,
)
from nbflow.func import entrypoint
from nbflow.types import Command
from tests.conformance.older import set_back
from tests.conformance.test_saver_contract import counter, on
from tests.conformance.test_savers_care import contents, rich

SAVERS: dict[str, Callable[[Path], BaseCheckpointSaver]] = {
    "memory": lambda folder: InMemorySaver(),
    "sqlite": lambda folder: SqliteSaver(folder / "runs.sqlite"),
    "encrypted": lambda folder: EncryptedSaver(SqliteSaver(folder / "e.sqlite"), bytes(range(32))),
}


@pytest.fixture(params=SAVERS)
def saver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseCheckpointSaver]:
    with SAVERS[request.param](tmp_path) as saver:
        yield saver


@pytest.fixture(params=SAVERS)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseCheckpointSaver]:
    (tmp_path / "there").mkdir()
    with SAVERS[request.param](tmp_path / "there") as saver:
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
