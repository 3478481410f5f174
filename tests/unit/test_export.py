"""A run as a notebook, a page and a file: whole, small, harmless, and back."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import nbformat
import pytest
from pydantic import BaseModel, Field

from nbflow import export
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.errors import CorruptDataError, MissingThreadError, UnknownThreadError
from nbflow.export.files import FILE_BYTES, from_json
from nbflow.func import entrypoint, task
from nbflow.identity import acting_as
from nbflow.record.static_view import HTML_BYTES
from nbflow.run import Run
from nbflow.types import interrupt
from nbflow.widgets.record_session import RecordSession
from tests.unit.pages import RunPage
from tests.unit.test_static_view import HOSTILE, Reader

WAIT_S = 10.0


class Login(BaseModel):
    user: str
    password: Annotated[str, Field(json_schema_extra={"format": "password"})]


@task
def write(topic: str) -> str:
    return f"An essay about {topic}"


@task
def refuse(why: str) -> None:
    raise ValueError(why)


QUESTION = {"question": "Good?", "note": "Look *twice*."}
SAVER = InMemorySaver()


@entrypoint(checkpointer=SAVER)
def essay(topic: str) -> dict[str, Any]:
    text = write(topic).result()
    with suppress(ValueError):
        refuse(topic).result()
    return {"essay": text, "good": interrupt(QUESTION, response_schema=bool)}


def _finished(topic: str = "cats", thread_id: str | None = None) -> Run:
    run = essay.start(topic, thread_id=thread_id or topic)
    assert run.wait(WAIT_S) == "interrupted"
    with acting_as("ada", via="form"):
        run.resume(True)
    run.result(WAIT_S)
    return run


def _shown(made: Any) -> str:
    """All that the outputs of a notebook show as HTML, each proven small, closed and harmless."""
    found = ""
    for cell in made.cells:
        for output in cell.get("outputs", []):
            assert set(output.data) == {"text/html", "text/plain"}
            found += _text(output.data["text/html"])
            assert len(output.data["text/html"].encode()) < HTML_BYTES
    return found


def _text(source: str) -> str:
    reader = Reader(source)
    assert reader.open == []
    assert not reader.tags & {"script", "iframe", "a", "link", "object", "form", "svg"}
    assert not [name for name in reader.attributes if name.startswith("on")]
    assert "url" not in reader.styles
    return reader.text


def test_a_notebook_tells_the_whole_story(tmp_path: Path) -> None:
    export.notebook(_finished(), path=tmp_path / "record.ipynb")

    made = nbformat.read(tmp_path / "record.ipynb", as_version=4)
    nbformat.validate(made)
    shown = _shown(made)
    for part in (
        "cats",
        "write",
        "An essay about cats",
        "Good?",
        "● yes",
        "Answered by ada (form)",
    ):
        assert part in shown
    assert "ValueError: cats" in shown and "loop" in shown
    titles = [c.source.splitlines()[0] for c in made.cells if c.cell_type == "markdown"]
    assert titles == [
        "# `essay`, thread `cats`", "## What it was given", "## Tasks", "## Questions",
        "## Result", "## History",
    ]  # fmt: skip
    assert (tmp_path / "record.ipynb").stat().st_size < HTML_BYTES


def test_the_first_cell_of_a_notebook_attaches_to_the_live_run() -> None:
    run = _finished(thread_id='a"b\n')
    code = [c.source for c in export.notebook(run).cells if c.cell_type == "code"]

    assert code[0] == (
        f"%load_ext nbflow\nfrom {__name__} import essay\n\n"
        f"run = essay.thread({run.thread_id!r})\nrun"
    )
    scope: dict[str, Any] = {}
    exec(code[0].partition("\n")[2], scope)
    assert scope["run"] is run
    exec("\n".join(code[1:]), scope)
    assert scope["record"].outcome.text == export.record(run).outcome.text


def test_where_the_workflow_is_of_a_notebook_the_first_cell_says_so() -> None:
    @entrypoint(checkpointer=SAVER)
    def here(n: int) -> int:
        return n

    run = here.start(1, thread_id="here")
    run.result(WAIT_S)
    first = export.notebook(run).cells[1].source
    assert "# Run the cells that define here first" in first and "import" not in first


def test_a_page_stands_alone(tmp_path: Path) -> None:
    run = _finished()
    source = export.html(run)
    assert export.html(run, path=tmp_path / "record.html") == tmp_path / "record.html"
    written = (tmp_path / "record.html").read_text(encoding="utf-8")

    assert written.partition("<p>The record")[0] == source.partition("<p>The record")[0]
    assert len(source.encode()) < HTML_BYTES
    assert "default-src 'none'" in source and "<script" not in source
    for part in ("cats", "● yes", "Answered by ada (form)", "ValueError: cats"):
        assert part in source


def test_a_file_gives_the_record_back(tmp_path: Path) -> None:
    run = _finished()
    told = export.record(run)
    text = export.json(told)
    export.json(told, path=tmp_path / "record.json")
    loaded = export.load(tmp_path / "record.json")

    assert loaded == told
    assert export.json(loaded) == text == (tmp_path / "record.json").read_text(encoding="utf-8")
    assert export.html(loaded) == export.html(told)
    assert export.notebook(loaded) == export.notebook(told)
    assert "✓ done" in repr(loaded) and "● yes" in loaded._repr_html_()
    assert len(text.encode()) < HTML_BYTES


def test_a_file_of_an_earlier_version_is_read() -> None:
    """The gallery shows it, too; it was written by 0.1."""
    record = export.load(Path(__file__).parents[1] / "records" / "review.json")

    told = record._repr_html_()
    assert "<strong>review</strong> ✓ done" in told and told.count(">read<") == 3
    assert "Answered by ada" in told and "Cats, at last: what books say" in told


def test_a_file_may_know_more_but_not_be_of_a_later_version() -> None:
    whole = json.loads(export.json(_finished("later")))
    more = {**whole, "mood": "good", "log": [{**entry, "mood": 1} for entry in whole["log"]]}
    more["history"] = [{**item, "mood": None} for item in whole["history"]]
    assert export.html(from_json(json.dumps(more))) == export.html(from_json(json.dumps(whole)))

    later = {"nbflow_record": 2, "log": "of another kind"}
    with pytest.raises(CorruptDataError, match="version 2, expected 1.*--upgrade nbflow"):
        from_json(json.dumps(later))
    for wrong in (0, -1, True, 1.0, "1", None):
        with pytest.raises(CorruptDataError, match="at nbflow_record"):
            from_json(json.dumps({**whole, "nbflow_record": wrong}))


def test_a_waiting_run_a_failed_one_and_a_thread_are_told() -> None:
    waiting = essay.start("dogs", thread_id="dogs")
    assert waiting.wait(WAIT_S) == "interrupted"
    assert "Not answered yet" in export.html(essay, "dogs")
    assert export.record(essay, "dogs").outcome.title == "How it stands"

    @entrypoint(checkpointer=SAVER)
    def fails(_: int) -> None:
        raise LookupError("no such penguin")

    failed = fails.start(1, thread_id="fails")
    assert failed.wait(WAIT_S) == "error"
    assert export.record(failed).outcome.text == "LookupError: no such penguin"
    assert "no such penguin" in export.html(fails, "fails")


def test_a_thread_must_be_named_and_be_there() -> None:
    with pytest.raises(MissingThreadError, match="thread_id="):
        export.html(essay)
    with pytest.raises(UnknownThreadError, match="'nowhere'"):
        export.json(essay, "nowhere")


@pytest.mark.parametrize("text", [*HOSTILE, "`` ` ``", "# $x$ <b>|`"])
def test_hostile_text_stays_text(text: str) -> None:
    run = _finished(text)
    made = export.notebook(run)
    nbformat.validate(made)
    _shown(made)
    page = export.html(run)

    assert "<script>alert" not in page and "<img src=x" not in page and "<svg" not in page
    for cell in made.cells:
        if cell.cell_type == "code":
            ast.parse(cell.source.replace("%load_ext", "# %load_ext"))
    head = made.cells[0].source.splitlines()
    assert len([line for line in head if line.startswith("#")]) == 1
    assert from_json(export.json(run)).log == export.record(run).log


def test_no_secret_is_exported() -> None:
    """P23"""

    @entrypoint(checkpointer=InMemorySaver())
    def secretive(login: Login) -> str:
        with suppress(ValueError):
            refuse(f"401 for {login.password}").result()
        interrupt({"question": f"Is {login.password} right?"})
        return write(login.password).result()

    run = secretive.start(Login(user="ada", password="hunter2"), thread_id="1")
    assert run.wait(WAIT_S) == "interrupted"
    run.resume("hunter2, yes")
    run.result(WAIT_S)

    made = nbformat.writes(export.notebook(run))
    everything = made + export.html(run) + export.json(run) + export.html(secretive, "1")
    assert "hunter2" not in everything
    assert "An essay about" in everything


def test_a_long_run_stays_small() -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def long(n: int) -> list[str]:
        return [write("<" * 3_000 + str(at)).result() for at in range(n)]

    run = long.start(300, thread_id="1")
    run.result(WAIT_S)
    made = export.notebook(run)

    assert "more tasks" in _shown(made)


def _broken() -> Iterator[Any]:
    whole = json.loads(export.json(_finished("broken")))
    yield "", "[]"
    yield "", "nonsense"
    yield "", '{"nbflow_record": 1'
    yield "", "[" * 100_000
    yield "", '"\ud800"'
    for name, value in (
        ("nbflow_record", 2), ("log", {}), ("log", [{"type": "format_disk"}]), ("made_at", "now"),
        ("module", "os; import shutil"), ("module", 7), ("variable", "x = y\nimport os"),
        ("variable", "class"), ("history", [1]), ("history", None),
    ):  # fmt: skip
        yield f"{name}={value!r}", json.dumps({**whole, name: value})
    for at, entry in enumerate(whole["log"]):
        for part in entry:
            wrong = [*whole["log"][:at], {**entry, part: [{}]}, *whole["log"][at + 1 :]]
            yield f"log.{at}.{part}", json.dumps({**whole, "log": wrong})


def test_a_file_that_is_no_record_is_refused() -> None:
    for what, text in _broken():
        with pytest.raises(CorruptDataError, match="no record of a run"):
            from_json(text)
            raise AssertionError(what)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(FILE_BYTES + 10)

    with pytest.raises(CorruptDataError, match="larger"):
        export.load(tmp_path / "large.json")


def test_what_a_file_says_is_shown_and_never_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries about unknown things, forms of wild shapes, impossible times."""
    trap = ModuleType("trap")
    monkeypatch.setitem(sys.modules, "trap", trap)
    whole = json.loads(export.json(_finished("wild")))
    form = next(entry["form"] for entry in whole["log"] if entry["type"] == "asked")
    wild: list[Any] = [
        {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}},
        {"properties": {"a": 7, "b": [], "<script>": {"enum": 3, "title": {}}}, "required": 9},
        {"anyOf": [[], 7, {"const": {}}], "type": [[], None]},
        {"oneOf": [{"oneOf": [{"oneOf": []}]}], "description": 8},
        {"type": "array", "items": {"enum": ["<b>"]}, "default": {}},
    ]
    for schema in wild:
        form["schema"], form["context"] = schema, []
        for answer in ('{"a": 1}', "[1", "7", '{"<script>": "</td><script>"}'):
            log = [
                {**e, "answer": {"text": answer, "kind": "json", "cut": 0}, "ts": 1e300}
                if e["type"] == "answered" else {**e, "parent": "nobody"} if "parent" in e else e
                for e in whole["log"]
            ]  # fmt: skip
            told = from_json(json.dumps({**whole, "log": log, "module": "trap.door"}))
            _shown(export.notebook(told))
            _text(told._repr_html_())
            assert "<script" not in export.html(told)
    assert vars(trap).keys() == vars(ModuleType("trap")).keys()


