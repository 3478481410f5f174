"""Entrypoints called from entrypoints and tasks: questions, memory, values (16, 31, 32, ...)."""

import asyncio
from typing import Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.shapes import parent_and_child, quiet_parent_and_child
from tests.differential.steps import acollect, collect, on, outcome


def counter(lib: Library, **options: Any) -> Any:
    """A workflow that counts its own runs by ``previous``."""

    @lib.entrypoint(**options)
    def count(n: int, *, previous: Any = None) -> Any:
        return (previous or 0) + n

    return count


@program(31)
def a_task_calls_an_entrypoint(lib: Library, saver: Any) -> Any:
    """Its value is the task's."""
    return quiet_parent_and_child(lib, saver).invoke(1, on())


@program(31)
def an_entrypoint_calls_an_entrypoint(lib: Library, saver: Any) -> Any:
    """Without a task between; three levels."""

    @lib.entrypoint()
    def low(n: int) -> int:
        return n + 1

    @lib.entrypoint()
    def middle(n: int) -> int:
        return int(low.invoke(n)) * 10

    @lib.entrypoint(checkpointer=saver)
    def high(n: int) -> Any:
        return {"middle": middle.invoke(n), "low": low.invoke(100)}

    return [high.invoke(1, on()), collect(high.stream(2, on()))]


@program(31)
async def an_async_entrypoint_calls_an_async_entrypoint(lib: Library, saver: Any) -> Any:
    """From a task and directly."""

    @lib.task
    async def step(n: int) -> int:
        return n + 1

    @lib.entrypoint()
    async def child(n: int) -> Any:
        return await step(n)

    @lib.task
    async def call_child(n: int) -> Any:
        return await child.ainvoke(n)

    @lib.entrypoint(checkpointer=saver)
    async def parent(n: int) -> Any:
        return [await call_child(n), await child.ainvoke(n * 10)]

    return await acollect(parent.astream(1, on()))


@program(16, 63, 97)
def a_nested_question(lib: Library, saver: Any) -> Any:
    """It is the parent's question; the child's finished tasks are reused."""
    parent = parent_and_child(lib, saver)
    return {
        "asked": parent.invoke(1, on()),
        "resumed": parent.invoke(lib.Command(resume="yes"), on()),
    }


@program(63)
def tasks_before_a_nested_question_are_reused(lib: Library, saver: Any) -> Any:
    """In the parent and in the child, whichever way the child is called."""
    calls: list[str] = []

    @lib.task
    def work(name: str) -> str:
        calls.append(name)
        return name

    @lib.entrypoint()
    def child(n: int) -> Any:
        first = work(f"child {n}").result()
        return [first, lib.interrupt("?"), work(f"child after {n}").result()]

    @lib.task
    def call_child(n: int) -> Any:
        return child.invoke(n)

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        return [work("parent").result(), child.invoke(1), call_child(2).result()]

    asked = parent.invoke(1, on())
    again = parent.invoke(lib.Command(resume="a"), on())
    done = parent.invoke(lib.Command(resume="b"), on())
    return {"asked": [asked, again], "done": done, "ran": sorted(calls)}


@program(16, 199)
def nested_entrypoints_forget_by_default(lib: Library, saver: Any) -> Any:
    """checkpointer=None: previous is None in every run of the parent."""
    count = counter(lib)

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        return count.invoke(n)

    return [parent.invoke(n, on()) for n in (1, 2, 3)]


@program(16, 199)
def nested_entrypoints_remember_with_checkpointer_true(lib: Library, saver: Any) -> Any:
    """Across runs of the parent, per thread."""
    count = counter(lib, checkpointer=True)

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        return count.invoke(n)

    return {
        "one thread": [parent.invoke(n, on()) for n in (1, 2, 3)],
        "another": parent.invoke(10, on("2")),
    }


@program(16, 199)
def nested_entrypoints_remember_when_called_from_a_task(lib: Library, saver: Any) -> Any:
    """checkpointer=True inside a task: the task's name stands in the namespace."""
    count = counter(lib, checkpointer=True)

    @lib.task
    def call(n: int) -> Any:
        return count.invoke(n)

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        return call(n).result()

    return [parent.invoke(n, on()) for n in (1, 2, 3)]


@program(16)
def nested_entrypoints_never_keep_with_checkpointer_false(lib: Library, saver: Any) -> Any:
    """checkpointer=False: previous is None, its tasks run again on resume."""
    calls: list[int] = []

    @lib.task
    def work(n: int) -> int:
        calls.append(n)
        return n

    @lib.entrypoint(checkpointer=False)
    def child(n: int, *, previous: Any = None) -> Any:
        return [previous, work(n).result()]

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        return [child.invoke(n), lib.interrupt("?")]

    first = parent.invoke(1, on())
    second = parent.invoke(lib.Command(resume="x"), on())
    third = parent.invoke(2, on())
    return {"results": [first, second, third], "ran": calls}


