"""LangChain's own middleware takes every answer that a form gives to its questions.

The agent is LangChain's, on LangGraph; its model is a fake that calls two tools in one turn. All 15
sets of allowed decisions are asked for, in both of the middleware's modes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from nbflow.forms import answer_of, decided_in, form_of
from nbflow.types import Interrupt

KINDS = ("approve", "edit", "reject", "respond")
SUBSETS = [
    subset for size in range(1, 5) for subset in itertools.combinations(KINDS, size)
]  # fmt: skip
ARGS = {"to": "kim@example.org", "copies": 2}


class _Model(GenericFakeChatModel):
    """Says what it was told to; takes any tools."""

    def bind_tools(self, tools: Any, **_options: Any) -> Any:
        return self


def _agent(allowed: Sequence[str], mode: str, done: list[Any]) -> Any:
    @tool
    def send_email(to: str, copies: int) -> str:
        """Send a mail."""
        done.append((to, copies))
        return "sent"

    calls = [{"name": "send_email", "args": ARGS, "id": f"call-{n}"} for n in range(2)]
    model = _Model(messages=iter([AIMessage("", tool_calls=calls), AIMessage("done")]))
    rule: Any = {"send_email": {"allowed_decisions": list(allowed)}}
    how: Any = mode
    middleware = HumanInTheLoopMiddleware(rule, interrupt_mode=how)
    return create_agent(model, [send_email], middleware=[middleware], checkpointer=InMemorySaver())


def _asked(agent: Any, config: Any) -> list[Interrupt]:
    """The agent's open questions."""
    return [
        Interrupt(value=one.value, id=one.id, response_schema=one.response_schema)
        for one in agent.get_state(config).interrupts
    ]


def _filled_in(kind: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "edit": {**ARGS, "to": "lee@example.org"}, "reject": "Not now.", "respond": "It was sent.",
    }  # fmt: skip
    return {"kind": kind} | ({"value": values[kind]} if kind in values else {})


def _choices(allowed: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each decision at each of the two places."""
    for at, kind in enumerate(allowed):
        yield kind, allowed[-1 - at]


@pytest.mark.parametrize("mode", ["batched", "per_call"])
@pytest.mark.parametrize("allowed", SUBSETS, ids="+".join)
def test_the_middleware_takes_every_decision(allowed: tuple[str, ...], mode: str) -> None:
    for chosen in _choices(allowed):
        done: list[Any] = []
        agent, config = _agent(allowed, mode, done), {"configurable": {"thread_id": "1"}}
        agent.invoke({"messages": [("user", "write")]}, config)
        questions = _asked(agent, config)
        offered = [
            [one["kind"] for one in action["decisions"]]
            for question in questions
            for action in form_of(question)["actions"]
        ]
        assert offered == [list(allowed)] * 2

        decisions = list(map(_filled_in, chosen))
        answers: dict[str, Any] = {}
        for question in questions:
            size = len(form_of(question)["actions"])
            mine, decisions = decisions[:size], decisions[size:]
            answers[question.id] = answer_of(question, mine)
            assert decided_in(question, answers[question.id]) == mine
        ended = agent.invoke(Command(resume=answers), config)

        said = [m for m in ended["messages"] if isinstance(m, ToolMessage)]
        said.sort(key=lambda message: message.tool_call_id)
        last_lines = [(m.status, str(m.content).splitlines()[-1]) for m in said]
        assert last_lines == list(map(_result, chosen))
        assert sorted(done) == sorted(ran for kind in chosen if (ran := _RAN.get(kind)))


_RAN = {"approve": ("kim@example.org", 2), "edit": ("lee@example.org", 2)}


def _result(kind: str) -> tuple[str, str]:
    if kind == "reject":
        reason = "User rejected the tool call for `send_email` with reason: Not now."
        return "error", reason
    return "success", "It was sent." if kind == "respond" else "sent"