def test_a_page_reads_a_record_as_it_reads_a_run() -> None:
    told = export.record(_finished(thread_id="as a run"))
    session, page = RecordSession(told.log, told.history, "done"), RunPage()
    page.snapshot = session.attach(page)
    session.receive(page, {"type": "sync", "since": 0, "log": ""})

    assert page.is_done() and page.events == told.log
    session.receive(page, {"type": "sync", "since": len(told.log), "log": session.log})
    assert page.messages.pop()["events"] == []
    first = {"type": "history", "request": "r", "limit": 1, "before": None}
    session.receive(page, first)
    newest = page.messages[-1]
    session.receive(page, {**first, "before": newest["items"][0]["checkpoint_id"]})
    oldest = page.messages[-1]
    assert [*newest["items"], *oldest["items"]] == [{**one, "branch": 1} for one in told.history]
    assert (newest["more"], oldest["more"]) == (True, False)
    assert newest["branches"] == [
        {"number": 1, "parent": None, "leaves": None, "size": 2, "status": None}
    ]
    for kind in ("cancel", "submit", "go", "format_disk"):
        session.receive(page, {"type": kind, "request": "no"})
        assert (page.messages[-1]["type"], page.messages[-1]["request"]) == ("failed", "no")


def test_a_record_shows_its_checkpoints_and_says_that_nothing_can_be_done_with_them() -> None:
    """P21: re-import to view"""
    told = export.record(_finished(thread_id="looked at"))
    session, page = RecordSession(told.log, told.history, "done"), RunPage()
    newest, oldest = (one["checkpoint_id"] for one in told.history)
    session.receive(page, {"type": "checkpoint", "request": "1", "checkpoint_id": newest})
    detail = page.messages[-1]
    session.receive(page, {"type": "comparison", "request": "2", "left": oldest, "right": newest})
    comparison = page.messages[-1]
    session.receive(page, {"type": "checkpoint", "request": "3", "checkpoint_id": "nowhere"})

    assert detail["values"] == told.history[0]["values"]
    assert (detail["codes"], detail["form"], detail["ops"]) == ([], None, [])
    assert "looked at, not changed" in detail["fixed"]
    assert [one["after"]["text"] for one in comparison["changes"]] == [detail["values"]["text"]]
    assert comparison["code"] == ""
    assert page.messages[-1]["type"] == "failed"
