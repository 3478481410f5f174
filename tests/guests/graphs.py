"""Graphs that the tests adopt, and a chat model that says what it was told to."""

from __future__ import annotations

import json
import operator
from collections.abc import Iterator
from typing import Annotated, Any, TypedDict

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt


class State(TypedDict):
    topic: str
    log: Annotated[list[str], operator.add]


def draft(state: State) -> dict[str, Any]:
    return {"log": [f"draft of {state['topic']}"]}


def review(state: State) -> dict[str, Any]:
    return {"log": [interrupt({"question": "Publish it?", "topic": state["topic"]})]}


def publish(state: State) -> dict[str, Any]:
    if "no" in state["log"]:
        raise ValueError("It was not to be published.")
    return {"log": ["published"]}


def essays(saver: Any = None, **options: Any) -> Any:
    """Three nodes, of which the second one asks."""
    graph = StateGraph(State)
    for node in (draft, review, publish):
        graph.add_node(node.__name__, node)
    graph.add_edge(START, "draft")
    graph.add_edge("draft", "review")
    graph.add_edge("review", "publish")
    graph.add_edge("publish", END)
    return graph.compile(checkpointer=saver, name="essays", **options)


def magazine(saver: Any) -> Any:
    """A graph whose one node is the graph of essays."""
    graph = StateGraph(State)
    graph.add_node("essay", essays())
    graph.add_edge(START, "essay")
    graph.add_edge("essay", END)
    return graph.compile(checkpointer=saver, name="magazine")


class ScriptedModel(BaseChatModel):
    """Says one message after another, word by word when it is streamed."""

    script: list[AIMessage]
    said: int = 0

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self

    def _next(self) -> AIMessage:
        self.said += 1
        return self.script[self.said - 1]

    def _generate(self, messages: Any, *args: Any, **kwargs: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._next())])

    def _stream(self, messages: Any, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        message = self._next()
        calls = [
            tool_call_chunk(
                name=call["name"], args=json.dumps(call["args"]), id=call["id"], index=at
            )
            for at, call in enumerate(message.tool_calls)
        ]
        for at, word in enumerate(str(message.content).split(" ")):
            chunk = AIMessageChunk(
                content=word if at == 0 else f" {word}",
                tool_call_chunks=calls if at == 0 else [],
                id=f"m{self.said}",
            )
            yield ChatGenerationChunk(message=chunk)


deleted: list[str] = []


def delete_file(path: str) -> str:
    """Delete a file for good."""
    deleted.append(path)
    return f"deleted {path}"


def agent(saver: Any = None) -> Any:
    """An agent of LangChain's whose middleware asks before its tool runs."""
    deleted.clear()
    call = {"name": "delete_file", "args": {"path": "old.txt"}, "id": "c1"}
    model = ScriptedModel(
        script=[AIMessage("", tool_calls=[call]), AIMessage("I have deleted old.txt")]
    )
    return create_agent(
        model,
        [delete_file],
        middleware=[HumanInTheLoopMiddleware(interrupt_on={"delete_file": True})],
        checkpointer=saver or InMemorySaver(),
        name="agent",
    )
