"""The checkpoints of an adopted graph: looked at, run again, edited, shown to a page and kept."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.func import entrypoint

import nbflow
from nbflow import export
from nbflow.branches import branches_of, checkpoint_id_of
from nbflow.errors import InvalidUpdateError, MissingSaverError, UnknownOpError
from nbflow.guests.adopted_run import AdoptedRun
from nbflow.guests.graph import AdoptedGraph
from nbflow.record.static_view import html_of, text_of
from nbflow.threads import threads
from tests.guests import graphs
from tests.unit.pages import Past

WAIT_S = 10.0
CATS = {"topic": "cats", "log": []}


@pytest.fixture
def essays() -> AdoptedGraph:
    return nbflow.adopt(graphs.essays(InMemorySaver()))


@pytest.fixture
def done(essays: AdoptedGraph) -> AdoptedRun:
    run = essays.start(CATS, "1")
    run.wait(WAIT_S)
    run.resume("yes")
    run.result(WAIT_S)
    return run


def before(run: AdoptedRun, node: str) -> str:
    """Id of the newest checkpoint that a node comes next after."""
    shot = next(shot for shot in run.history() if shot.next == (node,))
    return checkpoint_id_of(shot.config) or ""


def test_the_history_tells_each_step_and_how_it_stands(done: AdoptedRun) -> None:
    shots = done.history()
    assert [(shot.next, shot.status) for shot in shots] == [
        ((), "done"),
        (("publish",), "done"),
        (("review",), "done"),
        (("draft",), "done"),
        (("__start__",), "done"),
    ]
    review = next(shot for shot in shots if shot.next == ("review",))
    assert [(op.kind, op.name, op.status) for op in review.ops] == [
        ("task", "review", "done"),
        ("question", None, "answered"),
    ]
    assert review.interrupts == ()
    assert done.history(limit=2, before=checkpoint_id_of(shots[1].config)) == shots[2:4]


def test_a_run_goes_another_way_from_any_checkpoint(done: AdoptedRun) -> None:
    other = done.again(before(done, "review"))
    assert other.wait(WAIT_S) == "interrupted"
    other.resume("indeed")
    assert other.result(WAIT_S)["log"] == ["draft of cats", "indeed", "published"]
    assert done.status == "done"
    branches = branches_of(done.history())
    assert [(one.number, one.parent) for one in branches] == [(2, 1), (1, None)]


def test_an_edited_state_replaces_what_a_reducer_would_add_to(
    essays: AdoptedGraph, done: AdoptedRun
) -> None:
    at = next(shot for shot in done.history() if shot.next == ("publish",))
    config = essays.update_state(at.config, {**at.values, "log": ["rewritten"]})
    assert essays.get_state(config).values == {"topic": "cats", "log": ["rewritten"]}
    run = done.begin(None, checkpoint_id_of(config))
    assert run.result(WAIT_S)["log"] == ["rewritten", "published"]


def test_a_workflows_state_is_edited_whole() -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def count(n: int, *, previous: int | None = None) -> int:
        return n + (previous or 0)

    adopted = nbflow.adopt(count)
    run = adopted.start(4, "1")
    run.result(WAIT_S)
    config = adopted.update_state({"configurable": {"thread_id": "1"}}, 100)
    assert run.begin(1, checkpoint_id_of(config)).result(WAIT_S) == 101


def test_what_langgraph_refuses_to_store_is_an_error_of_nbflows(
    essays: AdoptedGraph, done: AdoptedRun
) -> None:
    with pytest.raises(InvalidUpdateError, match="LangGraph refused the update"):
        essays.update_state(done.history()[0].config, {"topic": "dogs"}, as_node="nobody")


def test_a_fork_within_a_step_is_refused_with_what_to_do(done: AdoptedRun) -> None:
    with pytest.raises(UnknownOpError, match="branches off at its checkpoints"):
        done.fork(after="0" * 32)
    assert done.fork(checkpoint_id=before(done, "publish")).result(WAIT_S)["log"][-1] == "published"


def test_a_page_looks_runs_again_and_edits(done: AdoptedRun) -> None:
    past = Past(done)
    items = past.items()
    assert [item["next"] for item in items][:2] == [[], ["publish"]]
    at = items[2]["checkpoint_id"]
    detail = past.ask("checkpoint", checkpoint_id=at)
    assert [code["action"] for code in detail["codes"]] == ["again", "look"]
    assert [op["codes"] for op in detail["ops"]] == [[], []]
    assert detail["rerun"] is True
    outcome = past.go("again", at)
    assert (outcome["status"], outcome["follows"]) == ("accepted", True)
    again = past.shown_run()
    assert again.wait(WAIT_S) == "interrupted"

    edited = past.go("rerun", items[1]["checkpoint_id"], value={"topic": "dogs", "log": ["new"]})
    assert edited["status"] == "accepted", edited
    assert past.shown_run().result(WAIT_S) == {"topic": "dogs", "log": ["new", "published"]}


def test_the_code_that_a_page_gives_runs_as_it_stands(
    essays: AdoptedGraph, done: AdoptedRun
) -> None:
    past = Past(done)
    at = before(done, "publish")
    value = {"topic": "dogs", "log": ["new"]}
    text = past.ask("code", checkpoint_id=at, action="rerun", value=value)["text"]
    names: dict[str, Any] = {"essays": essays}
    exec(text, names)  # what stands in the page is what a person would paste
    assert essays.get_state({"configurable": {"thread_id": "1"}}).values["log"][-1] == "published"
    exec(past.code(past.ask("checkpoint", checkpoint_id=at), "again"), names)


def test_two_checkpoints_are_compared_with_the_nodes_that_led_there(done: AdoptedRun) -> None:
    other = done.again(before(done, "review"))
    other.wait(WAIT_S)
    other.resume("indeed")
    other.result(WAIT_S)
    past = Past(other)
    newest = [item["checkpoint_id"] for item in past.items() if item["next"] == []]
    answer = past.ask("comparison", left=newest[1], right=newest[0])
    assert [change["path"] for change in answer["changes"]] == [["log", "1"]]
    assert [pair["same_call"] for pair in answer["pairs"]] == [True]


def test_a_record_and_an_export_tell_of_an_adopted_run(done: AdoptedRun) -> None:
    text = text_of(done)
    assert "essays ✓ done" in text
    assert "Publish it?" in text
    assert "<script" not in html_of(done)
    record = export.record(done)
    assert [item["next"] for item in record.history][:2] == [[], ["publish"]]
    assert "review" in export.html(done)


def test_the_form_that_starts_an_agent_takes_messages_as_a_person_writes_them() -> None:
    schema = nbflow.adopt(graphs.agent()).get_input_jsonschema()
    assert schema["properties"]["messages"]["items"]["required"] == ["role", "content"]
    assert "$defs" not in schema


def test_a_list_of_nbflows_threads_says_that_a_graphs_are_elsewhere(essays: AdoptedGraph) -> None:
    with pytest.raises(MissingSaverError, match="LangGraph's saver"):
        threads(essays)
