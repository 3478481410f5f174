"""Declaring and calling tasks (17-34)."""

import functools
import warnings
from typing import TYPE_CHECKING, Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.steps import aoutcome, collect, on, outcome

if TYPE_CHECKING:
    from nbflow.types import StreamWriter


@program(17)
def retry_warns_and_works(lib: Library, saver: Any) -> Any:
    """@task(retry=...) and @entrypoint(retry=...)."""
    attempts: list[str] = []
    policy = lib.RetryPolicy(initial_interval=0.0, jitter=False, retry_on=ValueError)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")

        @lib.task(retry=policy)
        def flaky() -> int:
            attempts.append("task")
            if len(attempts) < 2:
                raise ValueError("flaky")
            return 1

        @lib.entrypoint(checkpointer=saver, retry=policy)
        def workflow(n: int) -> Any:
            return flaky().result()

    return {
        "deprecations": [issubclass(w.category, DeprecationWarning) for w in heard],
        "value": workflow.invoke(1, on()),
        "attempts": len(attempts),
    }


@program(19)
def spellings_of_task(lib: Library, saver: Any) -> Any:
    """@task, @task(), @task(name=...), task(fn, name=...)."""

    @lib.task
    def plain(n: int) -> int:
        return n + 1

    @lib.task()
    def called(n: int) -> int:
        return n + 2

    @lib.task(name="named by argument")
    def named(n: int) -> int:
        return n + 3

    def later(n: int) -> int:
        return n + 4

    made = lib.task(later, name="made later")

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [t(n).result() for t in (plain, called, named, made)]

    return collect(workflow.stream(1, on()))


@program(20)
def tasks_of_other_callables(lib: Library, saver: Any) -> Any:
    """Bound method, partial, callable object; one method under two names."""

    class Counter:
        def __init__(self, by: int) -> None:
            self.by = by

        def add(self, n: int) -> int:
            return n + self.by

        def __call__(self, n: int) -> int:
            return n * self.by

    def power(base: int, exponent: int) -> int:
        return int(base**exponent)

    counter = Counter(10)
    first = lib.task(counter.add, name="first")
    second = lib.task(Counter(20).add, name="second")
    square = lib.task(functools.partial(power, exponent=2), name="square")
    times = lib.task(counter, name="times")

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [t(n).result() for t in (first, second, square, times)]

    return collect(workflow.stream(3, on()))


@program(
    21,
    differs={21: "the user's function keeps its name"},
    expected={"__name__": "later", "chunks": [{"renamed": 2}, {"workflow": 2}]},
)
def naming_a_task_leaves_the_function_alone(lib: Library, saver: Any) -> Any:
    """LangGraph overwrites fn.__name__."""

    def later(n: int) -> int:
        return n + 1

    made = lib.task(later, name="renamed")

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return made(n).result()

    return {"__name__": later.__name__, "chunks": collect(workflow.stream(1, on()))}


@program(22)
def lambdas_and_builtins_as_tasks(lib: Library, saver: Any) -> Any:
    """Names and results."""
    double = lib.task(lambda n: n * 2)
    size = lib.task(len)

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [double(n).result(), size([1, 2, 3]).result()]

    return collect(workflow.stream(1, on()))


@program(
    23,
    differs={23: "refused at decoration"},
    expected={"declaration": {"raises": "TypeError"}},
)
def a_generator_as_task(lib: Library, saver: Any) -> Any:
    """LangGraph raises late, when the generator cannot be stored."""

    def numbers(n: int) -> Any:
        yield n

    try:
        made = lib.task(numbers)
    except Exception as exc:
        return {"declaration": exc}

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return list(made(n).result())

    return {"call": outcome(workflow.invoke, 1, on())}


@program(24)
def a_task_called_outside_a_run(lib: Library, saver: Any) -> Any:
    """RuntimeError."""

    @lib.task
    def step(n: int) -> int:
        return n

    return outcome(step, 1)


