"""Retry policies (201-208, 220)."""

import itertools
import time
from typing import TYPE_CHECKING, Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.shapes import policy
from tests.differential.steps import collect, on, outcome

if TYPE_CHECKING:
    from nbflow.types import StreamWriter


def tries(lib: Library, saver: Any, retry: Any, errors: list[Exception]) -> Any:
    """How a task that raises these in turn ends, and how often it ran."""
    ran: list[int] = []

    @lib.task(retry_policy=retry)
    def flaky() -> str:
        ran.append(1)
        if len(ran) <= len(errors):
            raise errors[len(ran) - 1]
        return "done"

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return flaky().result()

    thread = f"{id(retry)}-{time.perf_counter_ns()}"
    return {"outcome": outcome(workflow.invoke, 1, on(thread)), "ran": len(ran)}


@program(201)
def defaults_of_a_retry_policy(lib: Library, saver: Any) -> Any:
    """As fields."""
    made = lib.RetryPolicy()
    names = ("initial_interval", "backoff_factor", "max_interval", "max_attempts", "jitter")
    return {name: getattr(made, name) for name in names}


@program(201)
def waits_between_attempts_grow(lib: Library, saver: Any) -> Any:
    """initial_interval times backoff_factor, never above max_interval."""
    at: list[float] = []

    @lib.task(
        retry_policy=lib.RetryPolicy(
            initial_interval=0.02,
            backoff_factor=2.0,
            max_interval=0.03,
            max_attempts=4,
            jitter=False,
            retry_on=ValueError,
        )
    )
    def bad() -> None:
        at.append(time.perf_counter())
        raise ValueError("bad")

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return bad().result()

    failed = outcome(workflow.invoke, 1, on())
    waits = [b - a for a, b in itertools.pairwise(at)]
    return {
        "failed": failed,
        "long enough": [w >= least for w, least in zip(waits, (0.02, 0.03, 0.03), strict=True)],
    }


@program(202)
def retry_on_of_each_kind(lib: Library, saver: Any) -> Any:
    """A class, a sequence, a predicate."""
    value, key = ValueError("v"), KeyError("k")
    return {
        "class": tries(lib, saver, policy(lib, retry_on=ValueError), [value]),
        "subclass": tries(lib, saver, policy(lib, retry_on=LookupError), [key]),
        "other": tries(lib, saver, policy(lib, retry_on=ValueError), [key]),
        "sequence": tries(lib, saver, policy(lib, retry_on=[ValueError, KeyError]), [value, key]),
        "tuple": tries(lib, saver, policy(lib, retry_on=(ValueError, KeyError)), [key, value]),
        "predicate": tries(
            lib, saver, policy(lib, retry_on=lambda exc: exc.args == ("v",)), [value]
        ),
        "predicate says no": tries(lib, saver, policy(lib, retry_on=lambda exc: False), [value]),
    }


@program(202)
def retry_on_of_another_kind(lib: Library, saver: Any) -> Any:
    """TypeError, sooner or later."""

    def declare() -> Any:
        return tries(lib, saver, policy(lib, retry_on=5), [ValueError("v")])["outcome"]

    return isinstance(outcome(declare), TypeError) or isinstance(declare(), TypeError)


@program(203)
def what_is_retried_by_default(lib: Library, saver: Any) -> Any:
    """Connection errors and unknown exceptions; not programming errors."""

    class OwnError(Exception):
        pass

    errors = [
        ConnectionError(), ConnectionResetError(), OwnError(), Exception(),
        ValueError(), TypeError(), ArithmeticError(), ZeroDivisionError(), ImportError(),
        LookupError(), KeyError(), NameError(), SyntaxError(), RuntimeError(), ReferenceError(),
        StopIteration(), StopAsyncIteration(), OSError(), FileNotFoundError(),
    ]  # fmt: skip
    decide = lib.RetryPolicy().retry_on
    return {type(error).__name__: bool(decide(error)) for error in errors}


@program(203)
def http_errors_by_default(lib: Library, saver: Any) -> Any:
    """httpx: 5xx is retried, 4xx is not."""
    import httpx

    request = httpx.Request("GET", "http://host")
    decide = lib.RetryPolicy().retry_on
    return {
        str(code): bool(
            decide(
                httpx.HTTPStatusError(
                    "", request=request, response=httpx.Response(code, request=request)
                )
            )
        )
        for code in (400, 404, 429, 500, 503)
    }


@program(204, differs={204: "TimeoutError is retried"}, expected={"outcome": "done", "ran": 2})
def timeout_errors_by_default(lib: Library, saver: Any) -> Any:
    """LangGraph takes it for an OSError like any other."""
    return tries(lib, saver, policy(lib), [TimeoutError()])


