"""Beside LangGraph: a workflow as a node of its graphs, and its graphs inside a task.

The documented patterns, each of which a test here runs:

- A workflow is a node as ``RunnableLambda(workflow.invoke, workflow.ainvoke)``; a kept one runs on
  the graph's thread, in a namespace of the step's own.
- A workflow that asks takes two nodes: one that runs it and writes the question into the graph's
  state, one that asks it with LangGraph's ``interrupt``. The answer then names its question, so
  that no crash between the two records gives it to another one.
- A graph that asks takes one task per step of the graph, and ``interrupt`` between them.
"""

from __future__ import annotations

import asyncio
import operator
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph import types as lg
from langgraph.checkpoint.memory import MemorySaver
from langgraph.config import get_stream_writer as lg_stream_writer
from langgraph.func import entrypoint as lg_entrypoint
from langgraph.func import task as lg_task
from langgraph.graph import END, START, StateGraph

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.config import get_config, get_stream_writer
from nbflow.errors import AlreadyAnsweredError, MissingThreadError, OutsideRunError
from nbflow.func import entrypoint, task
from nbflow.types import Command, Interrupt, interrupt
from tests.unit.drive import HEX, Config, Drive, on_thread


class State(TypedDict, total=False):
    x: Any
    seen: Annotated[list[Any], operator.add]


def one_node(action: Any, checkpointer: Any = None) -> Any:
    """A graph of one node."""
    builder = StateGraph(State)
    builder.add_node("node", action)
    builder.add_edge(START, "node")
    builder.add_edge("node", END)
    return builder.compile(checkpointer=checkpointer)


def as_node(workflow: Any) -> Any:
    return RunnableLambda(workflow.invoke, workflow.ainvoke)


def doubling(saver: BaseCheckpointSaver | None, *, is_async: bool = False) -> Any:
    """A workflow over the state of a graph, with every parameter that is injected."""

    @task
    def double(x: int) -> int:
        return 2 * x

    @task
    async def double_async(x: int) -> int:
        await asyncio.sleep(0)
        return 2 * x

    if is_async:

        @entrypoint(checkpointer=saver)
        async def count(state: State, *, writer: Any, config: Any, previous: Any) -> State:
            return {"x": await double_async(state["x"]), "seen": [previous]}
    else:

        @entrypoint(checkpointer=saver)
        def count(state: State, *, writer: Any, config: Any, previous: Any) -> State:
            return {"x": double(state["x"]).result(), "seen": [previous]}

    return count


# -- a workflow as a node ----------------------------------------------------------------------


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("graph_is_kept", [False, True])
def test_a_workflow_is_a_node(drive: Drive, is_async: bool, graph_is_kept: bool) -> None:
    checkpointer = MemorySaver() if graph_is_kept else None
    graph = one_node(as_node(doubling(None, is_async=is_async)), checkpointer)

    assert drive.invoke(graph, {"x": 3}, on_thread("1")) == {"x": 6, "seen": [None]}
    assert drive.stream(graph, {"x": 3}, on_thread("2"), stream_mode="updates") == [
        {"node": {"x": 6, "seen": [None]}}
    ]


@pytest.mark.parametrize("is_async", [False, True])
def test_a_kept_workflow_runs_on_the_graphs_thread(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, is_async: bool
) -> None:
    graph = one_node(as_node(doubling(saver, is_async=is_async)), MemorySaver())

    assert drive.invoke(graph, {"x": 3}, config) == {"x": 6, "seen": [None]}
    assert drive.invoke(graph, {"x": 4}, config) == {"x": 8, "seen": [None, None]}

    threads = saver.list_threads()
    assert {(t.thread_id, t.ns.partition(":")[0], t.status) for t in threads} == {
        ("some_thread_id", "node", "idle")
    }
    assert len({t.ns for t in threads}) == 2


