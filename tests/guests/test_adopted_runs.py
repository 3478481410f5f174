"""A graph of LangGraph's, behind nbflow: it runs, asks, is answered, fails, stops and is found."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.func import entrypoint, task
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt
from pydantic import BaseModel

import nbflow
from nbflow import events as ev
from nbflow.errors import (
    AlreadyAnsweredError,
    DeclarationError,
    InvalidAnswerError,
    MissingSaverError,
    ThreadBusyError,
    UnknownInterruptError,
    UnknownThreadError,
)
from nbflow.guests.adopted_run import AdoptedRun
from tests.guests import graphs

WAIT_S = 10.0


def told(run: AdoptedRun) -> list[str]:
    """The events of a run in words, without checkpoints."""
    words = []
    for event in run.events():
        if isinstance(event, ev.TaskEvent):
            words.append(f"{type(event).__name__} {event.name}")
        elif not isinstance(event, ev.CheckpointSaved | ev.Message):
            words.append(type(event).__name__)
    return words


def test_a_state_graph_runs_asks_and_goes_on() -> None:
    adopted = nbflow.adopt(graphs.essays(InMemorySaver()))
    run = adopted.start({"topic": "cats", "log": []}, thread_id="1")
    assert run.wait(WAIT_S) == "interrupted"
    [question] = run.interrupts
    assert question.value == {"question": "Publish it?", "topic": "cats"}
    run.answer(question.id, "yes")
    assert run.result(WAIT_S)["log"] == ["draft of cats", "yes", "published"]
    assert told(run) == [
        "RunStarted",
        "TaskStarted draft",
        "TaskFinished draft",
        "TaskStarted review",
        "Asked",
        "TaskPaused review",
        "RunEnded",
        "Answered",
        "RunStarted",
        "TaskStarted review",
        "TaskFinished review",
        "TaskStarted publish",
        "TaskFinished publish",
        "RunEnded",
    ]
    assert [event.seq for event in run.events()] == list(range(len(run.events())))


def test_the_tasks_of_a_graph_within_a_graph_stand_below_its_node() -> None:
    run = nbflow.adopt(graphs.magazine(InMemorySaver())).start({"topic": "cats", "log": []}, "1")
    run.wait(WAIT_S)
    started = {e.name: e for e in run.events() if isinstance(e, ev.TaskStarted)}
    assert started["draft"].parent == started["essay"].id
    assert started["essay"].parent is None
    asked = [event for event in run.events() if isinstance(event, ev.Asked)]
    assert [event.task for event in asked] == [started["review"].id]


def test_a_workflow_of_langgraphs_shows_its_tasks_and_not_itself() -> None:
    ran: list[str] = []

    @task
    def write(topic: str) -> str:
        ran.append(topic)
        return f"An essay about {topic}"

    @entrypoint(checkpointer=InMemorySaver())
    def essay(topic: str) -> list[Any]:
        return [write(topic).result(), interrupt("Publish it?")]

    run = nbflow.adopt(essay).start("cats", "1")
    assert run.wait(WAIT_S) == "interrupted"
    run.resume(True)
    assert run.result(WAIT_S) == ["An essay about cats", True]
    assert ran == ["cats"]
    finished = [e for e in run.events() if isinstance(e, ev.TaskFinished)]
    assert [(e.name, e.result, e.replayed) for e in finished] == [
        ("write", "An essay about cats", False),
        ("write", "An essay about cats", True),
    ]
    assert finished[1].input == (("cats",), {})


def test_an_async_workflow_runs_on_a_loop_of_its_own() -> None:
    @task
    async def write(topic: str) -> str:
        await asyncio.sleep(0)
        return f"An essay about {topic}"

    @entrypoint(checkpointer=InMemorySaver())
    async def essay(topic: str) -> list[Any]:
        return [await write(topic), interrupt("Publish it?")]

    adopted = nbflow.adopt(essay)
    assert adopted.driver.is_async
    run = adopted.start("cats", "1")
    run.wait(WAIT_S)
    run.resume(False)
    assert run.result(WAIT_S) == ["An essay about cats", False]


def test_a_sync_saver_on_disk_is_found_again_by_another_adoption(tmp_path: Path) -> None:
    with SqliteSaver.from_conn_string(str(tmp_path / "graphs.db")) as saver:
        nbflow.adopt(graphs.essays(saver)).start({"topic": "cats", "log": []}, "1").wait(WAIT_S)
        again = nbflow.adopt(graphs.essays(saver)).thread("1")
        assert again.status == "interrupted"
        assert told(again) == [
            "RunStarted",
            "TaskStarted draft",
            "TaskFinished draft",
            "TaskStarted review",
            "Asked",
            "TaskPaused review",
            "RunEnded",
        ]
        [started] = [e for e in again.events() if isinstance(e, ev.RunStarted)]
        assert started.input == {"topic": "cats", "log": []}
        again.resume("yes")
        assert again.result(WAIT_S)["log"][-1] == "published"


async def test_a_saver_that_belongs_to_a_loop_is_used_from_any_thread(tmp_path: Path) -> None:
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "graphs.db")) as saver:
        adopted = nbflow.adopt(graphs.essays(saver))
        assert adopted.driver.is_async
        run = adopted.start({"topic": "cats", "log": []}, "1")
        assert run.wait(WAIT_S) == "interrupted"  # this blocks the saver's own loop
        run.resume("yes")
        assert (await run)["log"][-1] == "published"
        assert [shot.status for shot in run.history(limit=2)] == ["done", "done"]


def test_an_agents_middleware_asks_and_its_tool_runs_once_it_may() -> None:
    run = nbflow.adopt(graphs.agent()).start(
        {"messages": [{"role": "user", "content": "Delete old.txt"}]}, "1"
    )
    assert run.wait(WAIT_S) == "interrupted"
    assert run.interrupts[0].value["action_requests"][0]["name"] == "delete_file"
    assert graphs.deleted == []
    run.resume({"decisions": [{"type": "approve"}]})
    assert run.result(WAIT_S)["messages"][-1].content == "I have deleted old.txt"
    assert graphs.deleted == ["old.txt"]
    chunks = [e for e in run.events() if isinstance(e, ev.Message)]
    model = [e.id for e in run.events() if isinstance(e, ev.TaskStarted) and e.name == "model"][-1]
    said = [e.chunk.content for e in chunks if e.task == model]
    assert "".join(said).startswith("I have deleted old.txt")
    assert len(said) >= 4


def test_custom_events_and_failures_are_told() -> None:
    from langgraph.config import get_stream_writer

    @task
    def count() -> None:
        get_stream_writer()("half done")
        raise ValueError("too many")

    @entrypoint(checkpointer=InMemorySaver())
    def work(_: str) -> None:
        count().result()

    run = nbflow.adopt(work).start("go", "1")
    assert run.wait(WAIT_S) == "error"
    assert [e.data for e in run.events() if isinstance(e, ev.Custom)] == ["half done"]
    [failed] = [e for e in run.events() if isinstance(e, ev.TaskFailed)]
    assert (failed.error.type, failed.error.message) == ("ValueError", "too many")
    assert 'raise ValueError("too many")' in failed.error.traceback
    assert "langgraph/pregel" not in failed.error.traceback
    with pytest.raises(ValueError, match="too many"):
        run.result(WAIT_S)


def test_a_failed_run_goes_on_where_it_failed() -> None:
    fails = [True]

    def shaky(state: graphs.State) -> dict[str, Any]:
        if fails.pop():
            fails.append(False)
            raise OSError("The line is down.")
        return {"log": ["sent"]}

    graph = StateGraph(graphs.State)
    graph.add_node("draft", graphs.draft)
    graph.add_node("shaky", shaky)
    graph.set_entry_point("draft")
    graph.add_edge("draft", "shaky")
    run = nbflow.adopt(graph.compile(checkpointer=InMemorySaver())).start(
        {"topic": "cats", "log": []}, "1"
    )
    assert run.wait(WAIT_S) == "error"
    run.resume()
    assert run.result(WAIT_S)["log"] == ["draft of cats", "sent"]
    assert told(run).count("TaskStarted draft") == 1


def test_a_breakpoint_stops_a_run_that_then_goes_on_without_an_answer() -> None:
    run = nbflow.adopt(graphs.essays(InMemorySaver(), interrupt_before=["draft"])).start(
        {"topic": "cats", "log": []}, "1"
    )
    assert run.wait(WAIT_S) == "ready"
    assert run.interrupts == ()
    run.resume()
    assert run.wait(WAIT_S) == "interrupted"


class Verdict(BaseModel):
    publish: bool


def test_an_answer_that_does_not_fit_is_refused_and_the_question_stays() -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def essay(topic: str) -> bool:
        verdict: Verdict = interrupt(f"Publish {topic}?", response_schema=Verdict)
        return verdict.publish

    run = nbflow.adopt(essay).start("cats", "1")
    run.wait(WAIT_S)
    [question] = run.interrupts
    with pytest.raises(InvalidAnswerError, match="Nothing was stored"):
        run.answer(question.id, {"publish": "perhaps"})
    assert run.status == "interrupted"
    run.answer(question.id, {"publish": True})
    assert run.result(WAIT_S) is True
    with pytest.raises(AlreadyAnsweredError, match="has its answer already"):
        run.answer(question.id, {"publish": False})
    with pytest.raises(UnknownInterruptError, match="0 open questions"):
        run.resume("yes")


def test_two_questions_are_answered_one_after_the_other() -> None:
    graph = StateGraph(graphs.State)
    for name in ("tea", "salt"):
        graph.add_node(name, lambda _, name=name: {"log": [name + interrupt(f"Keep {name}?")]})
        graph.add_edge(START, name)
    run = nbflow.adopt(graph.compile(checkpointer=InMemorySaver())).start({"log": []}, "1")
    run.wait(WAIT_S)
    tea, salt = sorted(run.interrupts, key=lambda q: q.value, reverse=True)
    with pytest.raises(UnknownInterruptError, match="2 open questions"):
        run.resume("yes")
    run.answer(salt.id, "?")
    assert run.wait(WAIT_S) == "interrupted"
    assert [question.value for question in run.interrupts] == ["Keep tea?"]
    run.answer(tea.id, "!")
    assert run.result(WAIT_S)["log"] == ["salt?", "tea!"]


def test_one_run_of_a_thread_goes_on_at_a_time() -> None:
    go = threading.Event()

    @entrypoint(checkpointer=InMemorySaver())
    def wait(_: str) -> str:
        assert go.wait(WAIT_S)
        return "over"

    adopted = nbflow.adopt(wait)
    run = adopted.start("a", "1")
    with pytest.raises(ThreadBusyError, match="is running"):
        adopted.start("b", "1")
    assert adopted.thread("1") is run
    go.set()
    assert run.result(WAIT_S) == "over"
    assert adopted.start("c", "1").result(WAIT_S) == "over"


async def test_an_async_run_is_cancelled_in_the_middle_of_its_work() -> None:
    stopped = threading.Event()

    @entrypoint(checkpointer=InMemorySaver())
    async def wait(_: str) -> str:
        try:
            await asyncio.sleep(WAIT_S)
        finally:
            stopped.set()
        return "over"

    run = nbflow.adopt(wait).start("a", "1")
    run.cancel()
    assert await asyncio.to_thread(run.wait, WAIT_S) == "cancelled"
    assert stopped.wait(WAIT_S)


def test_a_sync_run_is_cancelled_after_the_step_that_is_under_way() -> None:
    began, go = threading.Event(), threading.Event()

    def slow(state: graphs.State) -> dict[str, Any]:
        began.set()
        assert go.wait(WAIT_S)
        return {"log": ["slow"]}

    graph = StateGraph(graphs.State)
    graph.add_node("slow", slow)
    graph.add_node("draft", graphs.draft)
    graph.set_entry_point("slow")
    graph.add_edge("slow", "draft")
    run = nbflow.adopt(graph.compile(checkpointer=InMemorySaver())).start(
        {"topic": "cats", "log": []}, "1"
    )
    assert began.wait(WAIT_S)
    run.cancel()
    go.set()
    assert run.wait(WAIT_S) == "cancelled"
    run.resume()
    assert run.result(WAIT_S)["log"][-1] == "draft of cats"


def test_what_langgraph_refuses_is_raised_at_once_and_leaves_no_run() -> None:
    adopted = nbflow.adopt(graphs.essays(InMemorySaver()))
    with pytest.raises(Exception, match="EmptyInput|Received no input"):
        adopted.start(None, "1")
    assert adopted.thread_status("1") is None
    with pytest.raises(UnknownThreadError, match="no thread '1'"):
        adopted.thread("1")
    adopted.start({"topic": "cats", "log": []}, "1").wait(WAIT_S)


def test_invoke_means_what_it_means_in_langgraph() -> None:
    adopted = nbflow.adopt(graphs.essays(InMemorySaver()))
    config = {"configurable": {"thread_id": "1"}}
    asked = adopted.invoke({"topic": "cats", "log": []}, config)["__interrupt__"]
    assert [question.value["topic"] for question in asked] == ["cats"]
    assert adopted.invoke(Command(resume="yes"), config)["log"][-1] == "published"


def test_a_graph_that_keeps_nothing_runs_and_cannot_go_back() -> None:
    graph = StateGraph(graphs.State)
    graph.add_node("draft", graphs.draft)
    graph.set_entry_point("draft")
    run = nbflow.adopt(graph.compile()).start({"topic": "cats", "log": []})
    assert run.result(WAIT_S)["log"] == ["draft of cats"]
    assert run.history() == []
    with pytest.raises(MissingSaverError, match="keeps nothing"):
        run.again()


def test_what_is_no_graph_is_refused_with_what_to_do() -> None:
    with pytest.raises(DeclarationError, match=r"adopt\(graph.compile\(\)\)"):
        nbflow.adopt(StateGraph(graphs.State))
    with pytest.raises(DeclarationError, match="pass a compiled graph"):
        nbflow.adopt(len)


def test_a_function_answers_the_questions_of_a_graph() -> None:
    run = nbflow.adopt(graphs.essays(InMemorySaver())).start({"topic": "cats", "log": []}, "1")
    run.answer_with(lambda question: f"yes, {question.value['topic']}")
    assert run.result(WAIT_S)["log"][1] == "yes, cats"


def test_importing_nbflow_loads_nothing_of_langgraphs() -> None:
    code = (
        "import sys, nbflow, nbflow.func, nbflow.guests.graph; "
        "assert not [m for m in sys.modules if m.startswith(('langgraph', 'langchain'))]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
