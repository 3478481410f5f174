"""Every payload convention: recognised by its shape, answered in its own.

The golden files in ``tests/conventions`` are read by vitest, too
(``nbflow/frontend/test/conventions.test.tsx``): a person who acts as recorded makes the page submit
the same decisions.
"""

from __future__ import annotations

import datetime as dt
import json
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from nbflow.base_run import BaseRun
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.errors import InvalidAnswerError
from nbflow.forms import answer_of, decided_in, form_of, places_in_form
from nbflow.forms.conventions import read
from nbflow.func import entrypoint
from nbflow.types import Interrupt, interrupt
from nbflow.widgets.session import session_of

FILES = sorted((Path(__file__).parents[1] / "conventions").glob("*.json"))
ID = "0" * 31 + "c"

CALL = {"type": "tool_approval", "tool_call_id": "1", "name": "send", "args": {"to": "kim"}}


def load(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def asked(golden: dict[str, Any]) -> Interrupt:
    return Interrupt(value=golden["payload"], id=ID, response_schema=golden["response_schema"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_payload_becomes_the_recorded_form(path: Path) -> None:
    golden = load(path)
    assert form_of(asked(golden)) == golden["form"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_decisions_become_the_answer_of_the_convention_and_back(path: Path) -> None:
    golden = load(path)
    question = asked(golden)
    for one in golden["rounds"]:
        if "value" in one:
            assert one["answer"] == one["value"] and golden["form"]["actions"] == []
            continue
        answer = answer_of(question, one["decisions"])
        assert answer == one["answer"]
        assert decided_in(question, answer) == one.get("reads_back", one["decisions"])


def test_every_convention_has_a_golden_file() -> None:
    kinds = {type(read(load(path)["payload"])).__module__.rsplit(".", 1)[1] for path in FILES}
    assert kinds == {"ag_ui", "agent_inbox", "hitl", "mcp", "reading", "tool_approval"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_decision_that_is_offered_is_in_a_round(path: Path) -> None:
    golden = load(path)
    offered = {one["kind"] for action in golden["form"]["actions"] for one in action["decisions"]}
    made = {one["kind"] for a_round in golden["rounds"] for one in a_round.get("decisions", [])}
    assert golden["rounds"] and made == offered


def test_an_edit_cannot_rename_the_tool() -> None:
    sneaky = {"kind": "edit", "value": {"to": "lee"}, "name": "delete_all"}
    assert answer_of(Interrupt(value=CALL, id=ID), [sneaky]) == {
        "type": "edit",
        "edited_action": {"name": "send", "args": {"to": "lee"}},
    }


def test_what_was_not_edited_comes_back_as_it_was() -> None:
    """P10: the page knows JSON only."""
    proposed = {
        "on": dt.date(2024, 2, 1), "price": Decimal("1.10"), "rate": 1.0, "big": 2**70,
        "flags": [True, 1, 1.0], "note": "a", "none": None,
    }  # fmt: skip
    call = {**CALL, "args": proposed}
    question = Interrupt(value=call, id=ID)
    shown = form_of(question)["actions"][0]["decisions"][1]["initial"]
    on_the_page = json.loads(json.dumps(shown).replace("1.0", "1"))

    edited = answer_of(question, [{"kind": "edit", "value": on_the_page}])["edited_action"]["args"]
    assert repr(edited) == repr(proposed)

    on_the_page["note"] = "b"
    edited = answer_of(question, [{"kind": "edit", "value": on_the_page}])["edited_action"]["args"]
    assert repr(edited) == repr({**proposed, "note": "b"})


@pytest.mark.parametrize(
    ("decisions", "errors"),
    [
        ([], [{"path": [], "message": "0 decisions came for 1 actions."}]),
        ([{"kind": "approve"}] * 2, [{"path": [], "message": "2 decisions came for 1 actions."}]),
        (["approve"], [{"path": [0], "message": "Decide on it: approve, edit, reject, respond."}]),
        (
            [{"kind": "ignore"}],
            [{"path": [0], "message": "Decide on it: approve, edit, reject, respond."}],
        ),
        ([{"kind": "edit"}], [{"path": [0], "message": "Fill this in."}]),
        (
            [{"kind": "respond", "value": 7}],
            [{"path": [0], "message": '7 is not of type "string"'}],
        ),
        (
            [{"kind": "edit", "value": {}}],
            [{"path": [0], "message": '"to" is a required property'}],
        ),
        (
            [{"kind": "edit", "value": {"to": 7}}],
            [{"path": [0, "to"], "message": '7 is not of type "string"'}],
        ),
    ],
)
def test_wrong_decisions_are_refused(decisions: list[Any], errors: list[Any]) -> None:
    with pytest.raises(InvalidAnswerError, match="still open") as caught:
        answer_of(Interrupt(value=CALL, id=ID), decisions)
    assert list(caught.value.errors) == errors


def test_decisions_about_a_plain_question_are_refused() -> None:
    with pytest.raises(InvalidAnswerError):
        answer_of(Interrupt(value="Approve?", id=ID), [{"kind": "approve"}])


NEARLY: list[Any] = [
    {"action_requests": [], "review_configs": []},
    {"action_requests": [{"name": "a", "args": 1}], "review_configs": [{"action_name": "a"}]},
    {
        "action_requests": [{"name": "a", "args": {}}],
        "review_configs": [{"action_name": "a", "allowed_decisions": ["unknown"]}],
    },
    {"action_requests": [{"name": "a", "args": {}}, None], "review_configs": [1]},
    {"type": "tool_approval", "name": 1, "args": {}},
    {"type": "tool_approval", "name": "a", "args": []},
    [{"action_request": {"action": "a", "args": {}}, "config": {}}],
    [{"action_request": {"action": "a", "args": {}}, "config": {"allow_accept": True}}, 1],
    {"action_request": {"action": "a", "args": {}}, "config": {"allow_accept": False}},
    {"method": "elicitation/create", "params": {"message": 1, "requestedSchema": {}}},
    {"method": "elicitation/create", "params": {"message": "a"}},
    {"id": "a", "reason": ""},
    {"id": "a", "reason": "because"},
    {"interrupts": [{"id": "a", "reason": "b", "message": "c"}] * 2},
    {"interrupts": []},
    [],
]


@pytest.mark.parametrize("payload", NEARLY, ids=lambda payload: repr(payload)[:60])
def test_what_only_looks_like_a_convention_is_a_plain_question(payload: Any) -> None:
    form = form_of(Interrupt(value=payload, id=ID))
    assert form["actions"] == [] and form["schema"] == {}


def test_arguments_too_large_for_a_page_are_shown_and_answered_as_json() -> None:
    call = {**CALL, "args": {f"k{n}": "x" * 900 for n in range(400)}}
    form = form_of(Interrupt(value=call, id=ID))
    assert len(json.dumps(form)) < 200_000
    kinds = [one["kind"] for action in form["actions"] for one in action["decisions"]]
    assert "edit" not in kinds or not form["actions"][0]["decisions"][1]["has_initial"]


def test_secret_arguments_have_no_default_on_the_page() -> None:
    schema = {
        "oneOf": [
            {
                "properties": {
                    "type": {"const": "edit"},
                    "edited_action": {
                        "properties": {
                            "args": {
                                "properties": {
                                    "key": {"type": "string", "format": "password", "default": "s3"}
                                }
                            }
                        }
                    },
                }
            }
        ]
    }
    form = form_of(Interrupt(value={**CALL, "args": {}}, id=ID, response_schema=schema))
    assert "s3" not in json.dumps(form)


class _Sent:
    """A page that keeps what it was sent."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    def send(self, content: Any, buffers: Any = None) -> None:
        self.messages.append(deepcopy(content))

    def show(self, snapshot: Any) -> None:
        """The header is not looked at here."""

    def follow(self, run: BaseRun) -> None:
        """No other run is shown."""


def _submit(
    payload: Any, decisions: Any, schema: Any = None, **plain: Any
) -> tuple[dict[str, Any], Any]:
    """The receipt that a page gets, and what the code got."""

    @entrypoint(checkpointer=InMemorySaver())
    def workflow(_: int) -> Any:
        return interrupt(payload, response_schema=schema)

    run = workflow.start(1, thread_id="1")
    run.wait()
    page, session = _Sent(), session_of(run)
    session.attach(page)
    session.receive(
        page,
        {"type": "submit", "submission": "s", "interrupt_id": run.interrupts[0].id}
        | (plain or {"decisions": decisions}),
    )
    receipt = page.messages[-1]
    return receipt, run.result() if receipt["status"] == "accepted" else None


def test_a_page_decides() -> None:
    receipt, answer = _submit(CALL, [{"kind": "reject", "value": "Not today."}])
    assert (receipt["status"], answer) == ("accepted", {"type": "reject", "message": "Not today."})


def test_faults_that_only_the_code_knows_land_on_their_field() -> None:
    """P11: the answer's schema speaks of the answer; the page of what was filled in."""
    schema = {
        "properties": {
            "edited_action": {"properties": {"args": {"properties": {"to": {"maxLength": 3}}}}}
        }
    }
    receipt, _ = _submit(CALL, [{"kind": "edit", "value": {"to": "kim@example.org"}}], schema)
    assert receipt["status"] == "invalid"
    assert [error["path"] for error in receipt["errors"]] == [[0, "to"]]


@pytest.mark.parametrize(
    ("payload", "path", "place"),
    [
        ("hitl", ["decisions", 1, "edited_action", "args", "a", 0], [1, "a", 0]),
        ("hitl", ["decisions", 0, "message"], [0]),
        ("hitl", ["other"], []),
        ("tool_approval", ["edit", "edited_action", "args", "to"], [0, "to"]),
        ("tool_approval", ["message"], [0]),
        ("agent_inbox", [0, "args", "args", "to"], [0, "to"]),
        ("ag_ui", [1, "payload", "approved"], [1, "approved"]),
        ("mcp", ["content", "name"], [0, "name"]),
        ("mcp", ["action"], []),
        ("langgraph", ["a", 1], ["a", 1]),
    ],
)
def test_where_a_fault_lies_in_the_form(payload: str, path: list[Any], place: list[Any]) -> None:
    golden = load(next(file for file in FILES if file.stem == payload))
    fault = {"path": path, "message": "No."}
    assert places_in_form(asked(golden), [fault]) == [{"path": place, "message": "No."}]


def test_a_plain_answer_keeps_the_types_of_what_was_given() -> None:
    """P10: JavaScript has one kind of number."""
    given = {"rate": 1.0, "id": 2**60 + 1, "n": 1, "flag": True}
    schema = {"type": "object", "default": given}
    on_the_page = {"rate": 1, "id": str(2**60 + 1), "n": 3, "flag": True}
    receipt, answer = _submit("?", None, schema, value=on_the_page)
    assert receipt["status"] == "accepted"
    assert repr(answer) == repr({**given, "n": 3})


def test_a_choice_of_several_in_an_elicitation_is_ticked() -> None:
    """MCP has lists of choices only to choose several, and does not say ``uniqueItems``."""
    choices = {"anyOf": [{"const": "a", "title": "Alpha"}, {"const": "b", "title": "Beta"}]}
    wanted = {"type": "object", "properties": {"many": {"type": "array", "items": choices}}}
    params = {"message": "Which?", "requestedSchema": wanted}
    form = form_of(Interrupt(value={"method": "elicitation/create", "params": params}, id=ID))
    schema = form["actions"][0]["decisions"][0]["schema"]
    assert schema is not None
    assert schema["properties"]["many"] == {"type": "array", "items": choices, "uniqueItems": True}


def test_the_title_of_a_single_ag_ui_question_is_not_said_twice() -> None:
    question = {"id": "1", "reason": "confirmation", "message": "Send it to all?"}
    form = form_of(Interrupt(value=question, id=ID))
    assert (form["title"], form["actions"][0]["name"]) == ("Send it to all?", "")
    both = form_of(Interrupt(value=[question, {**question, "id": "2"}], id=ID))
    assert [action["name"] for action in both["actions"]] == ["Send it to all?"] * 2
