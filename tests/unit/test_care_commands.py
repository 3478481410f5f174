"""``nbflow export``, ``import``, ``prune`` and ``repair``: the care of threads without code."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.cli import main
from nbflow.func import entrypoint, task
from nbflow.workflow import Workflow

Said = tuple[int, str]


@pytest.fixture
def database(tmp_path: Path) -> str:
    return str(tmp_path / "totals.sqlite")


def declared(database: str) -> Workflow[int, int]:
    @entrypoint(checkpointer=SqliteSaver(database))
    def total(n: int, *, previous: int = 0) -> int:
        return n + previous

    return total


@pytest.fixture
def total(database: str) -> Workflow[int, int]:
    """With four runs on each of the threads june and july."""
    workflow = declared(database)
    for thread_id in ("june", "july"):
        for n in range(4):
            workflow.invoke(n, on(thread_id))
    return workflow


def on(thread_id: str) -> Any:
    return {"configurable": {"thread_id": thread_id}}


def states(workflow: Workflow[int, int], thread_id: str) -> list[Any]:
    return [state.values for state in workflow.get_state_history(on(thread_id))]


def said(capsys: pytest.CaptureFixture[str], *words: str) -> Said:
    status = main(words)
    captured = capsys.readouterr()
    return status, captured.out + captured.err


def test_a_thread_moves_to_another_database(
    total: Workflow[int, int], database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, elsewhere = str(tmp_path / "june.nbflow"), str(tmp_path / "elsewhere.sqlite")
    there = declared(elsewhere)
    there.invoke(9, on("june"))

    assert said(capsys, "export", database, "june", file)[0] == 0
    status, text = said(capsys, "import", elsewhere, file)
    assert (status, "a thread 'june' already" in text) == (1, True)
    assert said(capsys, "import", elsewhere, file, "--as", "moved") == (
        0, f"Thread 'moved' is in {elsewhere}.\n",
    )  # fmt: skip

    assert states(there, "moved") == states(total, "june")
    assert states(there, "june") == [9, None]
    assert there.invoke(1, on("moved")) == 7


def test_of_several_threads_one_is_named(
    total: Workflow[int, int], database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = str(tmp_path / "elsewhere.sqlite")
    there = declared(elsewhere)
    there.invoke(9, on("may"))

    status, text = said(capsys, "import", elsewhere, database)
    assert (status, "in a terminal --thread" in text) == (1, True)
    assert said(capsys, "import", elsewhere, database, "--thread", "july")[0] == 0

    assert states(there, "july") == states(total, "july")


def test_the_newest_runs_stay(
    total: Workflow[int, int], database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = states(total, "july")

    assert said(capsys, "prune", database, "june", "--keep", "2") == (
        0, "Pruned 1 of 2 threads.\n",
    )  # fmt: skip

    assert states(total, "june") == whole[:4]
    assert states(total, "july") == whole


def test_what_is_young_stays(
    total: Workflow[int, int], database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = states(total, "june")
    assert said(capsys, "prune", database, "--delete", "--older-than", "90m") == (
        0, "Deleted 0 of 2 threads.\n",
    )  # fmt: skip
    assert said(capsys, "prune", database, "--keep", "1", "--older-than", "1w")[0] == 0
    assert states(total, "june") == states(total, "july") == whole

    assert said(capsys, "prune", database, "--older-than", "0s")[0] == 0
    assert states(total, "june") == states(total, "july")
    assert len(states(total, "june")) < len(whole)


def test_threads_are_deleted(
    total: Workflow[int, int], database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = states(total, "july")

    assert said(capsys, "prune", database, "june", "--delete") == (
        0, "Deleted 1 of 2 threads.\n",
    )  # fmt: skip

    assert states(total, "june") == []
    assert states(total, "july") == whole


def test_a_name_that_no_thread_has_removes_nothing(
    total: Workflow[int, int], database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = states(total, "june")

    status, text = said(capsys, "prune", database, "june", "jnue", "--keep", "0")

    assert (status, "no thread 'jnue'" in text, "Nothing was removed" in text) == (1, True, True)
    assert states(total, "june") == whole


@pytest.mark.usefixtures("total")
def test_what_cannot_be_written_or_read_is_status_1(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "there"
    there.write_text("mine")
    new = str(tmp_path / "new")

    for words, why in (
        (["export", database, "june", str(there)], "already. Nothing was written"),
        (["export", database, "may", new], "no thread 'may'"),
        (["import", database, str(tmp_path / "nowhere")], "There is no file"),
        (["import", database, str(there)], f"{there} could not be used: file is not a database"),
        (["prune", database, "--keep", "-1"], "keep"),
    ):
        status, text = said(capsys, *words)
        assert (status, why in text) == (1, True), text

    assert there.read_text() == "mine"
    assert not Path(new).exists()


@pytest.mark.usefixtures("total")
@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "say what stays"),
        (["--delete"], "takes the threads to delete"),
        (["--older-than", "soon"], "'soon' is no duration"),
        (["june", "--keep", "1", "--delete"], "not allowed with"),
    ],
)
def test_prune_asks_what_is_meant(
    words: list[str], why: str, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["prune", database, *words])

    assert (stop.value.code, why in capsys.readouterr().err) == (2, True)


def test_what_is_no_database_is_status_2_and_none_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere, file = str(tmp_path / "nowhere.sqlite"), str(tmp_path / "file")

    for words in (
        ["export", nowhere, "june", file],
        ["import", nowhere, file],
        ["prune", nowhere, "--keep", "1"],
    ):
        status, text = said(capsys, *words)
        assert (status, f"nbflow {words[0]}: " in text) == (2, True)
        assert "no database of nbflow's" in text

    assert list(tmp_path.iterdir()) == []


def test_what_is_damaged_is_told_and_dropped(
    total: Workflow[int, int], database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    @task
    def step(n: int) -> int:
        return n

    @entrypoint(checkpointer=SqliteSaver(database))
    def steps(n: int) -> int:
        return step(n).result() + step(n + 1).result()

    steps.invoke(1, on("may"))
    assert said(capsys, "repair", database) == (0, "All is sound.\n")
    with closing(sqlite3.connect(database, isolation_level=None)) as raw:
        raw.execute("UPDATE op SET value = x'07' WHERE seq = 2")
        raw.execute("UPDATE thread SET thread_id = 'jume' WHERE thread_id = 'june'")

    assert said(capsys, "repair", database, "july") == (0, "All is sound.\n")
    status, told = said(capsys, "repair", database, "may")
    assert status == 1 and "column value of table op is damaged" in told
    status, told = said(capsys, "repair", database, "--drop")
    assert status == 1 and told.endswith("What could be dropped was dropped.\n")
    assert "'jume' has" in told and "'june', which has no row" in told
    status, told = said(capsys, "repair", database)
    assert status == 1 and "table op" not in told
    status, told = said(capsys, "repair", database, "june")
    assert status == 1 and "The row of thread 'june' is not there" in told
