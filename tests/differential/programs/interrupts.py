"""Questions: where they may be asked, how they surface (89-98)."""

from typing import Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.steps import acollect, collect, on


def answers(lib: Library, workflow: Any, given: Any, *replies: Any) -> list[Any]:
    """What each call gives: first the input, then one answer after the other."""
    seen = [workflow.invoke(given, on())]
    return seen + [workflow.invoke(lib.Command(resume=reply), on()) for reply in replies]


@program(89, 91, 121)
def a_question_in_the_body(lib: Library, saver: Any) -> Any:
    """{"__interrupt__": [Interrupt(value, id)]}, then the answer."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [n, lib.interrupt({"question": "ok?", "n": n})]

    return answers(lib, workflow, 1, "yes")


@program(89)
async def an_async_question_in_the_body(lib: Library, saver: Any) -> Any:
    """ainvoke."""

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return [n, lib.interrupt("ok?")]

    return [await workflow.ainvoke(1, on()), await workflow.ainvoke(lib.Command(resume=2), on())]


@program(89)
def questions_of_every_type(lib: Library, saver: Any) -> Any:
    """None, numbers, text, list, nested dict."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(value: Any) -> Any:
        return lib.interrupt(value)

    given: list[Any] = [0, 1.5, "", "text", [1, [2]], {"a": {"b": None}}, True]
    return [workflow.invoke(value, on(str(at))) for at, value in enumerate(given)]


@program(
    89,
    differs={89: "only the questions, never the thread's last value beside them"},
    expected=[
        {"__interrupt__": [{"interrupt": "?", "id": "<id 1>"}]},
        {"__interrupt__": [{"interrupt": "?", "id": "<id 2>"}]},
    ],
)
def a_second_run_that_asks(lib: Library, saver: Any) -> Any:
    """LangGraph merges the thread's last value into the result when it is a dict."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(given: Any) -> Any:
        return lib.interrupt("?") if given == "ask" else given

    seen = []
    for thread, value in (("a", 10), ("b", {"kept": 1})):
        workflow.invoke(value, on(thread))
        seen.append(workflow.invoke("ask", on(thread)))
    return seen


@program(90)
async def async_questions_in_the_stream(lib: Library, saver: Any) -> Any:
    """astream, modes updates and values."""

    @lib.task
    async def step() -> str:
        return "step"

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return [await step(), lib.interrupt("?")]

    modes = ["updates", "values"]
    return {
        "asked": await acollect(workflow.astream(1, on(), stream_mode=modes)),
        "state": (await workflow.aget_state(on())).interrupts,
    }


@program(92)
def a_question_in_a_task(lib: Library, saver: Any) -> Any:
    """The task runs again from its first line."""
    ran: list[str] = []

    @lib.task
    def ask() -> Any:
        ran.append("before")
        answer = lib.interrupt("?")
        ran.append("after")
        return answer

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return ask().result()

    return {"results": answers(lib, workflow, 1, "yes"), "ran": ran}


@program(93)
def one_task_asks_in_several_calls(lib: Library, saver: Any) -> Any:
    """One after the other."""

    @lib.task
    def ask(name: str) -> Any:
        return [name, lib.interrupt(f"{name}?")]

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [ask(name).result() for name in ("bar", "baz")]

    return answers(lib, workflow, 1, 1, 2)


@program(93)
def one_task_asks_the_same_in_several_calls(lib: Library, saver: Any) -> Any:
    """Equal arguments, equal question."""

    @lib.task
    def ask() -> Any:
        return lib.interrupt("again?")

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [ask().result(), ask().result(), ask().result()]

    return answers(lib, workflow, 1, "a", "b", "c")


@program(94)
def several_questions_in_one_task(lib: Library, saver: Any) -> Any:
    """In order; each has an id of its own."""

    @lib.task
    def ask() -> Any:
        return [lib.interrupt("first"), lib.interrupt("second"), lib.interrupt("first")]

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return ask().result()

    return answers(lib, workflow, 1, "a", "b", "c")


@program(94)
def several_questions_in_the_body(lib: Library, saver: Any) -> Any:
    """In order, between tasks."""

    @lib.task
    def step(value: Any) -> Any:
        return [value]

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        first = step(lib.interrupt(1)).result()
        return step([first, lib.interrupt(2)]).result()

    return answers(lib, workflow, 1, "a", "b")


@program(95)
def questions_in_a_loop(lib: Library, saver: Any) -> Any:
    """Until the answer is good; tasks between run once each."""
    ran: list[Any] = []

    @lib.task
    def check(answer: Any) -> bool:
        ran.append(answer)
        return bool(answer > 10)

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        prompt = "a number"
        while True:
            answer = lib.interrupt(prompt)
            if check(answer).result():
                return answer
            prompt = f"{answer} is too small"

    return {"results": answers(lib, workflow, 1, 5, 7, 12), "ran": ran}


@program(96)
def tasks_before_an_asking_task(lib: Library, saver: Any) -> Any:
    """They do not eat its answer."""
    ran: list[str] = []

    @lib.task
    def step(name: str) -> str:
        ran.append(name)
        return name

    @lib.task
    def ask() -> Any:
        return lib.interrupt("?")

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        first, second = step("a"), step("b")
        return [first.result(), second.result(), ask().result()]

    return {"results": answers(lib, workflow, 1, "yes"), "ran": sorted(ran)}


@program(97)
def a_deep_question_surfaces_once(lib: Library, saver: Any) -> Any:
    """Not once per level."""

    @lib.task
    def low() -> Any:
        return lib.interrupt("deep")

    @lib.task
    def middle() -> Any:
        return low().result()

    @lib.task
    def high() -> Any:
        return middle().result()

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return high().result()

    return {
        "stream": collect(workflow.stream(1, on())),
        "state": workflow.get_state(on()).interrupts,
        "value": workflow.invoke(lib.Command(resume="!"), on()),
    }


@program(98)
def the_state_of_an_asking_run(lib: Library, saver: Any) -> Any:
    """On the entrypoint's task and on the snapshot."""

    @lib.task
    def ask() -> Any:
        return lib.interrupt({"from": "task"})

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return ask().result()

    workflow.invoke(1, on())
    return workflow.get_state(on())


@program(
    98,
    differs={98: "an answered question is not pending, in no checkpoint"},
    expected=[
        {
            "values": "yes",
            "next": [],
            "config": {
                "configurable": {"checkpoint_id": "<id 1>", "checkpoint_ns": "", "thread_id": "1"}
            },
            "parent_config": {
                "configurable": {"checkpoint_id": "<id 2>", "checkpoint_ns": "", "thread_id": "1"}
            },
            "metadata": {"parents": {}, "source": "loop", "step": 0},
            "created_at": "<time>",
            "tasks": [],
            "interrupts": [],
        },
        {
            "values": None,
            "next": ["workflow"],
            "config": {
                "configurable": {"checkpoint_id": "<id 2>", "checkpoint_ns": "", "thread_id": "1"}
            },
            "parent_config": None,
            "metadata": {"parents": {}, "source": "input", "step": -1},
            "created_at": "<time>",
            "tasks": [
                {
                    "id": "<id 3>",
                    "name": "workflow",
                    "path": ["__pregel_pull", "workflow"],
                    "error": None,
                    "interrupts": [],
                    "state": None,
                    "result": "yes",
                }
            ],
            "interrupts": [],
        },
    ],
)
def the_state_after_the_answer(lib: Library, saver: Any) -> Any:
    """The open checkpoint of the past still lists its question."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return lib.interrupt("?")

    answers(lib, workflow, 1, "yes")
    return list(workflow.get_state_history(on()))