@program(25)
def tasks_inside_tasks(lib: Library, saver: Any) -> Any:
    """Three deep, and several children in each."""

    @lib.task
    def leaf(n: int) -> int:
        return n

    @lib.task
    def branch(n: int) -> int:
        return sum(f.result() for f in [leaf(n), leaf(n + 1)])

    @lib.task
    def tree(n: int) -> int:
        return int(branch(n).result()) * 100

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return tree(n).result()

    return workflow.invoke(1, on())


@program(26)
def tasks_in_loops_conditions_and_comprehensions(lib: Library, saver: Any) -> Any:
    """Then the same again on resume, without running them."""
    calls: list[Any] = []

    @lib.task
    def step(n: int) -> int:
        calls.append(n)
        if n == 13:
            raise ValueError("13")
        return n * 2

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        total = 0
        while total < 10:
            total = int(step(total + 1).result())
        doubled = [f.result() for f in [step(i) for i in range(3)]]
        found = step(100).result() if total > 10 else step(200).result()
        return [total, doubled, found, lib.interrupt("?")]

    workflow.invoke(1, on())
    value = workflow.invoke(lib.Command(resume="!"), on())
    return {"value": value, "ran": sorted(calls)}


@program(27)
def tasks_defined_inside_the_body(lib: Library, saver: Any) -> Any:
    """A fresh function each time; its results are reused by name."""
    calls: list[str] = []

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        @lib.task
        def inside(k: int) -> int:
            calls.append("inside")
            return k + 1

        first = inside(n).result()
        answer = lib.interrupt("?")
        return [first, answer, inside(5).result()]

    workflow.invoke(1, on())
    return {"value": workflow.invoke(lib.Command(resume="!"), on()), "ran": len(calls)}


@program(28)
def arguments_reach_the_task(lib: Library, saver: Any) -> Any:
    """Positional, by keyword, defaults, variadic; a missing one is a TypeError."""

    @lib.task
    def step(a: int, b: int = 2, *rest: int, c: int = 3, **more: int) -> Any:
        return [a, b, list(rest), c, more]

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [
            step(1).result(),
            step(1, 5, 6, 7, c=8, d=9).result(),
            step(a=10, c=11).result(),
            type(outcome(lambda: step().result())).__name__,
        ]

    return workflow.invoke(1, on())


@program(29)
def injectable_names_given_explicitly(lib: Library, saver: Any) -> Any:
    """What the caller passes wins."""

    @lib.task
    def step(store: Any = "default", writer: "StreamWriter" = print) -> Any:
        return [store, str(writer)]

    @lib.entrypoint(checkpointer=saver, store=lib.InMemoryStore())
    def workflow(n: int) -> Any:
        return [step(store=None, writer="hello").result(), step(store=5, writer=None).result()]

    return workflow.invoke(1, on())


@program(30)
def arguments_called_timeout(lib: Library, saver: Any) -> Any:
    """They are the user's own."""

    @lib.task
    def step(timeout: int, *, idle_timeout: int = 0, retry: Any = None) -> Any:
        return [timeout, idle_timeout, retry]

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [step(5, idle_timeout=6).result(), step(timeout=7, retry="r").result()]

    return workflow.invoke(1, on())


@program(33)
def falsy_results_are_replayed(lib: Library, saver: Any) -> Any:
    """False, 0, "", None, [], {}: each runs once."""
    calls: list[Any] = []

    @lib.task
    def give(value: Any) -> Any:
        calls.append(value)
        return value

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        falsy: list[Any] = [False, 0, "", None, [], {}]
        given = [give(v).result() for v in falsy]
        return [given, lib.interrupt("?")]

    workflow.invoke(1, on())
    return {"value": workflow.invoke(lib.Command(resume=0), on()), "ran": len(calls)}


@program(24)
async def an_async_task_called_outside_a_run(lib: Library, saver: Any) -> Any:
    """RuntimeError, in a loop as well."""

    @lib.task
    async def step(n: int) -> int:
        return n

    async def call() -> Any:
        return await step(1)

    return await aoutcome(call())
