"""Injection, configuration, context, store (183-200)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.steps import aoutcome, on, outcome

if TYPE_CHECKING:
    from nbflow.config import RunnableConfig
    from nbflow.store.base import BaseStore
    from nbflow.types import StreamWriter

LIMIT_S = 5.0


@dataclass
class User:
    """A context."""

    name: str
    age: int = 1


class Settings(TypedDict, total=False):
    """A context that is a plain dict."""

    name: str


@program(183)
def everything_is_injected_by_name(lib: Library, saver: Any) -> Any:
    """Into the entrypoint, keyword-only and annotated."""

    @lib.entrypoint(checkpointer=saver, store=lib.InMemoryStore())
    def workflow(
        n: int,
        *,
        config: "RunnableConfig",
        previous: Any,
        runtime: Any,
        store: "BaseStore",
        writer: "StreamWriter",
    ) -> Any:
        return {
            "thread": config["configurable"]["thread_id"],
            "previous": previous,
            "runtime": type(runtime).__name__,
            "store": store is runtime.store,
            "writer": callable(writer),
        }

    return [workflow.invoke(n, on()) for n in (1, 2)]


@program(183)
def injection_without_annotations(lib: Library, saver: Any) -> Any:
    """And as ordinary positional parameters."""

    @lib.entrypoint(checkpointer=saver, store=lib.InMemoryStore())
    def workflow(n, config, previous, runtime, store, writer):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        return [
            config["configurable"]["thread_id"],
            previous,
            type(runtime).__name__,
            store is not None,
            callable(writer),
        ]

    return workflow.invoke(1, on())


@program(185)
def injection_into_tasks(lib: Library, saver: Any) -> Any:
    """runtime, config, store, writer, beside ordinary arguments."""

    @lib.task
    def step(
        n: int,
        *,
        config: "RunnableConfig",
        runtime: Any,
        store: "BaseStore",
        writer: "StreamWriter",
    ) -> Any:
        return {
            "n": n,
            "thread": config["configurable"]["thread_id"],
            "runtime": type(runtime).__name__,
            "store": store is not None,
            "writer": callable(writer),
        }

    @lib.entrypoint(checkpointer=saver, store=lib.InMemoryStore())
    def workflow(n: int) -> Any:
        return step(n).result()

    return workflow.invoke(1, on())


@program(185)
async def injection_into_async_tasks(lib: Library, saver: Any) -> Any:
    """The same names."""

    @lib.task
    async def step(n: int, config: "RunnableConfig", runtime: Any) -> Any:
        return [n, config["configurable"]["thread_id"], runtime.context]

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return await step(n)

    return await workflow.ainvoke(1, on(), context={"user": "ada"})


@program(
    184,
    differs={184: "any annotation of `store` will do"},
    expected=True,
)
def a_store_annotated_with_its_class(lib: Library, saver: Any) -> Any:
    """LangGraph injects None."""

    def body(n: int, store: Any = None) -> Any:
        return store is not None

    body.__annotations__["store"] = lib.InMemoryStore
    workflow = lib.entrypoint(checkpointer=saver, store=lib.InMemoryStore())(body)
    return workflow.invoke(1, on())


@program(186)
def the_four_getters(lib: Library, saver: Any) -> Any:
    """In the entrypoint, in a task and in a function that it calls."""

    def look() -> Any:
        return [
            lib.get_config()["configurable"]["thread_id"],
            lib.get_store() is not None,
            callable(lib.get_stream_writer()),
            type(lib.get_runtime()).__name__,
        ]

    @lib.task
    def step() -> Any:
        return look()

    @lib.entrypoint(checkpointer=saver, store=lib.InMemoryStore())
    def workflow(n: int) -> Any:
        return [look(), step().result()]

    return workflow.invoke(1, on())


@program(186)
def the_getters_outside_a_run(lib: Library, saver: Any) -> Any:
    """RuntimeError."""
    return [isinstance(outcome(f), Exception) for f in (lib.get_config, lib.get_stream_writer)]


@program(186)
def a_store_is_shared_between_threads(lib: Library, saver: Any) -> Any:
    """Written on one, read on another."""
    store = lib.InMemoryStore()

    @lib.task
    def remember(key: str, value: Any) -> None:
        lib.get_store().put(("memories",), key, {"value": value})

    @lib.entrypoint(checkpointer=saver, store=store)
    def workflow(given: list[Any], store: "BaseStore") -> Any:
        remember(*given).result()
        return sorted(item.key for item in store.search(("memories",)))

    return [workflow.invoke(["a", 1], on("a")), workflow.invoke(["b", 2], on("b"))]


@program(187)
def context_as_a_dict_for_a_dataclass(lib: Library, saver: Any) -> Any:
    """An instance is made; an instance passes; None passes."""

    @lib.entrypoint(checkpointer=saver, context_schema=User)
    def workflow(n: int, runtime: Any) -> Any:
        context = runtime.context
        return None if context is None else [type(context).__name__, context.name, context.age]

    return [
        workflow.invoke(1, on(), context={"name": "ada"}),
        workflow.invoke(1, on(), context=User("bob", 3)),
        workflow.invoke(1, on(), context=None),
        workflow.invoke(1, on()),
        outcome(workflow.invoke, 1, on(), context={"nom": "ada"}),
        outcome(workflow.invoke, 1, on(), context={}),
    ]


@program(187)
def context_as_a_dict_for_a_pydantic_model(lib: Library, saver: Any) -> Any:
    """Validated."""
    import pydantic

    class Person(pydantic.BaseModel):
        name: str
        age: int = 1

    @lib.entrypoint(checkpointer=saver, context_schema=Person)
    def workflow(n: int, runtime: Any) -> Any:
        return [type(runtime.context).__name__, runtime.context.name, runtime.context.age]

    refused = outcome(workflow.invoke, 1, on(), context={"name": "ada", "age": "old"})
    return [
        workflow.invoke(1, on(), context={"name": "ada", "age": "3"}),
        isinstance(refused, ValueError),
    ]


@program(187)
def context_for_a_typed_dict(lib: Library, saver: Any) -> Any:
    """It stays a dict."""

    @lib.entrypoint(checkpointer=saver, context_schema=Settings)
    def workflow(n: int, runtime: Any) -> Any:
        return runtime.context

    return workflow.invoke(1, on(), context={"name": "ada"})


@program(187, 185)
def context_in_tasks(lib: Library, saver: Any) -> Any:
    """By injection and by get_runtime(), nested too."""

    @lib.task
    def low() -> Any:
        return lib.get_runtime(User).context.name

    @lib.task
    def high(runtime: Any) -> Any:
        return [runtime.context.name, low().result()]

    @lib.entrypoint(checkpointer=saver, context_schema=User)
    def workflow(n: int) -> Any:
        return high().result()

    return workflow.invoke(1, on(), context={"name": "ada"})


@program(187, 91)
def context_is_given_anew_on_resume(lib: Library, saver: Any) -> Any:
    """It is not stored."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, runtime: Any) -> Any:
        return [lib.interrupt("?"), runtime.context]

    workflow.invoke(1, on(), context={"user": "ada"})
    return workflow.invoke(lib.Command(resume=1), on(), context={"user": "bob"})


