"""Questions in parallel, swallowed, with a schema, in odd places (100-105, 117-124)."""

import asyncio
import contextlib
import threading
from dataclasses import dataclass
from typing import Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.steps import aoutcome, on, outcome, warned

LIMIT_S = 5.0


@dataclass
class Address:
    """A dataclass as payload."""

    street: str
    number: int


@program(
    101,
    differs={101: "all questions that can be reached are asked before the run pauses"},
    expected={
        "asked": 3,
        "value": {"a": "A", "b": "B", "c": "C"},
        "rounds": 1,
    },
)
def parallel_questions(lib: Library, saver: Any) -> Any:
    """LangGraph surfaces one of three."""
    all_asking = threading.Barrier(3)

    @lib.task
    def ask(name: str) -> Any:
        with contextlib.suppress(threading.BrokenBarrierError):
            all_asking.wait(0.5)
        return lib.interrupt(name)

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        futures = {name: ask(name) for name in "abc"}
        return {name: future.result() for name, future in futures.items()}

    result = workflow.invoke(1, on())
    all_asking.abort()
    asked = len(result["__interrupt__"])
    rounds = 0
    while "__interrupt__" in result and rounds < 5:
        rounds += 1
        replies = {q.id: q.value.upper() for q in result["__interrupt__"]}
        result = workflow.invoke(lib.Command(resume=replies), on())
    return {"asked": asked, "value": result, "rounds": rounds}


@program(
    102,
    differs={102: "a task whose question is still open does not run again"},
    expected={"ran": ["a", "a", "b"], "open": ["b"]},
)
async def a_partial_answer(lib: Library, saver: Any) -> Any:
    """One of two answered by id: how often the other one's task runs."""
    ran: list[str] = []

    @lib.task
    async def ask(name: str) -> Any:
        ran.append(name)
        return [name, lib.interrupt(name)]

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await asyncio.gather(ask("a"), ask("b"))

    await workflow.ainvoke(1, on())
    state = await workflow.aget_state(on())
    first = next(q for q in state.interrupts if q.value == "a")
    rest = await workflow.ainvoke(lib.Command(resume={first.id: "A"}), on())
    return {"ran": sorted(ran), "open": [q.value for q in rest["__interrupt__"]]}


@program(
    104,
    differs={104: "except Exception does not swallow the pause"},
    expected=[
        {"__interrupt__": [{"interrupt": "in the body", "id": "<id 1>"}]},
        {"__interrupt__": [{"interrupt": "in a task", "id": "<id 2>"}]},
        [1, 2],
    ],
)
def questions_under_except_exception(lib: Library, saver: Any) -> Any:
    """In LangGraph the run goes on as if it had not asked."""

    @lib.task
    def ask() -> Any:
        return lib.interrupt("in a task")

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        try:
            first = lib.interrupt("in the body")
        except Exception:
            first = "swallowed"
        try:
            second = ask().result()
        except Exception:
            second = "swallowed"
        return [first, second]

    given: Any = 1
    seen = []
    for reply in (1, 2, 3):
        seen.append(workflow.invoke(given, on()))
        if not isinstance(seen[-1], dict):
            break
        given = lib.Command(resume=reply)
    return seen


@program(
    105,
    differs={105: "gather(return_exceptions=True) does not return questions"},
    expected={"asked": ["a", "b"], "value": ["A", "B"]},
)
async def gather_with_return_exceptions(lib: Library, saver: Any) -> Any:
    """In LangGraph the run ends with the interrupts as values."""

    @lib.task
    async def ask(name: str) -> Any:
        return lib.interrupt(name)

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        seen = await asyncio.gather(ask("a"), ask("b"), return_exceptions=True)
        return [s if isinstance(s, str) else type(s).__name__ for s in seen]

    result = await workflow.ainvoke(1, on())
    if not isinstance(result, dict):
        return {"value": result}
    replies = {q.id: q.value.upper() for q in result["__interrupt__"]}
    return {
        "asked": sorted(q.value for q in result["__interrupt__"]),
        "value": await workflow.ainvoke(lib.Command(resume=replies), on()),
    }


