"""What ``%nbflow`` and ``%%nbflow`` do with a line, a cell and the user's names."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import InvalidInputError
from nbflow.func import entrypoint
from nbflow.notebook.commands import COMMANDS, USAGE, input_in_cell, run_command, start_from_cell
from nbflow.notebook.magics import completions
from nbflow.notebook.names import CommandError
from nbflow.threads import thread_of
from nbflow.types import interrupt
from tests.unit.drive import on_thread

WAIT_S = 10.0


def _names(saver: Any) -> dict[str, Any]:
    @entrypoint(checkpointer=saver)
    def review(topic: str) -> Any:
        return interrupt(f"Publish {topic}?")

    @entrypoint(checkpointer=saver)
    def double(n: int) -> int:
        return 2 * n

    @entrypoint()
    def unkept(n: int) -> int:
        return n

    review.invoke("cats", on_thread("tea"))
    double.invoke(4, on_thread("a b"))
    return {"review": review, "double": double, "unkept": unkept, "saver": saver, "_7": review}


@pytest.fixture
def names() -> dict[str, Any]:
    return _names(InMemorySaver())


def test_threads_of_every_workflow_are_listed(names: dict[str, Any]) -> None:
    shown = repr(run_command("threads", names))

    assert shown.splitlines()[0] == "2 threads"
    assert "✓ a b  double, done" in shown and "? tea  review, waits for an answer, 1 open" in shown
    assert [one.thread_id for one in run_command("threads --of review", names)] == ["tea"]
    assert [one.thread_id for one in run_command("threads --status done", names)] == ["a b"]
    assert "<td" in run_command("threads", names)._repr_html_()


def test_the_threads_of_a_file_need_no_code(tmp_path: Path) -> None:
    file = tmp_path / "my runs.sqlite"
    _names(SqliteSaver(file))

    listed = run_command(f"threads --of '{file}'", {})
    assert sorted(one.thread_id for one in listed) == ["a b", "tea"]
    assert [one.interrupt.value for one in run_command(f"pending --of '{file}'", {})] == [
        "Publish cats?"
    ]
    assert len(run_command(f"audit tea --of '{file}'", {})) == 0
    with pytest.raises(CommandError, match="no workflow 'review' here with this thread's"):
        run_command(f"open tea --of '{file}'", {})
    again = _names(SqliteSaver(tmp_path / "other.sqlite"))
    with pytest.raises(CommandError, match="no workflow 'review' here with this thread's"):
        run_command(f"open tea --of '{file}'", again)


def test_pending_open_and_audit(names: dict[str, Any]) -> None:
    (question,) = run_command("pending", names)
    assert question.thread_id == "tea" and "Publish cats?" in repr(run_command("pending", names))
    assert run_command("pending --text dogs", names) == []

    run = run_command("open tea", names)
    assert run is names["review"].thread("tea")
    run.resume("yes")
    assert run.result(WAIT_S) == "yes"
    assert [one.answer for one in run_command("audit tea", names)] == ["yes"]


def test_history_and_fork(names: dict[str, Any]) -> None:
    review = names["review"]
    (question,) = review.thread("tea").interrupts
    review.thread("tea").resume("yes")
    assert review.thread("tea").result(WAIT_S) == "yes"
    shown = run_command("history tea", names)
    assert "loop" in shown.text and "yes" in shown.text

    fork = run_command(f"fork tea --before {question.id}", names)

    assert fork.workflow is review
    assert [one.value for one in fork.interrupts] == ["Publish cats?"]
    assert "fork" in run_command("history tea", names).text


@pytest.mark.parametrize("suffix", [".ipynb", ".html", ".json"])
def test_export(names: dict[str, Any], tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"the record{suffix}"
    shown = run_command(f"export 'a b' '{file}'", names)

    assert shown == file and "double" in file.read_text()


def test_a_cell_starts_a_workflow(names: dict[str, Any]) -> None:
    run = start_from_cell("double --thread tea2", " 21\n", names)
    assert run.result(WAIT_S) == 42
    assert thread_of(names["saver"], "tea2").status == "done"
    with pytest.raises(InvalidInputError, match="double"):
        start_from_cell("double", "many", names)


class Order(BaseModel):
    item: str
    count: int = 1


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        (str, "plain text,\nof two lines\n", "plain text,\nof two lines"),
        (str, '"quoted \\n text"', "quoted \n text"),
        (str, "{'a': 1}", "{'a': 1}"),
        (int, "7", 7),
        (dict, '{"a": [true, null]}', {"a": [True, None]}),
        (dict, "{'a': [True, None]}", {"a": [True, None]}),
        (Order, '{"item": "tea", "count": 2}', Order(item="tea", count=2)),
        (Any, "free text", "free text"),
        (Any, "[1, 2]", [1, 2]),
        (Any, "__import__('os').getcwd()", "__import__('os').getcwd()"),
    ],
)
def test_a_cell_is_read_as_the_workflow_takes_it(kind: Any, cell: str, value: Any) -> None:
    def takes(value: Any) -> Any:
        return value

    takes.__annotations__["value"] = kind
    assert input_in_cell(entrypoint()(takes), cell) == value


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("thread", "invalid choice: 'thread'"),
        ("open", "the following arguments are required: THREAD"),
        ("threads --of nothing", "'nothing' is neither a workflow nor a saver here, nor a file"),
        ("threads --of unkept", "keeps nothing"),
        ("open nowhere", "There is no thread 'nowhere' here. %nbflow threads lists them"),
        ("open 'tea", "Close its quotes"),
        ("export tea record.docx", "a name that ends with .ipynb, .html, .json"),
        ("fork tea --after 1 --before 2", "not allowed with"),
    ],
)
def test_a_wrong_line_says_what_can_be_written(names: dict[str, Any], line: str, said: str) -> None:
    with pytest.raises(CommandError) as refused:
        run_command(line, names)
    assert said in str(refused.value)


def test_where_nothing_is_defined_the_way_on_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--of FILE"):
        run_command("threads", {})
    with pytest.raises(CommandError, match="Run the cell that defines it"):
        start_from_cell("review", "cats", {})
    for name, content in (("text.sqlite", b"not a database"), ("empty.sqlite", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CommandError, match="no database of nbflow's"):
            run_command(f"threads --of '{tmp_path / name}'", {})
        assert (tmp_path / name).read_bytes() == content
    with sqlite3.connect(tmp_path / "other.sqlite") as connection:
        connection.execute("create table thread (a)")
    with pytest.raises(CommandError, match="no database of nbflow's"):
        run_command(f"threads --of '{tmp_path / 'other.sqlite'}'", {})


def test_one_thread_in_two_databases_must_be_told_apart(names: dict[str, Any]) -> None:
    other = {f"{name}2": value for name, value in _names(InMemorySaver()).items()}

    with pytest.raises(CommandError, match="2 databases have a thread 'tea'"):
        run_command("open tea", names | other)
    run = run_command("open tea --of review2", names | other)
    assert run.workflow is other["review2"]


def test_every_command_is_documented() -> None:
    assert run_command("", {}) is USAGE
    for command in COMMANDS:
        assert f"%nbflow {command}" in USAGE


def test_the_next_word_is_offered(names: dict[str, Any]) -> None:
    assert completions("%nbflow", names) == list(COMMANDS)
    assert sorted(set(completions("%nbflow open ", names))) == ["'a b'", "tea"]
    assert completions("%nbflow threads --of ", names) == ["review", "double", "unkept"]
    assert completions("%%nbflow ", names) == ["review", "double", "unkept"]
    assert completions("%nbflow open ", {}) == []