@program(189)
def fields_of_the_runtime(lib: Library, saver: Any) -> Any:
    """And that it is frozen."""

    @lib.entrypoint(checkpointer=saver, store=lib.InMemoryStore())
    def workflow(n: int, *, runtime: Any) -> Any:
        runtime.heartbeat()
        names = ("context", "store", "stream_writer", "previous", "heartbeat", "execution_info")
        frozen = isinstance(outcome(setattr, runtime, "previous", 1), AttributeError)
        return {
            "has": [name for name in names if hasattr(runtime, name)],
            "frozen": frozen,
            "previous": runtime.previous,
        }

    return [workflow.invoke(n, on()) for n in (1, 2)]


@program(189)
def override_and_merge_of_a_runtime(lib: Library, saver: Any) -> Any:
    """What the other one has wins, where it has something."""
    one = lib.Runtime(context="one", previous=1)
    two = lib.Runtime(context="two")
    return {
        "override": [one.override(context="three").context, one.override(context=None).previous],
        "merge": [one.merge(two).context, one.merge(two).previous],
        "merge with nothing": one.merge(lib.Runtime()).context,
    }


@program(190)
def execution_info(lib: Library, saver: Any) -> Any:
    """Of the entrypoint, of a task, and over attempts."""
    attempts: list[Any] = []
    policy = lib.RetryPolicy(initial_interval=0.0, jitter=False, retry_on=ValueError)

    @lib.task(retry_policy=policy)
    def step(runtime: Any) -> Any:
        info = runtime.execution_info
        attempts.append(info.node_attempt)
        if len(attempts) < 3:
            raise ValueError("again")
        return [info.thread_id, bool(info.task_id), bool(info.checkpoint_id), info.node_attempt]

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, runtime: Any) -> Any:
        info = runtime.execution_info
        return {
            "entrypoint": [info.thread_id, bool(info.task_id), info.node_attempt],
            "task": step().result(),
            "started": info.node_first_attempt_time is not None,
        }

    return {"value": workflow.invoke(1, on()), "attempts": attempts}