@program(
    117,
    differs={117: "it warns when it asks, and says how to keep the run"},
    expected={
        "asked": {
            "result": {"__interrupt__": [{"interrupt": "?", "id": "<id 1>"}]},
            "warned": True,
        },
        "resumed": {"raises": "RuntimeError"},
    },
)
def a_question_without_a_checkpointer(lib: Library, saver: Any) -> Any:
    """It surfaces; it cannot be answered."""

    @lib.entrypoint()
    def workflow(n: int) -> Any:
        return lib.interrupt("?")

    return {
        "asked": warned(workflow.invoke, 1),
        "resumed": outcome(workflow.invoke, lib.Command(resume="!")),
    }


@program(121)
def interrupts_are_values(lib: Library, saver: Any) -> Any:
    """Interrupt(value=..., id=...): equality and the form of ids."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return lib.interrupt("?")

    (question,) = workflow.invoke(1, on())["__interrupt__"]
    made = lib.Interrupt(value="?", id=question.id)
    return {
        "equal": made == question,
        "hex digits": len(question.id) == 32 and int(question.id, 16) >= 0,
    }


@program(123)
def pydantic_questions_and_answers(lib: Library, saver: Any) -> Any:
    """A model as payload, one as answer."""
    import pydantic

    class Draft(pydantic.BaseModel):
        title: str
        words: int

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        answer = lib.interrupt(Draft(title="t", words=n))
        return {"answer": answer["title"] if isinstance(answer, dict) else answer.title}

    (question,) = workflow.invoke(1, on())["__interrupt__"]
    return {
        "question": [type(question.value).__name__, question.value.title, question.value.words],
        "value": workflow.invoke(lib.Command(resume=Draft(title="new", words=2)), on()),
    }


@program(123)
def dataclasses_as_questions(lib: Library, saver: Any) -> Any:
    """The caller sees the payload."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return lib.interrupt(Address("Main", n))

    return workflow.invoke(1, on())["__interrupt__"][0].value


@program(124)
def questions_outside_a_run(lib: Library, saver: Any) -> Any:
    """RuntimeError."""
    return outcome(lib.interrupt, "?")


@program(124)
def questions_in_a_plain_thread(lib: Library, saver: Any) -> Any:
    """RuntimeError there, the run goes on."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        seen: list[Any] = []
        thread = threading.Thread(target=lambda: seen.append(outcome(lib.interrupt, "?")))
        thread.start()
        thread.join(LIMIT_S)
        return [isinstance(s, RuntimeError) for s in seen]

    return workflow.invoke(1, on())


@program(100)
async def one_value_for_several_questions(lib: Library, saver: Any) -> Any:
    """RuntimeError: they must be named."""

    @lib.task
    async def ask(name: str) -> Any:
        return lib.interrupt(name)

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await asyncio.gather(ask("a"), ask("b"))

    await workflow.ainvoke(1, on())
    return await aoutcome(workflow.ainvoke(lib.Command(resume="both"), on()))


@program(119)
def a_response_schema_is_shown(lib: Library, saver: Any) -> Any:
    """interrupt(value, response_schema=JSON Schema)."""
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return lib.interrupt("?", response_schema=schema)

    (question,) = workflow.invoke(1, on())["__interrupt__"]
    return {
        "question": question,
        "value": workflow.invoke(lib.Command(resume={"ok": True}), on()),
    }


@program(119)
def an_answer_that_does_not_fit(lib: Library, saver: Any) -> Any:
    """Refused; nothing is saved; it can be answered again."""
    import pydantic

    class Review(pydantic.BaseModel):
        approved: bool

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        answer = lib.interrupt("?", response_schema=Review)
        return answer.approved if isinstance(answer, Review) else answer

    workflow.invoke(1, on())
    refused = outcome(workflow.invoke, lib.Command(resume={"approved": "perhaps"}), on())
    return {
        "refused": isinstance(refused, ValueError),
        "still open": len(workflow.get_state(on()).interrupts),
        "value": workflow.invoke(lib.Command(resume={"approved": True}), on()),
    }
