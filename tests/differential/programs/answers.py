"""Answers: which question they reach, and which are refused (99-118)."""

import asyncio
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.steps import on, outcome


def asks(lib: Library, saver: Any) -> Any:
    """Asks what it is given, one question after the other."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(questions: list[str]) -> Any:
        return [lib.interrupt(question) for question in questions]

    return workflow


def open_questions(workflow: Any) -> list[Any]:
    return [q.value for q in workflow.get_state(on()).interrupts]


@program(91, 99)
def an_answer_by_id(lib: Library, saver: Any) -> Any:
    """{id: value} for the one pending question."""
    workflow = asks(lib, saver)
    (question,) = workflow.invoke(["a"], on())["__interrupt__"]
    return workflow.invoke(lib.Command(resume={question.id: "A"}), on())


@program(99)
async def answers_by_id(lib: Library, saver: Any) -> Any:
    """All pending ones in one map; each reaches its own."""

    @lib.task
    async def ask(name: str) -> Any:
        return [name, lib.interrupt(name)]

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await asyncio.gather(*[ask(name) for name in "abc"])

    result = await workflow.ainvoke(1, on())
    rounds = 0
    while isinstance(result, dict) and rounds < 5:
        rounds += 1
        state = await workflow.aget_state(on())
        replies = {q.id: q.value.upper() for q in state.interrupts}
        result = await workflow.ainvoke(lib.Command(resume=replies), on())
    return result


@program(109)
def falsy_answers(lib: Library, saver: Any) -> Any:
    """False, 0, "", []."""
    workflow = asks(lib, saver)
    seen = []
    for at, answer in enumerate([False, 0, "", []]):
        workflow.invoke(["?"], on(str(at)))
        seen.append(workflow.invoke(lib.Command(resume=answer), on(str(at))))
    return seen


@program(106, differs={106: "None is an answer"}, expected=[None])
def none_as_answer(lib: Library, saver: Any) -> Any:
    """LangGraph: UnboundLocalError."""
    workflow = asks(lib, saver)
    workflow.invoke(["?"], on())
    return outcome(workflow.invoke, lib.Command(resume=None), on())


@program(107, differs={107: "an empty dict is an answer"}, expected=[{}])
def an_empty_dict_as_answer(lib: Library, saver: Any) -> Any:
    """LangGraph takes it for an empty map of ids and asks again."""
    workflow = asks(lib, saver)
    workflow.invoke(["?"], on())
    return outcome(workflow.invoke, lib.Command(resume={}), on())


@program(
    108,
    differs={108: "a map of unknown ids is refused, with how to answer with it"},
    expected={
        "first": {"raises": "UnknownInterruptError"},
        "by id": [["x"]],
    },
)
def an_answer_whose_keys_look_like_ids(lib: Library, saver: Any) -> Any:
    """LangGraph takes it for a map of ids and asks again."""
    workflow = asks(lib, saver)
    (question,) = workflow.invoke(["?"], on())["__interrupt__"]
    answer = {"d" * 32: "x"}
    first = outcome(workflow.invoke, lib.Command(resume=answer), on())
    if isinstance(first, dict):
        first = "asked again"
    second = workflow.invoke(lib.Command(resume={question.id: answer}), on())
    return {"first": first, "by id": [list(v.values()) for v in second]}


@program(99, 91)
def answers_of_every_type(lib: Library, saver: Any) -> Any:
    """Text, numbers, lists, dicts with other keys."""
    workflow = asks(lib, saver)
    seen = []
    given: list[Any] = ["yes", 1.5, [1, 2], {"approved": True}, {"a": {"b": [None]}}]
    for at, answer in enumerate(given):
        workflow.invoke(["?"], on(str(at)))
        seen.append(workflow.invoke(lib.Command(resume=answer), on(str(at))))
    return seen


@program(
    110,
    differs={110: "an answer with nothing pending is refused"},
    expected={
        "answer": {"raises": "UnknownInterruptError"},
        "next run": {"__interrupt__": [{"interrupt": "wire $1M?", "id": "<id 1>"}]},
    },
)
def an_answer_with_nothing_pending(lib: Library, saver: Any) -> Any:
    """LangGraph keeps it, and the next run's first question gets it."""
    workflow = asks(lib, saver)
    workflow.invoke([], on())
    answer = outcome(workflow.invoke, lib.Command(resume="yes"), on())
    return {"answer": answer, "next run": workflow.invoke(["wire $1M?"], on())}


@program(
    111, 112,
    differs={
        111: "a second submit for one question is refused",
        112: "so is an id that is answered",
    },
    expected={"again": {"raises": "AlreadyAnsweredError"}, "open": ["b"]},
)  # fmt: skip
def one_answer_submitted_twice(lib: Library, saver: Any) -> Any:
    """In LangGraph the second one answers the next question."""
    workflow = asks(lib, saver)
    (first,) = workflow.invoke(["a", "b"], on())["__interrupt__"]
    answer = lib.Command(resume={first.id: "yes"})
    workflow.invoke(answer, on())
    again = outcome(workflow.invoke, answer, on())
    return {"again": again, "open": open_questions(workflow)}