@program(16)
def a_question_in_a_child_that_never_keeps(lib: Library, saver: Any) -> Any:
    """checkpointer=False and interrupt()."""
    parent = parent_and_child(lib, saver, checkpointer=False)
    return {
        "asked": outcome(parent.invoke, 1, on()),
        "resumed": outcome(parent.invoke, lib.Command(resume="yes"), on()),
    }


@program(
    16, 89,
    differs={89: "only the questions, never the thread's last value beside them"},
    expected=[
        {"__interrupt__": [{"interrupt": [1, None], "id": "<id 1>"}]},
        {"answer": "a", "n": 1},
        {"__interrupt__": [{"interrupt": [2, {"answer": "a", "n": 1}], "id": "<id 2>"}]},
        {"answer": "b", "n": 2},
    ],
)  # fmt: skip
def a_child_with_checkpointer_true_asks_twice(lib: Library, saver: Any) -> Any:
    """Resumed in its own run; the next parent run starts it anew, with previous."""

    @lib.entrypoint(checkpointer=True)
    def child(n: int, *, previous: Any = None) -> Any:
        return {"n": n, "answer": lib.interrupt([n, previous])}

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        return child.invoke(n)

    return [
        parent.invoke(given, on())
        for given in (1, lib.Command(resume="a"), 2, lib.Command(resume="b"))
    ]


@program(16)
def checkpointer_true_at_the_root(lib: Library, saver: Any) -> Any:
    """There is nothing to inherit from."""
    return outcome(counter(lib, checkpointer=True).invoke, 1, on())


@program(32)
def one_nested_entrypoint_called_twice(lib: Library, saver: Any) -> Any:
    """Two namespaces in one task; both finish."""

    @lib.task
    def step(n: int) -> int:
        return n + 1

    @lib.entrypoint()
    def child(n: int) -> Any:
        return step(n).result()

    @lib.task
    def call_twice(n: int) -> Any:
        return [child.invoke(n), child.invoke(n * 10)]

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        return call_twice(n).result()

    return collect(parent.stream(1, on(), subgraphs=True))


@program(32)
def one_asking_entrypoint_called_twice(lib: Library, saver: Any) -> Any:
    """Each call asks, and gets its own answer."""

    @lib.entrypoint()
    def child(n: int) -> Any:
        return [n, lib.interrupt({"n": n})]

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        return [child.invoke(1), child.invoke(2)]

    return [
        parent.invoke(given, on())
        for given in (0, lib.Command(resume="one"), lib.Command(resume="two"))
    ]


@program(32)
def one_remembering_entrypoint_called_twice(lib: Library, saver: Any) -> Any:
    """checkpointer=True, two calls in one run of the parent."""
    count = counter(lib, checkpointer=True)

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        return [count.invoke(n), count.invoke(n)]

    return [outcome(parent.invoke, n, on()) for n in (1, 10)]


@program(32)
def two_nested_entrypoints_that_remember(lib: Library, saver: Any) -> Any:
    """checkpointer=True, two different children."""

    @lib.entrypoint(checkpointer=True)
    def left(n: int, *, previous: Any = None) -> Any:
        return [*(previous or []), n]

    @lib.entrypoint(checkpointer=True)
    def right(n: int, *, previous: Any = None) -> Any:
        return [*(previous or []), -n]

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        return {"left": left.invoke(n), "right": right.invoke(n)}

    return [outcome(parent.invoke, n, on()) for n in (1, 2)]


@program(197)
def a_store_reaches_nested_entrypoints(lib: Library, saver: Any) -> Any:
    """The parent's store, by get_store()."""
    store = lib.InMemoryStore()

    @lib.entrypoint()
    def child(n: int) -> Any:
        lib.get_store().put(("a",), "k", {"n": n})
        return n

    @lib.entrypoint(checkpointer=saver, store=store)
    def parent(n: int) -> Any:
        child.invoke(n)
        return lib.get_store().get(("a",), "k").value

    return parent.invoke(7, on())


@program(197, 187)
def a_context_reaches_nested_entrypoints(lib: Library, saver: Any) -> Any:
    """The parent's context, unless the child is given one."""

    @lib.entrypoint()
    def child(n: int, runtime: Any) -> Any:
        return runtime.context

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int, runtime: Any) -> Any:
        return [runtime.context, child.invoke(n), child.invoke(n, context={"own": True})]

    return parent.invoke(1, on(), context={"user": "ada"})