def test_a_kept_workflow_in_a_graph_that_keeps_nothing(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    graph = one_node(as_node(doubling(saver)))

    assert drive.invoke(graph, {"x": 3}, config) == {"x": 6, "seen": [None]}
    (thread,) = saver.list_threads()
    assert (thread.thread_id, thread.status) == ("some_thread_id", "idle")


def test_a_kept_workflow_in_a_graph_without_thread_says_so(saver: BaseCheckpointSaver) -> None:
    with pytest.raises(MissingThreadError, match="needs a thread"):
        one_node(as_node(doubling(saver))).invoke({"x": 3})


@pytest.mark.parametrize("is_async", [False, True])
def test_a_workflow_itself_is_a_node(drive: Drive, config: Config, is_async: bool) -> None:
    graph = one_node(doubling(InMemorySaver(), is_async=is_async), MemorySaver())
    assert drive.invoke(graph, {"x": 3}, config) == {"x": 6, "seen": [None]}


def test_what_fails_in_a_workflow_fails_the_graph_and_goes_on_from_there(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    done: list[str] = []

    @task
    def first() -> int:
        done.append("first")
        return 1

    @task
    def second(x: int) -> int:
        done.append("second")
        if done.count("second") == 1:
            raise ValueError("not yet")
        return x + 1

    @entrypoint(checkpointer=saver)
    def steps(state: State) -> State:
        return {"x": second(first().result()).result()}

    def node(state: State, config: RunnableConfig) -> Any:
        goes_on = steps.get_state(dict(config)).next
        return steps.invoke(None if goes_on else state, dict(config))

    graph = one_node(node, MemorySaver())
    with pytest.raises(ValueError, match="not yet"):
        drive.invoke(graph, {"x": 0}, config)
    assert drive.invoke(graph, None, config) == {"x": 2, "seen": []}
    assert done == ["first", "second", "second"]


def test_the_graphs_configuration_reaches_the_workflow(drive: Drive) -> None:
    seen: list[Any] = []

    @entrypoint(checkpointer=InMemorySaver())
    def look(state: State) -> State:
        seen.append(get_config())
        return {}

    given = {
        "configurable": {"thread_id": "1", "api_key": "a secret"},
        "tags": ["mine"],
        "metadata": {"customer": 7},
    }
    drive.invoke(one_node(as_node(look), MemorySaver()), {"x": 1}, given)

    (config,) = seen
    assert config["configurable"]["api_key"] == "a secret"
    assert config["metadata"]["customer"] == 7
    assert "mine" in config["tags"]


def _stored(drive: Drive, path: Path, **configurable: str) -> bytes:
    """All bytes of the database after a kept workflow was a node."""
    saver = SqliteSaver(str(path / "runs.sqlite"))
    given = on_thread("1")
    given["configurable"] |= configurable
    drive.invoke(one_node(as_node(doubling(saver)), MemorySaver()), {"x": 1}, given)
    assert len(saver.list_threads()) == 1
    saver.close()
    return b"".join(file.read_bytes() for file in path.iterdir())


def test_secrets_of_the_graphs_configuration_are_not_stored(drive: Drive, tmp_path: Path) -> None:
    assert b"a secret" not in _stored(drive, tmp_path, api_key="a secret")


def test_nothing_that_langgraph_adds_is_stored(drive: Drive, tmp_path: Path) -> None:
    stored = _stored(drive, tmp_path, model="large-model")
    kept = [w for w in (b"__pregel", b"langgraph_node", b"large-model") if w in stored]
    assert kept == []


def _model() -> GenericFakeChatModel:
    return GenericFakeChatModel(messages=iter([AIMessage("a fine answer")]))


def test_a_graph_streams_what_happens_in_the_workflow(drive: Drive, config: Config) -> None:
    @task
    def ask_model() -> str:
        lg_stream_writer()("asking")
        get_stream_writer()("to nbflow's own stream")
        return str(_model().invoke("a question").content)

    @entrypoint(checkpointer=InMemorySaver())
    def chat(state: State) -> State:
        return {"x": ask_model().result()}

    graph = one_node(as_node(chat), MemorySaver())
    chunks = drive.stream(graph, {}, config, stream_mode=["updates", "custom", "messages"])

    tokens = [chunk[0].content for mode, chunk in chunks if mode == "messages"]
    assert tokens == ["a", " ", "fine", " ", "answer"]
    assert [part for part in chunks if part[0] != "messages"] == [
        ("custom", "asking"),
        ("updates", {"node": {"x": "a fine answer"}}),
    ]


def test_a_node_passes_the_workflows_stream_on(drive: Drive) -> None:
    count = doubling(None)

    def node(state: State) -> State:
        write = lg_stream_writer()
        for chunk in count.stream(state, stream_mode="updates"):
            write(chunk)
        return {}

    assert drive.stream(one_node(node), {"x": 3}, stream_mode="custom") == [
        {"double": 6},
        {"count": {"x": 6, "seen": [None]}},
    ]


# -- a workflow that asks, in a graph ----------------------------------------------------------


def _review(saver: BaseCheckpointSaver, done: list[str]) -> Any:
    @task
    def compose(topic: str) -> str:
        done.append("compose")
        return f"An essay about {topic}"

    @task
    def translate(essay: str, language: str) -> str:
        done.append("translate")
        return f"{essay} in {language}"

    @entrypoint(checkpointer=saver)
    def review(topic: str) -> dict[str, Any]:
        essay = compose(topic).result()
        language = interrupt("Which language?")
        essay = translate(essay, language).result()
        return {"essay": essay, "published": interrupt({"question": "Publish?", "essay": essay})}

    return review


class Asking(TypedDict, total=False):
    topic: str
    asked: dict[str, Any] | None
    answer: Any
    result: dict[str, Any]


def asking_graph(workflow: Any, after_work: Callable[[], None] = lambda: None) -> Any:
    """The documented pattern: one node works, the other asks."""

    def work(state: Asking, config: RunnableConfig) -> Asking:
        here = on_thread(config["configurable"]["thread_id"])
        asked = state.get("asked")
        try:
            if asked is not None:
                result = workflow.invoke(Command(resume={asked["id"]: state["answer"]}), here)
            else:
                goes_on = workflow.get_state(here).next
                result = workflow.invoke(None if goes_on else state["topic"], here)
        except AlreadyAnsweredError:
            # This step ran before, and the graph did not get to recording it.
            result = workflow.invoke(None, here)
        after_work()
        if "__interrupt__" in result:
            question = result["__interrupt__"][0]
            return {"asked": {"id": question.id, "value": question.value}}
        return {"asked": None, "result": result}

    def ask(state: Asking) -> Asking:
        assert state["asked"] is not None
        return {"answer": lg.interrupt(state["asked"]["value"])}

    builder = StateGraph(Asking)
    builder.add_node("work", work)
    builder.add_node("ask", ask)
    builder.add_edge(START, "work")
    builder.add_conditional_edges("work", lambda state: "ask" if state["asked"] else END)
    builder.add_edge("ask", "work")
    return builder.compile(checkpointer=MemorySaver())


def test_a_graph_asks_what_its_workflow_asks(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    done: list[str] = []
    graph = asking_graph(_review(saver, done))

    def asked(given: Any) -> Any:
        (question,) = drive.invoke(graph, given, config)["__interrupt__"]
        return question.value

    assert asked({"topic": "cats"}) == "Which language?"
    assert asked(lg.Command(resume="French")) == {
        "question": "Publish?",
        "essay": "An essay about cats in French",
    }
    ended = drive.invoke(graph, lg.Command(resume=False), config)
    assert ended["result"] == {"essay": "An essay about cats in French", "published": False}
    assert done == ["compose", "translate"]


@pytest.mark.parametrize("crash_at", [1, 2, 3])
def test_no_crash_between_the_two_records_moves_an_answer(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, crash_at: int
) -> None:
    done: list[str] = []
    steps: list[int] = []

    def crash_once() -> None:
        steps.append(len(steps) + 1)
        if steps[-1] == crash_at:
            raise ConnectionError("the graph's database is away")

    graph = asking_graph(_review(saver, done), crash_once)
    given: Any = {"topic": "cats"}
    answers = ["French", True]
    while True:
        try:
            ended = drive.invoke(graph, given, config)
        except ConnectionError:
            given = None
            continue
        if "__interrupt__" not in ended:
            break
        given = lg.Command(resume=answers.pop(0))

    assert ended["result"] == {"essay": "An essay about cats in French", "published": True}
    assert done == ["compose", "translate"]


def test_one_question_can_be_asked_in_the_node_itself(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """Only one: LangGraph counts the questions of a node, and runs the node again for each, while
    the workflow goes on; so a second question would be given the first one's answer."""
    done: list[str] = []

    @task
    def compose(topic: str) -> str:
        done.append("compose")
        return f"An essay about {topic}"

    @entrypoint(checkpointer=saver)
    def approve(state: State) -> State:
        return {"x": compose(state["x"]).result(), "seen": [interrupt("Publish?")]}

    def node(state: State, config: RunnableConfig) -> Any:
        here: Config = {"configurable": dict(config["configurable"])}
        waits = approve.get_state(here).interrupts
        result = approve.invoke(None if waits else state, here)
        if "__interrupt__" in result:
            (question,) = result["__interrupt__"]
            answer = {question.id: lg.interrupt(question.value)}
            result = approve.invoke(Command(resume=answer), here)
        return result

    graph = one_node(node, MemorySaver())
    (question,) = drive.invoke(graph, {"x": "cats"}, config)["__interrupt__"]
    assert question.value == "Publish?"
    assert drive.invoke(graph, lg.Command(resume=False), config) == {
        "x": "An essay about cats",
        "seen": [False],
    }
    assert done == ["compose"]


def test_a_question_that_a_node_drops_stays_open(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """LangGraph takes ``{"__interrupt__": ...}`` from a node for a state without news."""
    graph = one_node(as_node(_review(saver, [])), MemorySaver())

    assert drive.invoke(graph, {"x": "cats"}, config) == {"x": "cats", "seen": []}
    (thread,) = saver.list_threads()
    assert (thread.thread_id, thread.status) == ("some_thread_id", "interrupted")


def test_langgraphs_interrupt_in_a_task_pauses_the_graph(drive: Drive, config: Config) -> None:
    @task
    def ask() -> Any:
        return lg.interrupt("Go on?")

    @entrypoint()
    def steps(state: State) -> State:
        return {"x": ask().result()}

    graph = one_node(as_node(steps), MemorySaver())
    (question,) = drive.invoke(graph, {"x": 1}, config)["__interrupt__"]
    assert question.value == "Go on?"
    assert drive.invoke(graph, lg.Command(resume=0), config) == {"x": 0, "seen": []}


def test_nbflows_interrupt_in_a_plain_node_is_refused() -> None:
    with pytest.raises(OutsideRunError, match="no run is going on"):
        one_node(lambda state: {"x": interrupt("Go on?")}).invoke({"x": 1})


# -- a graph inside a task ---------------------------------------------------------------------


def _noting(seen: list[str]) -> Any:
    """A kept graph that notes what its one node did."""

    def node(state: State) -> State:
        seen.append("node")
        return {"x": state["x"] + 1, "seen": ["node"]}

    return one_node(node, MemorySaver())


def test_a_graph_in_a_task_runs_once(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """31"""
    seen: list[str] = []
    graph = _noting(seen)

    @task
    def run(x: int) -> dict[str, Any]:
        result: dict[str, Any] = graph.invoke({"x": x}, on_thread("inner"))
        return result

    @entrypoint(checkpointer=saver)
    def workflow(x: int) -> list[Any]:
        return [run(x).result(), run(x + 1).result(), interrupt("Well?")]

    assert drive.invoke(workflow, 1, config)["__interrupt__"][0].value == "Well?"
    assert drive.invoke(workflow, Command(resume="yes"), config) == [
        {"x": 2, "seen": ["node"]},
        {"x": 3, "seen": ["node", "node"]},
        "yes",
    ]
    assert seen == ["node", "node"]


def test_a_graph_in_an_async_task(drive: Drive) -> None:
    seen: list[str] = []
    graph = _noting(seen)

    @task
    async def run(x: int) -> Any:
        return await graph.ainvoke({"x": x}, on_thread(x))

    @task
    async def stream(x: int) -> list[Any]:
        chunks = graph.astream({"x": x}, on_thread(x), stream_mode="updates")
        return [chunk async for chunk in chunks]

    @task
    def in_a_thread(x: int) -> list[Any]:
        return list(graph.stream({"x": x}, on_thread(x), stream_mode="updates"))

    @entrypoint()
    async def workflow(x: int) -> list[Any]:
        return list(await asyncio.gather(run(x), stream(x + 1), in_a_thread(x + 2)))

    assert drive.invoke(workflow, 1) == [
        {"x": 2, "seen": ["node"]},
        [{"node": {"x": 3, "seen": ["node"]}}],
        [{"node": {"x": 4, "seen": ["node"]}}],
    ]
    assert seen == ["node"] * 3


def _questioning(seen: list[str]) -> Any:
    def prepare(state: State) -> State:
        seen.append("prepare")
        return {"seen": ["prepared"]}

    def ask(state: State) -> State:
        return {"seen": [lg.interrupt("First?"), lg.interrupt("Second?")]}

    builder = StateGraph(State)
    builder.add_node("prepare", prepare)
    builder.add_node("ask", ask)
    builder.add_edge(START, "prepare")
    builder.add_edge("prepare", "ask")
    builder.add_edge("ask", END)
    return builder


def _all_answers(drive: Drive, workflow: Any, config: Config) -> list[Any]:
    """Questions and result of a run whose answers are A and B."""
    told: list[Any] = []
    for given in ("cats", Command(resume="A"), Command(resume="B")):
        result = drive.invoke(workflow, given, config)
        told.append(
            result["__interrupt__"][0].value if "__interrupt__" in result else result["seen"]
        )
    return told


def test_a_graph_that_asks_in_one_task_per_step(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """The documented pattern: what the graph did is recorded before the question is asked."""
    seen: list[str] = []
    graph = _questioning(seen).compile(checkpointer=MemorySaver())

    def outcome(result: dict[str, Any]) -> dict[str, Any]:
        questions = [question.value for question in result.pop("__interrupt__", ())]
        return {"questions": questions, "state": result}

    @task
    def begin(x: str) -> dict[str, Any]:
        return outcome(graph.invoke({"x": x}, on_thread("inner")))

    @task
    def go_on(answer: Any) -> dict[str, Any]:
        return outcome(graph.invoke(lg.Command(resume=answer), on_thread("inner")))

    @entrypoint(checkpointer=saver)
    def workflow(x: str) -> Any:
        step = begin(x).result()
        while step["questions"]:
            step = go_on(interrupt(step["questions"][0])).result()
        return step["state"]

    assert _all_answers(drive, workflow, config) == ["First?", "Second?", ["prepared", "A", "B"]]
    assert seen == ["prepare"]


def test_a_graph_that_asks_within_one_task(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """Shorter, for a graph that may run again: it begins anew at each answer, and so must its
    thread."""
    seen: list[str] = []
    builder = _questioning(seen)

    @task
    def run(x: str) -> Any:
        graph = builder.compile(checkpointer=MemorySaver())
        result = graph.invoke({"x": x}, on_thread("inner"))
        while "__interrupt__" in result:
            answer = interrupt(result["__interrupt__"][0].value)
            result = graph.invoke(lg.Command(resume=answer), on_thread("inner"))
        return result

    @entrypoint(checkpointer=saver)
    def workflow(x: str) -> Any:
        return run(x).result()

    assert _all_answers(drive, workflow, config) == ["First?", "Second?", ["prepared", "A", "B"]]
    assert seen == ["prepare"] * 3


async def test_an_async_graph_that_asks_within_one_task(config: Config) -> None:
    builder = _questioning([])

    @task
    async def run(x: str) -> Any:
        graph = builder.compile(checkpointer=MemorySaver())
        result = await graph.ainvoke({"x": x}, on_thread("inner"))
        while "__interrupt__" in result:
            answer = interrupt(result["__interrupt__"][0].value)
            result = await graph.ainvoke(lg.Command(resume=answer), on_thread("inner"))
        return result

    @entrypoint(checkpointer=InMemorySaver())
    async def workflow(x: str) -> Any:
        return await run(x)

    assert await workflow.ainvoke("cats", config) == {
        "__interrupt__": [Interrupt(value="First?", id=HEX)]
    }
    await workflow.ainvoke(Command(resume="A"), config)
    ended = await workflow.ainvoke(Command(resume="B"), config)
    assert ended["seen"] == ["prepared", "A", "B"]


def test_the_tokens_of_a_graphs_model_are_streamed(drive: Drive) -> None:
    """171"""
    graph = one_node(lambda state: {"x": str(_model().invoke("a question").content)})

    @task
    def run() -> str:
        return str(graph.invoke({"x": ""})["x"])

    @entrypoint()
    def chat(_: int) -> str:
        return run().result()

    chunks = drive.stream(chat, 0, stream_mode=["messages", "updates"])
    tokens = [chunk[0].content for mode, chunk in chunks if mode == "messages"]
    assert tokens == ["a", " ", "fine", " ", "answer"]
    assert [chunk for mode, chunk in chunks if mode == "updates"] == [
        {"run": "a fine answer"},
        {"chat": "a fine answer"},
    ]


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "not kept"])
def test_tokens_of_a_workflow_in_a_graph_in_a_run(drive: Drive, config: Config, kept: bool) -> None:
    """171: each once, though the graph hands the run's own callbacks down."""

    @task
    def talk() -> str:
        return str(_model().invoke("hi").content)

    @entrypoint()
    def inner(state: State) -> State:
        return {"x": talk().result()}

    @task
    def graph() -> Any:
        return one_node(as_node(inner)).invoke({"x": 0}, {"tags": ["graph"]})["x"]

    @entrypoint(checkpointer=InMemorySaver() if kept else None)
    def workflow(n: int) -> Any:
        return graph().result()

    chunks = drive.stream(workflow, 1, config, stream_mode="messages", subgraphs=True)
    shown = [(token.content, about["langgraph_node"]) for _, (token, about) in chunks]
    assert shown == [(word, "talk") for word in ("a", " ", "fine", " ", "answer")]
    assert {"graph"} <= set(chunks[0][1][1]["tags"])


def test_messages_are_results_like_others(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    call = {"name": "search", "args": {"query": "cats"}, "id": "call-1", "type": "tool_call"}
    said = [
        HumanMessage("Find cats", id="1"),
        AIMessage("", id="2", tool_calls=[call]),
        ToolMessage("two cats", tool_call_id="call-1", artifact={"cats": 2}),
        AIMessageChunk(content="Two", id="4"),
    ]
    graph = one_node(lambda state: {"x": said})

    @task
    def talk() -> Any:
        return graph.invoke({"x": []})["x"]

    @entrypoint(checkpointer=saver)
    def chat(_: int) -> Any:
        messages = talk().result()
        interrupt("Well?")
        return messages

    drive.invoke(chat, 0, config)
    messages = drive.invoke(chat, Command(resume=None), config)
    assert messages == said
    assert [type(message) for message in messages] == [type(message) for message in said]


def test_a_graph_in_a_task_of_a_workflow_in_a_graph(drive: Drive, config: Config) -> None:
    inner = one_node(lambda state: {"x": state["x"] + 1})

    @task
    def run(x: int) -> int:
        return int(inner.invoke({"x": x})["x"])

    @entrypoint(checkpointer=InMemorySaver())
    def workflow(state: State) -> State:
        return {"x": sum(future.result() for future in [run(state["x"] + n) for n in range(4)])}

    outer = one_node(as_node(workflow), MemorySaver())
    assert drive.invoke(outer, {"x": 1}, config) == {"x": 14, "seen": []}


# -- the two functional APIs in one another ----------------------------------------------------


def test_langgraphs_entrypoint_in_a_task(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    seen: list[int] = []

    @lg_task
    def double(x: int) -> int:
        seen.append(x)
        return 2 * x

    @lg_entrypoint(checkpointer=MemorySaver())
    def inner(x: Any, *, previous: Any = None) -> Any:
        return lg_entrypoint.final(value=double(x).result() + (previous or 0), save=x)

    @task
    def run(x: int) -> int:
        graph: Any = inner
        return int(graph.invoke(x, on_thread("inner")))

    @entrypoint(checkpointer=saver)
    def outer(x: int) -> list[int]:
        results = [run(x).result(), run(x + 1).result()]
        return [*results, interrupt("Well?")]

    assert drive.invoke(outer, 1, config) == {"__interrupt__": [Interrupt(value="Well?", id=HEX)]}
    assert drive.invoke(outer, Command(resume=0), config) == [2, 5, 0]
    assert seen == [1, 2]


def test_a_workflow_in_langgraphs_entrypoint(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    seen: list[int] = []

    @task
    def double(x: int) -> int:
        seen.append(x)
        return 2 * x

    @entrypoint(checkpointer=saver)
    def inner(x: int, *, previous: Any = None) -> Any:
        return entrypoint.final(value=double(x).result() + (previous or 0), save=x)

    @lg_task
    def run(x: int) -> int:
        return int(inner.invoke(x, on_thread("inner")))

    @lg_entrypoint(checkpointer=MemorySaver())
    def outer(x: int) -> list[int]:
        results = [run(x).result(), run(x + 1).result()]
        return [*results, lg.interrupt("Well?")]

    assert drive.invoke(outer, 1, config)["__interrupt__"][0].value == "Well?"
    assert drive.invoke(outer, lg.Command(resume=0), config) == [2, 5, 0]
    assert seen == [1, 2]
