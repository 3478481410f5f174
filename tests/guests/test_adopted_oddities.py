"""What LangGraph allows and a card must not get wrong: stale forms, siblings, messages."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

import pytest
from langchain_core.messages import AnyMessage, HumanMessage
from langgraph.cache.memory import InMemoryCache
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph, add_messages
from langgraph.runtime import Runtime
from langgraph.types import CachePolicy, interrupt

import nbflow
from nbflow import events as ev
from nbflow.branches import checkpoint_id_of
from nbflow.checkpoint.memory import InMemorySaver as OwnSaver
from nbflow.errors import (
    InvalidUpdateError,
    MissingSaverError,
    ThreadBusyError,
    UnknownCheckpointError,
    UnknownInterruptError,
    UnknownThreadError,
)
from nbflow.func import entrypoint
from nbflow.record.static_view import text_of
from tests.guests.graphs import State, essays

WAIT_S = 10.0
X = {"topic": "x", "log": []}


def ask(state: State) -> dict[str, Any]:
    return {"log": [interrupt("ok?")]}


def quick(state: State) -> dict[str, Any]:
    return {"log": ["quick"]}


def side_by_side(*nodes: Any, saver: Any = None, **options: Any) -> Any:
    graph = StateGraph(State)
    for node in nodes:
        graph.add_node(node.__name__, node)
        graph.add_edge(START, node.__name__)
    return graph.compile(checkpointer=saver or InMemorySaver(), **options)


def test_an_old_form_answers_no_question_of_another_branch() -> None:
    run = nbflow.adopt(side_by_side(ask)).start(X, "1")
    run.wait(WAIT_S)
    other = run.again(checkpoint_id_of(run.history()[0].config))
    other.wait(WAIT_S)
    before = len(run.events())
    with pytest.raises(UnknownInterruptError, match="Somebody has gone on"):
        run.resume("yes")
    assert len(run.events()) == before
    other.resume("indeed")
    assert other.result(WAIT_S)["log"] == ["indeed"]


def test_a_graph_begun_on_the_loop_that_it_needs_goes_on_at_once() -> None:
    async def node(state: State) -> dict[str, Any]:
        return {"log": ["async"]}

    adopted = nbflow.adopt(side_by_side(node))

    @entrypoint(checkpointer=OwnSaver())
    async def outer(n: int) -> Any:
        return (await adopted.start(X, "1"))["log"]

    assert outer.start(1, thread_id="o").result(5) == ["async"]


def test_a_function_answers_when_the_task_beside_its_question_has_ended() -> None:
    go, asked = threading.Event(), []

    def slow(state: State) -> dict[str, Any]:
        assert go.wait(WAIT_S)
        return {"log": ["slow"]}

    def answer(question: Any) -> str:
        asked.append(question.value)
        threading.Timer(2.0, go.set).start()
        return "yes"

    run = nbflow.adopt(side_by_side(ask, slow)).start(X, "1")
    assert run.answer_with(answer).result(WAIT_S)["log"] == ["yes", "slow"]
    assert asked == ["ok?"]


def test_a_question_that_was_answered_stays_so_after_a_restart() -> None:
    def tea(state: State) -> dict[str, Any]:
        return {"log": [interrupt("tea?")]}

    graph = side_by_side(ask, tea)
    run = nbflow.adopt(graph).start(X, "1")
    run.wait(WAIT_S)
    run.answer(next(one.id for one in run.interrupts if one.value == "ok?"), "yes")
    run.wait(WAIT_S)
    again = nbflow.adopt(graph).thread("1")
    assert [question.value for question in again.interrupts] == ["tea?"]
    again.resume("!")
    assert again.result(WAIT_S)["log"] == ["yes", "!"]
    told = text_of(nbflow.adopt(graph).thread("1"))
    assert "not answered" not in told
    assert "waits" not in told


def test_a_failure_that_was_overcome_is_none_after_a_restart() -> None:
    fails = [True]

    def shaky(state: State) -> dict[str, Any]:
        if fails:
            fails.clear()
            raise OSError("The line is down.")
        return {"log": ["sent"]}

    graph = side_by_side(shaky)
    run = nbflow.adopt(graph).start(X, "1")
    assert run.wait(WAIT_S) == "error"
    run.resume()
    run.result(WAIT_S)
    again = nbflow.adopt(graph).thread("1")
    assert "The line is down" not in text_of(again)
    assert {op.status for shot in again.history() for op in shot.ops} == {"done"}


def test_without_a_saver_a_question_is_an_error_and_not_the_end() -> None:
    graph = StateGraph(State).add_node("ask", ask).add_edge(START, "ask").compile()
    run = nbflow.adopt(graph).start(X)
    assert run.wait(WAIT_S) == "error"
    with pytest.raises(MissingSaverError, match="Compile it with a checkpointer"):
        run.result()
    for look in (
        lambda: nbflow.adopt(graph).thread("1"),
        lambda: nbflow.adopt(graph).get_state({}),
    ):
        with pytest.raises(MissingSaverError):
            look()


def test_every_task_that_began_has_an_end() -> None:
    run = nbflow.adopt(side_by_side(ask, quick)).start(X, "1")
    run.wait(WAIT_S)
    run.resume("yes")
    run.result(WAIT_S)
    assert _unended(run) == []

    graph = StateGraph(State)
    graph.add_node("quick", quick, cache_policy=CachePolicy())
    graph.add_edge(START, "quick")
    adopted = nbflow.adopt(graph.compile(checkpointer=InMemorySaver(), cache=InMemoryCache()))
    for thread in ("1", "2"):
        run = adopted.start(X, thread)
        assert run.result(WAIT_S)["log"] == ["quick"]
        assert _unended(run) == []


def _unended(run: Any) -> list[str]:
    begun: dict[str, str] = {}
    for event in run.events():
        if isinstance(event, ev.TaskStarted):
            begun[event.id] = event.name
        elif isinstance(event, ev.TaskEvent):
            begun.pop(event.id, None)
    return list(begun.values())


class Chat(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]


def test_edited_messages_are_messages_again() -> None:
    graph = StateGraph(Chat)
    graph.add_node("echo", lambda chat: {"messages": [("ai", chat["messages"][-1].content)]})
    graph.add_edge(START, "echo")
    adopted = nbflow.adopt(graph.compile(checkpointer=InMemorySaver()))
    run = adopted.start({"messages": [HumanMessage("one")]}, "1")
    run.result(WAIT_S)
    begun = run.history()[-2]
    config = adopted.update_state(begun.config, {"messages": [{"role": "user", "content": "two"}]})
    [message] = adopted.get_state(config).values["messages"]
    assert (message.type, message.content, bool(message.id)) == ("human", "two", True)
    again = run.begin(None, checkpoint_id_of(config))
    assert [one.content for one in again.result(WAIT_S)["messages"]] == ["two", "two"]


@dataclass
class User:
    name: str


def test_what_a_run_was_given_is_given_again() -> None:
    def greet(state: State, runtime: Runtime[User]) -> dict[str, Any]:
        return {"log": [interrupt("ok?") + runtime.context.name]}

    graph = StateGraph(State, context_schema=User)
    graph.add_node("greet", greet)
    graph.add_edge(START, "greet")
    compiled = graph.compile(checkpointer=InMemorySaver())
    nbflow.adopt(compiled).start(X, "1", context=User("bob")).wait(WAIT_S)
    again = nbflow.adopt(compiled).thread("1", context=User("eve"))
    again.resume("hi ")
    assert again.result(WAIT_S)["log"] == ["hi eve"]


def test_two_adoptions_of_one_graph_share_its_threads() -> None:
    began, go = threading.Event(), threading.Event()

    def wait(state: State) -> dict[str, Any]:
        began.set()
        assert go.wait(WAIT_S)
        return {"log": ["over"]}

    graph = side_by_side(wait)
    run = nbflow.adopt(graph).start(X, "1")
    assert began.wait(WAIT_S)
    another = nbflow.adopt(graph)
    with pytest.raises(ThreadBusyError):
        another.start(X, "1")
    with pytest.raises(ThreadBusyError):
        another.update_state({"configurable": {"thread_id": "1"}}, {"topic": "y"})
    assert another.thread("1") is run
    go.set()
    assert run.result(WAIT_S)["log"] == ["over"]


def test_a_state_after_parallel_nodes_is_edited_and_gone_on_from() -> None:
    graph = StateGraph(State)
    for name in ("left", "right"):
        graph.add_node(name, quick)
        graph.add_edge(START, name)
    graph.add_node("end", lambda state: {"log": ["end"]})
    graph.add_edge(["left", "right"], "end")
    adopted = nbflow.adopt(graph.compile(checkpointer=InMemorySaver()))
    run = adopted.start(X, "1")
    run.result(WAIT_S)
    at = next(shot for shot in run.history() if shot.next == ("end",))
    config = adopted.update_state(at.config, {"log": ["new"]})
    assert run.begin(None, checkpoint_id_of(config)).result(WAIT_S)["log"] == ["new", "end"]


def test_names_and_places_that_are_not_there_are_refused() -> None:
    adopted = nbflow.adopt(essays(InMemorySaver()))
    config = {"configurable": {"thread_id": "1"}}
    with pytest.raises(UnknownThreadError):
        adopted.update_state(config, {"topic": "dogs"})
    run = adopted.start(X, "1")
    run.wait(WAIT_S)
    with pytest.raises(InvalidUpdateError, match="has no 'tpoic'"):
        adopted.update_state(config, {"tpoic": "dogs"})
    with pytest.raises(UnknownCheckpointError, match="has no checkpoint"):
        run.begin(X, "1f0e0000-0000-6000-8000-000000000000")
    assert run.interrupts == adopted.get_state(config).interrupts


def test_a_question_beside_a_failure_stays_open() -> None:
    def bad(state: State) -> dict[str, Any]:
        raise ValueError("bad")

    run = nbflow.adopt(side_by_side(ask, bad)).start(X, "1")
    assert run.wait(WAIT_S) == "error"
    kept = run.workflow.get_state({"configurable": {"thread_id": "1"}}).interrupts
    assert run.interrupts == kept


def test_a_states_form_is_drawn_and_an_async_router_is_noticed() -> None:
    assert set(nbflow.adopt(essays()).get_input_jsonschema()["properties"]) == {"topic", "log"}

    async def route(state: State) -> str:
        return "quick"

    graph = StateGraph(State).add_node(quick).add_conditional_edges(START, route)
    assert nbflow.adopt(graph.compile()).driver.is_async
