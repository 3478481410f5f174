"""The start form's conversation: how a workflow is drawn, begun once, and followed."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, SecretStr, TypeAdapter, field_validator

from nbflow.base_run import BaseRun
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.func import entrypoint
from nbflow.notebook.static_start import start_html, start_text
from nbflow.record.static_view import HTML_BYTES
from nbflow.types import interrupt
from nbflow.widgets.session import session_of
from nbflow.widgets.start_protocol import StartToBrowser
from nbflow.widgets.start_session import RUNS_SHOWN, StartSession
from tests.unit.drive import on_thread
from tests.unit.pages import WAIT_S, Page
from tests.unit.test_static_view import Reader

MESSAGE: TypeAdapter[Any] = TypeAdapter(StartToBrowser)


class StartPage(Page):
    """A page that shows a start form, and asks in turn."""

    def __init__(self, workflow: Any) -> None:
        super().__init__()
        self.form = StartSession(workflow)
        self._asked = 0
        self.snapshot = self.form.attach(self)

    def send(self, content: Any, buffers: Any = None) -> None:
        super().send(MESSAGE.validate_python(content), buffers)

    def ask(self, kind: str, **parts: Any) -> dict[str, Any]:
        self._asked += 1
        request = f"r{self._asked}"
        self.form.receive(self, {"type": kind, "request": request, **parts})
        return next(one for one in self.messages if one.get("request") == request)

    def start(self, value: Any, thread: str = "", name: str = "s1") -> dict[str, Any]:
        whole = {"submission": name, "interrupt_id": self.form.id, "value": value, "thread": thread}
        self.form.receive(self, {"type": "submit", **whole})
        answers = ("receipt", "failed")
        return next(one for one in reversed(self.messages) if one["type"] in answers)

    def to_run(self, at: int, message: Any) -> str:
        key: str = self.snapshot["runs"][at]["run"]
        self.form.receive(self, {"type": "run", "run": key, "message": message})
        return key

    def heard(self, key: str) -> list[dict[str, Any]]:
        return [one["message"] for one in self.messages if one.get("run") == key]

    def events(self, key: str) -> list[dict[str, Any]]:
        batches = [one for one in self.heard(key) if one["type"] == "events"]
        return [event for batch in batches for event in batch["events"]]


class Plan(BaseModel):
    """What is asked of a survey."""

    site: str
    penguins: Annotated[int, Field(ge=1, description="How many\nthere are.")]
    token: SecretStr
    key: Annotated[str, Field(json_schema_extra={"writeOnly": True})] = "built-in-key"

    @field_validator("site")
    @classmethod
    def _known(cls, site: str) -> str:
        if site not in ("Dream", "Biscoe"):
            raise ValueError("No such site.")
        return site


PLAN = {"site": "Dream", "penguins": 4, "token": "t-1", "key": "k-1"}


def survey(saver: Any) -> Any:
    @entrypoint(checkpointer=saver)
    def survey(plan: Plan) -> Any:
        """Weigh the penguins.

        Every **odd** mass is asked about.
        """
        answer = interrupt(f"Is {plan.site} right?", response_schema=bool)
        return [plan.site, plan.penguins, answer]

    return survey


def test_the_form_is_drawn_from_the_annotation(saver: BaseCheckpointSaver) -> None:
    page = StartPage(survey(saver))
    assert page.snapshot == {"protocol": 2, "workflow": "survey", "runs": []}

    told = page.ask("form")

    assert (told["optional"], told["kept"]) == (False, True)
    form = told["form"]
    assert (form["interrupt_id"], form["title"]) == (page.form.id, "survey")
    (doc,) = form["context"]
    assert doc["kind"] == "markdown" and doc["value"].endswith("\n\nEvery **odd** mass is asked "
                                                               "about.")  # fmt: skip
    assert list(form["schema"]["properties"]) == ["site", "penguins", "token", "key"]
    assert "built-in-key" not in json.dumps(told)


def drawn(kind: Any, **default: Any) -> dict[str, Any]:
    if default:

        def give(whole_number: Any = default["value"]) -> Any: ...
    else:

        def give(whole_number: Any) -> Any: ...  # type: ignore[misc]

    give.__annotations__ = {"whole_number": kind}
    told = StartPage(entrypoint()(give)).ask("form")
    return {
        "schema": told["form"]["schema"],
        "optional": told["optional"],
        "initial": told["form"].get("initial", "none"),
        "kept": told["kept"],
    }


@pytest.mark.parametrize(
    ("kind", "schema", "optional"),
    [
        (int, {"title": "Whole number", "type": "integer"}, False),
        (Any, {"title": "Whole number"}, True),
        (type[Exception], {"title": "Whole number"}, True),
        (None, {"title": "Whole number", "type": "null"}, True),
        (int | None, {"title": "Whole number", "type": "integer"}, False),
        (
            int | str | None,
            {"title": "Whole number", "anyOf": [{"type": "integer"}, {"type": "string"}]},
            False,
        ),
    ],
    ids=str,
)
def test_every_input_has_a_form(kind: Any, schema: dict[str, Any], optional: bool) -> None:
    expected = {"schema": schema, "optional": optional, "initial": "none", "kept": False}
    assert drawn(kind) == expected


def test_a_default_is_what_the_form_begins_with() -> None:
    whole = {"title": "Whole number", "type": "integer", "default": 3}
    assert drawn(int, value=3) == {"schema": whole, "optional": False, "initial": 3, "kept": False}
    assert drawn(str, value=b"\xff")["initial"] == "none"
    assert drawn(SecretStr, value=SecretStr("t-1"))["initial"] == "none"


def test_a_start_runs_below_the_form(saver: BaseCheckpointSaver) -> None:
    workflow = survey(saver)
    page = StartPage(workflow)

    receipt = page.start(PLAN, "first")

    assert receipt == {
        "type": "receipt", "submission": "s1", "interrupt_id": page.form.id,
        "status": "accepted", "message": "", "errors": [],
    }  # fmt: skip
    (run,) = page.form.runs
    assert (run.thread_id, run.wait(WAIT_S)) == ("first", "interrupted")
    page.wait_for(lambda: page.snapshot["runs"][0]["snapshot"]["status"] == "interrupted")
    key = page.to_run(0, {"type": "sync", "since": 0, "log": ""})
    kinds = [event["type"] for event in page.events(key)]
    assert kinds[0] == "run_started" and kinds[-2:] == ["asked", "run_ended"]

    (asked,) = (event for event in page.events(key) if event["type"] == "asked")
    press = {"submission": "a1", "interrupt_id": asked["form"]["interrupt_id"], "value": True}
    page.to_run(0, {"type": "submit", **press})
    assert run.result(WAIT_S) == ["Dream", 4, True]
    page.wait_for(lambda: page.events(key)[-1]["type"] == "run_ended")
    page.wait_for(lambda: page.snapshot["runs"][0]["snapshot"]["status"] == "done")
    assert page.heard(key)[-1]["type"] in ("receipt", "events")
    assert workflow.thread("first") is run


def test_a_page_that_comes_back_gets_the_runs_again(saver: BaseCheckpointSaver) -> None:
    page = StartPage(survey(saver))
    page.start(PLAN, "first", "s1")
    page.start(PLAN, "second", "s2")
    assert [one["snapshot"]["thread_id"] for one in page.snapshot["runs"]] == ["second", "first"]
    for run in page.form.runs:
        run.wait(WAIT_S)

    page.messages.clear()
    for at in (0, 1):
        key = page.to_run(at, {"type": "sync", "since": 0, "log": ""})
        assert [one["type"] for one in page.events(key)][-1] == "run_ended"


def test_one_press_starts_once(saver: BaseCheckpointSaver) -> None:
    page = StartPage(survey(saver))

    assert page.start(PLAN, name="s1") == page.start(PLAN, name="s1")
    assert [len(page.form.runs), len(saver.list_threads())] == [1, 1]

    page.start(PLAN, name="s2")
    first, second = page.form.runs
    assert first.thread_id != second.thread_id


def test_an_input_that_does_not_fit_stores_nothing(saver: BaseCheckpointSaver) -> None:
    page = StartPage(survey(saver))

    receipt = page.start({**PLAN, "site": "Torgensen", "penguins": 0})

    assert (receipt["status"], receipt["errors"]) == ("invalid", [
        {"path": ["site"], "message": "No such site."},
        {"path": ["penguins"], "message": "Input should be greater than or equal to 1"},
    ])  # fmt: skip
    assert (saver.list_threads(), page.form.runs, page.snapshot["runs"]) == ([], (), [])


@pytest.mark.parametrize("name", ["taken", "  taken "])
def test_a_thread_that_is_there_is_left_alone(saver: BaseCheckpointSaver, name: str) -> None:
    workflow = survey(saver)
    workflow.start(Plan.model_validate(PLAN), thread_id="taken").wait(WAIT_S)
    page = StartPage(workflow)

    receipt = page.start(PLAN, name)

    assert receipt["status"] == "refused"
    assert "thread 'taken' already: it waits for an answer" in receipt["message"]
    assert "survey.thread('taken')" in receipt["message"]
    assert [len(saver.list_runs("taken")), page.form.runs] == [1, ()]


def test_a_name_that_no_database_holds_is_refused() -> None:
    page = StartPage(survey(InMemorySaver()))

    assert page.start(PLAN, "\ud800")["status"] == "refused"
    assert page.form.runs == ()


def test_none_begins_a_run_where_the_code_takes_nothing() -> None:
    given: list[Any] = []

    @entrypoint()
    def tick(_: None) -> None:
        given.append(_)

    page = StartPage(tick)
    assert page.start(None)["status"] == "accepted"
    page.form.runs[0].result(WAIT_S)
    assert given == [{}]
    assert page.snapshot["runs"][0]["snapshot"]["thread_id"] is None


def test_earlier_inputs_come_without_their_secrets(saver: BaseCheckpointSaver) -> None:
    page = StartPage(survey(saver))
    assert page.ask("earlier")["inputs"] == []
    page.start(PLAN, "first", "s1")
    page.start({**PLAN, "site": "Biscoe"}, "second", "s2")

    found = page.ask("earlier")["inputs"]

    assert [(one["thread_id"], one["value"]) for one in found] == [
        ("second", {"site": "Biscoe", "penguins": 4}),
        ("first", {"site": "Dream", "penguins": 4}),
    ]


def test_an_input_that_is_one_secret_cannot_be_recalled(saver: BaseCheckpointSaver) -> None:
    @entrypoint(checkpointer=saver)
    def login(token: Annotated[str, Field(json_schema_extra={"format": "password"})]) -> None: ...

    page = StartPage(login)
    page.start("t-1")

    assert page.ask("earlier")["inputs"] == []


def test_no_secret_of_the_input_reaches_a_page_or_the_record(saver: BaseCheckpointSaver) -> None:
    page = StartPage(survey(saver))
    page.start(PLAN, "first")
    page.form.runs[0].wait(WAIT_S)
    page.ask("form")
    page.ask("earlier")
    page.to_run(0, {"type": "sync", "since": 0, "log": ""})

    said = json.dumps([page.messages, page.snapshot])
    static = start_html(page.form.workflow, page.form.runs) + start_text(
        page.form.workflow, page.form.runs
    )
    for secret in ("t-1", "k-1", "built-in-key"):
        assert secret not in said
        assert secret not in static


def test_the_oldest_run_leaves_a_form_that_has_begun_many() -> None:
    @entrypoint()
    def double(n: int) -> int:
        return 2 * n

    page = StartPage(double)
    for n in range(RUNS_SHOWN + 2):
        page.start(n, name=f"s{n}")

    assert [run.result(WAIT_S) for run in page.form.runs] == [
        2 * n for n in range(2, RUNS_SHOWN + 2)
    ]
    assert len(page.snapshot["runs"]) == RUNS_SHOWN


def test_a_page_that_has_gone_hears_nothing(saver: BaseCheckpointSaver) -> None:
    page = StartPage(survey(saver))
    page.start(PLAN)
    run = page.form.runs[0]
    run.wait(WAIT_S)
    page.form.detach(page)
    page.messages.clear()

    run.resume(True)
    run.result(WAIT_S)
    session_of(run).flush()
    assert page.messages == []


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"type": "run", "run": "other", "message": {}}, "has not begun such a run"),
        ({"type": "submit", "submission": "", "interrupt_id": "", "value": 1, "thread": ""},
         "needs an id"),
        ({"type": "submit", "submission": "s1", "interrupt_id": "", "thread": ""}, "needs a value"),
        ({"type": "submit", "submission": "s1", "interrupt_id": "", "value": 1}, "'thread' must"),
        ({"type": "earlier"}, "'request' must"),
    ],
    ids=str,
)  # fmt: skip
def test_a_message_that_makes_no_sense_is_answered(message: dict[str, Any], said: str) -> None:
    page = StartPage(survey(InMemorySaver()))
    page.form.receive(page, message)

    assert page.messages[-1]["type"] == "failed" and said in page.messages[-1]["message"]
    assert page.form.runs == ()


def test_what_the_run_says_to_a_wrong_message_comes_back_under_its_key() -> None:
    page = StartPage(survey(InMemorySaver()))
    page.start(PLAN)

    key = page.to_run(0, {"type": "format_disk"})
    assert page.heard(key)[-1]["type"] == "failed"


def test_listeners_hear_of_each_run_before_the_page(saver: BaseCheckpointSaver) -> None:
    page = StartPage(survey(saver))
    heard: list[Any] = []
    page.form.on_start(lambda run: heard.append((run, len(page.snapshot["runs"]))))
    page.start(PLAN)

    assert heard == [(page.form.runs[0], 0)]


# -- without a widget -----------------------------------------------------------------------------


def test_the_text_says_how_to_start() -> None:
    assert start_text(survey(InMemorySaver())) == (
        "<nbflow workflow 'survey'>\n"
        "  survey(plan: Plan) -> Any\n"
        '  survey.start(plan, thread_id="…") begins a run'
    )


def test_a_type_of_the_same_module_is_called_by_its_name_alone() -> None:
    def give(plan: Any) -> Any: ...

    give.__annotations__ = {"plan": Plan, "return": list[int]}

    assert "\n  give(plan: Plan) -> list[int]\n" in start_text(entrypoint()(give))


def test_the_html_lists_the_input_and_is_safe() -> None:
    @entrypoint(name="<b>bold</b>")
    def bold(plan: Plan) -> None:
        """<script>alert(1)</script>"""

    source = start_html(bold)

    reader = Reader(source)
    assert reader.open == []
    assert not {"script", "b"} & reader.tags
    for text in ("site", "text", "penguins", "whole number", "How many there are.", "optional"):
        assert text in reader.text
    assert "<b>bold</b>.start(plan)" in reader.text


def test_the_record_ends_with_the_newest_runs() -> None:
    page = StartPage(survey(InMemorySaver()))
    for n in range(8):
        page.start(PLAN, f"thread-{n}", f"s{n}")
        page.form.runs[-1].wait(WAIT_S)

    source = start_html(page.form.workflow, page.form.runs)

    assert "thread-7" in source and "thread-3" in source and "thread-2" not in source
    assert len(source.encode()) < 6 * HTML_BYTES
    assert start_text(page.form.workflow, page.form.runs).count("waits for an answer") == 5


def test_shown_outside_a_notebook_a_workflow_is_its_text() -> None:
    workflow = survey(InMemorySaver())

    assert workflow._repr_mimebundle_() == {"text/plain": "<nbflow workflow 'survey'>"}


def test_a_run_in_a_taken_thread_is_not_disturbed_by_its_form(saver: BaseCheckpointSaver) -> None:
    """Its question stays open."""
    workflow = survey(saver)
    workflow.invoke(Plan.model_validate(PLAN), on_thread("taken"))
    StartPage(workflow).start(PLAN, "taken")

    (question,) = workflow.get_state(on_thread("taken")).interrupts
    assert question.value == "Is Dream right?"


def test_a_form_tells_of_the_run_that_a_card_went_on_to(saver: BaseCheckpointSaver) -> None:
    page = StartPage(survey(saver))
    told: list[BaseRun] = []
    page.form.on_start(told.append)
    page.start(PLAN, "dream")
    (begun,) = page.form.runs
    assert begun.wait(WAIT_S) == "interrupted"
    begun.resume(True)
    assert begun.result(WAIT_S) == ["Dream", 4, True]
    opening = begun.history()[-1].config["configurable"]["checkpoint_id"]

    go = {"type": "go", "request": "g", "action": "again", "checkpoint_id": opening}
    page.to_run(0, go)

    (shown,) = page.form.runs
    assert told == [begun, shown]
    assert shown.id != begun.id and shown.wait(WAIT_S) == "interrupted"
    assert "Not answered yet" in start_html(page.form.workflow, page.form.runs)