@program(190)
def namespaces_in_execution_info(lib: Library, saver: Any) -> Any:
    """checkpoint_ns of the entrypoint and of a task in it."""

    @lib.task
    def step(runtime: Any) -> Any:
        return runtime.execution_info.checkpoint_ns

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, runtime: Any) -> Any:
        return [runtime.execution_info.checkpoint_ns, step().result()]

    return workflow.invoke(1, on())


@program(
    191,
    192,
    differs={191: "the run stops at its next op and goes on from there"},
    expected={
        "drained": {"raises": "GraphDrained"},
        "next": ["workflow"],
        "ran": ["a"],
        "reason": "stop",
        "values": None,
    },
)
def a_drain_while_tasks_remain(lib: Library, saver: Any) -> Any:
    """request_drain() in the body: what is still scheduled, how the run ends, what resumes."""
    ran: list[str] = []

    @lib.task
    def step(name: str) -> str:
        ran.append(name)
        return name

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, runtime: Any) -> Any:
        first = step("a").result()
        runtime.control.request_drain("stop")
        return [first, step("b").result()]

    control = lib.RunControl()
    drained = outcome(workflow.invoke, 1, on(), control=control)
    return {
        "drained": drained,
        "reason": control.drain_reason,
        "ran": ran,
        "next": list(workflow.get_state(on()).next),
        "values": workflow.get_state(on()).values,
    }


@program(191, 192)
def a_drain_before_the_run(lib: Library, saver: Any) -> Any:
    """The run does not begin; invoke(None) runs it."""
    ran: list[int] = []

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        ran.append(n)
        return n * 10

    control = lib.RunControl()
    control.request_drain()
    drained = outcome(workflow.invoke, 1, on(), control=control)
    return {
        "requested": [control.drain_requested, control.drain_reason],
        "drained": drained,
        "ran": list(ran),
        "next": list(workflow.get_state(on()).next),
        "continued": outcome(workflow.invoke, None, on()),
    }


@program(192)
def a_drain_with_durability_exit(lib: Library, saver: Any) -> Any:
    """The checkpoint to resume from is written."""

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return n * 10

    control = lib.RunControl()
    control.request_drain()
    drained = outcome(workflow.invoke, 1, on(), control=control, durability="exit")
    return {"drained": drained, "continued": outcome(workflow.invoke, None, on())}


@program(193)
def metadata_and_tags_reach_tasks(lib: Library, saver: Any) -> Any:
    """Through get_config() and the injected config."""

    @lib.task
    def step(config: "RunnableConfig") -> Any:
        return [config["metadata"].get("user"), sorted(config.get("tags") or [])]

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        config = lib.get_config()
        seen = [config["metadata"].get("user"), sorted(config.get("tags") or [])]
        return [seen, step().result()]

    return workflow.invoke(1, on(metadata={"user": "ada"}, tags=["x", "y"]))


@program(193)
def configurable_values_reach_tasks(lib: Library, saver: Any) -> Any:
    """Keys of the caller's own."""

    @lib.task
    def step(config: "RunnableConfig") -> Any:
        return config["configurable"]["model"]

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [lib.get_config()["configurable"]["model"], step().result()]

    return workflow.invoke(1, {"configurable": {"thread_id": "1", "model": "m"}})


@program(194)
def recursion_limits(lib: Library, saver: Any) -> Any:
    """1 is enough for a functional run; 0 is a ValueError."""

    @lib.task
    def step(n: int) -> int:
        return n + 1

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [step(i).result() for i in range(5)]

    return {
        "1": workflow.invoke(1, on("a", recursion_limit=1)),
        "0": outcome(workflow.invoke, 1, on("b", recursion_limit=0)),
        "-1": outcome(workflow.invoke, 1, on("c", recursion_limit=-1)),
    }


@program(200)
def many_threads_share_one_entrypoint(lib: Library, saver: Any) -> Any:
    """20 at once, two runs each."""
    all_here = threading.Barrier(10)

    @lib.task
    def add(a: int, b: int) -> int:
        return a + b

    @lib.entrypoint(checkpointer=saver)
    def workflow(n: int, *, previous: Any = None) -> Any:
        return add(n, previous or 0).result()

    def work(n: int) -> list[Any]:
        all_here.wait(LIMIT_S)
        return [workflow.invoke(k, on(str(n))) for k in (n, 100)]

    with ThreadPoolExecutor(10) as pool:
        return list(pool.map(work, range(10)))


@program(186)
async def async_getters(lib: Library, saver: Any) -> Any:
    """In async entrypoints and tasks."""

    @lib.task
    async def step() -> Any:
        return lib.get_config()["configurable"]["thread_id"]

    @lib.entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        return [await step(), lib.get_config()["configurable"]["thread_id"]]

    return await aoutcome(workflow.ainvoke(1, on()))