@program(198)
def a_child_with_a_thread_of_its_own(lib: Library, saver: Any) -> Any:
    """Invoked with another thread_id and its own saver: a run of its own."""
    count = counter(lib, checkpointer=saver)

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        return count.invoke(n, on("child"))

    values = [parent.invoke(n, on()) for n in (1, 2)]
    return {"values": values, "parent": parent.get_state(on()).values}


@program(31, 52)
def a_nested_failure(lib: Library, saver: Any) -> Any:
    """The child's exception arrives as it is; caught, the parent goes on."""

    @lib.entrypoint()
    def child(n: int) -> Any:
        raise KeyError("child")

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        if n == 1:
            return child.invoke(n)
        try:
            return child.invoke(n)
        except KeyError as exc:
            return {"caught": type(exc).__name__}

    return [outcome(parent.invoke, 1, on("a")), outcome(parent.invoke, 2, on("b"))]


@program(62)
def a_finished_nested_entrypoint_is_not_run_again(lib: Library, saver: Any) -> Any:
    """When it was called in a task that is finished."""
    calls: list[str] = []

    @lib.entrypoint()
    def child(n: int) -> Any:
        calls.append("child")
        return n + 1

    @lib.task
    def call_child(n: int) -> Any:
        calls.append("call_child")
        return child.invoke(n)

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        return [call_child(n).result(), lib.interrupt("?")]

    parent.invoke(1, on())
    return {"value": parent.invoke(lib.Command(resume=2), on()), "ran": calls}


@program(62)
def a_nested_entrypoint_called_directly_on_resume(lib: Library, saver: Any) -> Any:
    """Without a task around it: how often its body and its task run."""
    calls: list[str] = []

    @lib.task
    def work(n: int) -> int:
        calls.append("work")
        return n

    @lib.entrypoint()
    def child(n: int) -> Any:
        calls.append("child")
        return work(n).result()

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        return [child.invoke(n), lib.interrupt("?")]

    parent.invoke(1, on())
    return {"value": parent.invoke(lib.Command(resume=2), on()), "ran": calls}


@program(99)
def nested_parallel_questions_answered_by_id(lib: Library, saver: Any) -> Any:
    """A map of ids, one of them from a child; answers reach their own questions."""

    @lib.entrypoint()
    def child(n: int) -> Any:
        return [n, lib.interrupt({"n": n})]

    @lib.task
    def call_child(n: int) -> Any:
        return child.invoke(n)

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        return [f.result() for f in [call_child(1), call_child(2)]]

    config = on()
    answers: list[Any] = []
    given: Any = 0
    for _ in range(4):
        result = parent.invoke(given, config)
        if not isinstance(result, dict):
            break
        answers += [q.value["n"] for q in result["__interrupt__"]]
        given = lib.Command(resume={q.id: f"for {q.value['n']}" for q in result["__interrupt__"]})
    return {"result": result, "asked for": sorted(answers)}


@program(31, 63, 97)
def an_async_entrypoint_on_a_loop_of_the_codes_own(lib: Library, saver: Any) -> Any:
    """asyncio.run in a plain body and in a plain task; in memory, as other savers of LangGraph
    serve one kind of code."""
    calls: list[int] = []

    @lib.task
    async def work(n: int) -> int:
        calls.append(n)
        return n

    @lib.entrypoint()
    async def child(n: int) -> Any:
        return [await work(n), lib.interrupt({"n": n})]

    @lib.task
    def call_child(n: int) -> Any:
        return asyncio.run(child.ainvoke(n))

    @lib.entrypoint(checkpointer=lib.InMemorySaver())
    def parent(n: int) -> Any:
        return [asyncio.run(child.ainvoke(n)), call_child(n + 1).result()]

    given = [1, lib.Command(resume="one"), lib.Command(resume="two")]
    return {"results": [parent.invoke(one, on()) for one in given], "ran": calls}


@program(31, 221)
def a_nested_entrypoint_with_a_cache(lib: Library, saver: Any) -> Any:
    """Of its own; two calls in each of two runs of the parent run it once."""
    calls: list[int] = []

    @lib.entrypoint(cache=lib.InMemoryCache(), cache_policy=lib.CachePolicy())
    def child(n: int) -> int:
        calls.append(n)
        return n

    @lib.entrypoint(checkpointer=saver)
    def parent(n: int) -> Any:
        return [child.invoke(n), child.invoke(n)]

    return {"results": [parent.invoke(1, on(thread)) for thread in ("a", "b")], "ran": calls}