@program(
    112,
    differs={112: "an id of an earlier run is refused"},
    expected={"stale": {"raises": "UnknownInterruptError"}, "open": ["second"]},
)
def an_id_of_an_earlier_run(lib: Library, saver: Any) -> Any:
    """LangGraph drops it without a word and asks again."""
    workflow = asks(lib, saver)
    (old,) = workflow.invoke(["first"], on())["__interrupt__"]
    workflow.invoke(lib.Command(resume="yes"), on())
    workflow.invoke(["second"], on())
    stale = outcome(workflow.invoke, lib.Command(resume={old.id: "yes"}), on())
    return {"stale": stale, "open": open_questions(workflow)}


@program(
    113,
    differs={113: "an answer stays with the question it was given for"},
    expected={"answered": {"raises": "NonDeterminismError"}},
)
def swapped_questions(lib: Library, saver: Any) -> Any:
    """LangGraph matches by position: "NO" for one goes to the other."""
    questions = ["delete prod?", "send email?"]

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return {question: lib.interrupt(question) for question in questions}

    workflow.invoke(1, on())
    questions.reverse()
    answered = outcome(workflow.invoke, lib.Command(resume="NO to deletion"), on())
    if isinstance(answered, Exception):
        return {"answered": answered}
    return {"value": workflow.invoke(lib.Command(resume="YES to the email"), on())}


@program(
    114,
    differs={114: "nobody else gets the answer of a question that is gone"},
    expected={"__interrupt__": [{"interrupt": "send email?", "id": "<id 1>"}]},
)
def a_question_that_disappears(lib: Library, saver: Any) -> Any:
    """LangGraph hands its answer to the next one."""

    def before(n: int) -> Any:
        return [lib.interrupt("delete prod?"), lib.interrupt("send email?")]

    def after(n: int) -> Any:
        return [lib.interrupt("send email?")]

    before.__name__ = after.__name__ = "workflow"
    lib.entrypoint(checkpointer=saver)(before).invoke(1, on())
    return lib.entrypoint(checkpointer=saver)(after).invoke(lib.Command(resume="NO"), on())


@program(
    115,
    differs={115: "an answer on a fresh thread is refused"},
    expected={"raises": "UnknownThreadError"},
)
def an_answer_on_a_fresh_thread(lib: Library, saver: Any) -> Any:
    """LangGraph runs the body with the Command as its input."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(given: Any) -> Any:
        return type(given).__name__

    return outcome(workflow.invoke, lib.Command(resume="yes"), on())


@program(103)
def ids_differ_from_run_to_run(lib: Library, saver: Any) -> Any:
    """The same question in two runs and on two threads."""
    workflow = asks(lib, saver)
    seen = []
    for thread in ("a", "a", "b"):
        seen.append(workflow.invoke(["?"], on(thread))["__interrupt__"][0].id)
        workflow.invoke(lib.Command(resume=1), on(thread))
    return len(set(seen))


@program(103, 68)
def ids_are_the_same_in_every_view(lib: Library, saver: Any) -> Any:
    """invoke, stream, get_state, and invoke(None)."""
    workflow = asks(lib, saver)
    (first,) = workflow.invoke(["?"], on())["__interrupt__"]
    (chunk,) = list(workflow.stream(None, on()))
    state = workflow.get_state(on())
    found = [first.id, chunk["__interrupt__"][0].id, state.interrupts[0].id]
    return len({*found, state.tasks[0].interrupts[0].id})


@program(
    118,
    differs={118: "one of two answers at one time is taken"},
    expected={"paid": 1, "refused": 1},
)
def two_answers_at_one_time(lib: Library, saver: Any) -> Any:
    """LangGraph runs the rest twice: two payments."""
    paid: list[str] = []
    both_paying = threading.Barrier(2)

    @lib.task
    def pay() -> str:
        paid.append("paid")
        with contextlib.suppress(threading.BrokenBarrierError):
            both_paying.wait(0.3)
        return "paid"

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        lib.interrupt("pay?")
        return pay().result()

    workflow.invoke(1, on())
    with ThreadPoolExecutor(2) as pool:
        running = [
            pool.submit(outcome, workflow.invoke, lib.Command(resume="yes"), on()) for _ in range(2)
        ]
        results = [r.result() for r in running]
    return {"paid": len(paid), "refused": sum(isinstance(r, Exception) for r in results)}


@program(120, 112)
def what_an_unknown_id_says(lib: Library, saver: Any) -> Any:
    """UnknownInterruptError and its attributes."""
    error_class = lib.UnknownInterruptError
    error = error_class("text", reason="not_pending", interrupt_ids=["a"], pending_ids=["b"])
    return [error.reason, list(error.interrupt_ids), list(error.pending_ids), str(error)]