@program(205)
def several_policies(lib: Library, saver: Any) -> Any:
    """The first that wants the exception decides; attempts are counted together."""
    value, key = ValueError("v"), KeyError("k")
    policies = [
        policy(lib, retry_on=ValueError, max_attempts=2),
        policy(lib, retry_on=KeyError, max_attempts=4),
    ]
    return {
        "first": tries(lib, saver, policies, [value, value, value]),
        "second": tries(lib, saver, policies, [key, key, key]),
        "mixed": tries(lib, saver, policies, [key, value, key]),
        "neither": tries(lib, saver, policies, [OSError()]),
    }


@program(206)
def attempts_of_one_and_less(lib: Library, saver: Any) -> Any:
    """One attempt."""
    return {
        str(n): tries(lib, saver, policy(lib, retry_on=ValueError, max_attempts=n), [ValueError()])
        for n in (1, 0, -1, 2)
    }


@program(207)
def questions_are_not_retried(lib: Library, saver: Any) -> Any:
    """Even when everything is."""
    ran: list[str] = []

    @lib.task(retry_policy=policy(lib, retry_on=Exception))
    def ask() -> Any:
        ran.append("ask")
        return lib.interrupt("?")

    @lib.entrypoint(checkpointer=saver, retry_policy=policy(lib, retry_on=Exception))
    def workflow(n: int) -> Any:
        return ask().result()

    asked = workflow.invoke(1, on())
    return {"asked": asked, "ran": len(ran), "value": workflow.invoke(lib.Command(resume=1), on())}


@program(207, 92)
def a_task_that_asks_and_then_fails(lib: Library, saver: Any) -> Any:
    """The answer is given to each attempt."""
    ran: list[Any] = []

    @lib.task(retry_policy=policy(lib, retry_on=ValueError))
    def ask() -> Any:
        answer = lib.interrupt("?")
        ran.append(answer)
        if len(ran) < 3:
            raise ValueError("again")
        return answer

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return ask().result()

    workflow.invoke(1, on())
    return {"value": workflow.invoke(lib.Command(resume="yes"), on()), "ran": ran}


@program(208)
def attempts_run_out(lib: Library, saver: Any) -> Any:
    """The last exception is raised."""
    errors: list[Exception] = [ValueError("first"), ValueError("second"), ValueError("third")]
    ran: list[int] = []

    @lib.task(retry_policy=policy(lib, retry_on=ValueError))
    def bad() -> None:
        ran.append(1)
        raise errors[len(ran) - 1]

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return bad().result()

    try:
        workflow.invoke(1, on())
    except ValueError as exc:
        return {"args": exc.args[0], "names the task": any("bad" in n for n in exc.__notes__)}


@program(208)
def the_stream_of_a_retried_task(lib: Library, saver: Any) -> Any:
    """Custom chunks of every attempt, one update."""
    ran: list[int] = []

    @lib.task(retry_policy=policy(lib, retry_on=ValueError))
    def flaky(writer: "StreamWriter") -> str:
        ran.append(1)
        writer(f"attempt {len(ran)}")
        if len(ran) < 3:
            raise ValueError("again")
        return "done"

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return flaky().result()

    modes = ["updates", "custom", "tasks"]
    return [
        chunk if mode != "tasks" else sorted(chunk)
        for mode, chunk in collect(workflow.stream(1, on(), stream_mode=modes))
    ]


@program(201, 1)
def a_retried_entrypoint(lib: Library, saver: Any) -> Any:
    """retry_policy of @entrypoint."""
    ran: list[int] = []

    @lib.entrypoint(checkpointer=saver, retry_policy=policy(lib, retry_on=ValueError))
    def workflow(n: int) -> Any:
        ran.append(n)
        if len(ran) < 3:
            raise ValueError("again")
        return n

    return {"value": workflow.invoke(1, on()), "ran": len(ran)}


@program(201)
async def an_async_task_is_retried(lib: Library, saver: Any) -> Any:
    """And an async entrypoint."""
    ran: list[str] = []

    @lib.task(retry_policy=policy(lib, retry_on=ValueError))
    async def flaky() -> str:
        ran.append("task")
        if ran.count("task") < 3:
            raise ValueError("again")
        return "done"

    @lib.entrypoint(checkpointer=saver, retry_policy=policy(lib, retry_on=KeyError))
    async def workflow(n: int) -> Any:
        value = await flaky()
        ran.append("entrypoint")
        if ran.count("entrypoint") < 2:
            raise KeyError("again")
        return value

    value = await workflow.ainvoke(1, on())
    return {"value": value, "entrypoint ran": ran.count("entrypoint")}


@program(220)
def the_recorded_error_of_a_failed_task(lib: Library, saver: Any) -> Any:
    """Kind of error in the state, after retries."""

    class OwnError(Exception):
        pass

    @lib.task(retry_policy=policy(lib, retry_on=OwnError, max_attempts=2))
    def bad() -> None:
        raise OwnError("bad")

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return bad().result()

    outcome(workflow.invoke, 1, on())
    return workflow.get_state(on()).tasks
