"""Cached results (181, 221-232)."""

import threading
from typing import Any

from tests.differential.library import Library
from tests.differential.registry import program
from tests.differential.steps import acollect, collect, on, outcome


def squares(lib: Library, saver: Any, cache: Any, ran: list[Any], **policy: Any) -> Any:
    """Squares its input in a cached task."""

    @lib.task(cache_policy=lib.CachePolicy(**policy))
    def square(n: Any) -> Any:
        ran.append(n)
        return n * n

    @lib.entrypoint(checkpointer=saver, cache=cache)
    def workflow(n: Any) -> Any:
        return square(n).result()

    workflow.square = square
    return workflow


@program(221)
def a_result_is_shared_by_threads_and_runs(lib: Library, saver: Any) -> Any:
    """One execution for equal arguments."""
    ran: list[Any] = []
    workflow = squares(lib, saver, lib.InMemoryCache(), ran)
    given = [(3, "a"), (3, "a"), (3, "b"), (4, "b"), (3, "b")]
    return {"values": [workflow.invoke(n, on(t)) for n, t in given], "ran": ran}


@program(221)
async def a_result_of_an_async_task_is_shared(lib: Library, saver: Any) -> Any:
    """ainvoke."""
    ran: list[int] = []

    @lib.task(cache_policy=lib.CachePolicy())
    async def square(n: int) -> int:
        ran.append(n)
        return n * n

    @lib.entrypoint(checkpointer=saver, cache=lib.InMemoryCache())
    async def workflow(n: int) -> Any:
        return await square(n)

    values = [await workflow.ainvoke(n, on(t)) for n, t in ((3, "a"), (3, "b"), (4, "b"))]
    return {"values": values, "ran": ran}


@program(221)
def a_cache_without_a_checkpointer(lib: Library, saver: Any) -> Any:
    """It works all the same."""
    ran: list[Any] = []
    workflow = squares(lib, None, lib.InMemoryCache(), ran)
    return {"values": [workflow.invoke(n) for n in (3, 3, 4)], "ran": ran}


@program(221)
def one_cache_for_two_entrypoints(lib: Library, saver: Any) -> Any:
    """The task's entries are its own, not the workflow's."""
    ran: list[int] = []
    cache = lib.InMemoryCache()

    @lib.task(cache_policy=lib.CachePolicy())
    def square(n: int) -> int:
        ran.append(n)
        return n * n

    @lib.entrypoint(checkpointer=saver, cache=cache)
    def one(n: int) -> Any:
        return square(n).result()

    @lib.entrypoint(checkpointer=saver, cache=cache)
    def two(n: int) -> Any:
        return square(n).result()

    return {"values": [one.invoke(3, on("a")), two.invoke(3, on("b"))], "ran": ran}


@program(221)
def equal_calls_in_one_run(lib: Library, saver: Any) -> Any:
    """One after the other: the second is a hit."""
    ran: list[int] = []

    @lib.task(cache_policy=lib.CachePolicy())
    def square(n: int) -> int:
        ran.append(n)
        return n * n

    @lib.entrypoint(checkpointer=saver, cache=lib.InMemoryCache())
    def workflow(n: int) -> Any:
        return [square(n).result(), square(n).result(), square(n + 1).result()]

    return {"value": workflow.invoke(3, on()), "ran": ran}


@program(221, 61)
def a_cached_task_before_a_question(lib: Library, saver: Any) -> Any:
    """On resume from the record, on another thread from the cache."""
    ran: list[int] = []

    @lib.task(cache_policy=lib.CachePolicy())
    def square(n: int) -> int:
        ran.append(n)
        return n * n

    @lib.entrypoint(checkpointer=saver, cache=lib.InMemoryCache())
    def workflow(n: int) -> Any:
        return [square(n).result(), lib.interrupt("?")]

    for thread in ("a", "b"):
        workflow.invoke(3, on(thread))
    values = [workflow.invoke(lib.Command(resume=t), on(t)) for t in ("a", "b")]
    return {"values": values, "ran": ran}


@program(222)
def clearing_the_cache_of_a_task(lib: Library, saver: Any) -> Any:
    """task.clear_cache(cache) drops its entries, not those of others."""
    ran: list[str] = []
    cache = lib.InMemoryCache()

    @lib.task(cache_policy=lib.CachePolicy())
    def first(n: int) -> int:
        ran.append("first")
        return n

    @lib.task(cache_policy=lib.CachePolicy())
    def second(n: int) -> int:
        ran.append("second")
        return n

    @lib.entrypoint(checkpointer=saver, cache=cache)
    def workflow(n: int) -> Any:
        return [first(n).result(), second(n).result()]

    workflow.invoke(1, on("a"))
    first.clear_cache(cache)
    workflow.invoke(1, on("b"))
    return ran


@program(222)
async def clearing_the_cache_of_an_async_task(lib: Library, saver: Any) -> Any:
    """task.aclear_cache(cache)."""
    ran: list[int] = []
    cache = lib.InMemoryCache()

    @lib.task(cache_policy=lib.CachePolicy())
    async def square(n: int) -> int:
        ran.append(n)
        return n * n

    @lib.entrypoint(checkpointer=saver, cache=cache)
    async def workflow(n: int) -> Any:
        return await square(n)

    await workflow.ainvoke(3, on("a"))
    await square.aclear_cache(cache)
    await workflow.ainvoke(3, on("b"))
    return ran


@program(222)
def clearing_the_whole_cache(lib: Library, saver: Any) -> Any:
    """cache.clear()."""
    ran: list[Any] = []
    cache = lib.InMemoryCache()
    workflow = squares(lib, saver, cache, ran)
    workflow.invoke(3, on("a"))
    cache.clear()
    workflow.invoke(3, on("b"))
    return ran


@program(223)
def a_policy_without_a_cache(lib: Library, saver: Any) -> Any:
    """It is ignored."""
    ran: list[Any] = []
    workflow = squares(lib, saver, None, ran)
    return {"values": [workflow.invoke(3, on(t)) for t in ("a", "b")], "ran": ran}


@program(223)
def a_cache_without_a_policy(lib: Library, saver: Any) -> Any:
    """Nothing is cached."""
    ran: list[int] = []

    @lib.task
    def square(n: int) -> int:
        ran.append(n)
        return n * n

    @lib.entrypoint(checkpointer=saver, cache=lib.InMemoryCache())
    def workflow(n: int) -> Any:
        return square(n).result()

    return {"values": [workflow.invoke(3, on(t)) for t in ("a", "b")], "ran": ran}


@program(224)
def entries_expire(lib: Library, saver: Any) -> Any:
    """After `ttl` seconds."""
    ran: list[Any] = []
    workflow = squares(lib, saver, lib.InMemoryCache(), ran, ttl=0.25)
    quick = [workflow.invoke(3, on(t)) for t in ("a", "b")]
    unset = threading.Event()
    at_first = list(ran)
    unset.wait(0.27)
    return {"quick": quick, "ran at first": at_first, "later": workflow.invoke(3, on("c")),
            "ran": ran}  # fmt: skip


@program(225)
def none_is_cached_and_errors_are_not(lib: Library, saver: Any) -> Any:
    """Results of each kind."""
    ran: list[str] = []

    @lib.task(cache_policy=lib.CachePolicy())
    def nothing() -> None:
        ran.append("nothing")

    @lib.task(cache_policy=lib.CachePolicy())
    def bad() -> None:
        ran.append("bad")
        raise ValueError("bad")

    @lib.entrypoint(checkpointer=saver, cache=lib.InMemoryCache())
    def workflow(n: int) -> Any:
        nothing().result()
        try:
            bad().result()
        except ValueError:
            return "caught"

    return {"values": [workflow.invoke(1, on(t)) for t in ("a", "b")], "ran": ran}


@program(221)
def a_key_function(lib: Library, saver: Any) -> Any:
    """It decides which calls are equal, from the arguments."""
    ran: list[Any] = []
    workflow = squares(lib, saver, lib.InMemoryCache(), ran, key_func=lambda n: str(n % 2))
    return {"values": [workflow.invoke(n, on(str(n))) for n in (1, 2, 3, 4)], "ran": ran}


@program(221)
def keyword_arguments_in_the_key(lib: Library, saver: Any) -> Any:
    """They count like positional ones; their order does not."""
    ran: list[Any] = []

    @lib.task(cache_policy=lib.CachePolicy())
    def step(a: int, *, b: int = 0, c: int = 0) -> int:
        ran.append([a, b, c])
        return a + b + c

    @lib.entrypoint(checkpointer=saver, cache=lib.InMemoryCache())
    def workflow(n: int) -> Any:
        return [step(1, b=2, c=3).result(), step(1, c=3, b=2).result(), step(1, b=9).result()]

    return {"value": workflow.invoke(1, on()), "ran": ran}


@program(
    226,
    differs={226: "equal calls at one time run once"},
    expected={"values": [9, 9, 9], "ran": 1},
)
def equal_calls_at_the_same_time(lib: Library, saver: Any) -> Any:
    """LangGraph runs all of them."""
    ran: list[int] = []
    unset = threading.Event()

    @lib.task(cache_policy=lib.CachePolicy())
    def square(n: int) -> int:
        ran.append(n)
        unset.wait(0.05)
        return n * n

    @lib.entrypoint(checkpointer=saver, cache=lib.InMemoryCache())
    def workflow(n: int) -> Any:
        return [f.result() for f in [square(n) for _ in range(3)]]

    return {"values": workflow.invoke(3, on()), "ran": len(ran)}


@program(
    227,
    differs={227: "what a function does is part of its key"},
    expected=[4, 6],
)
def two_functions_of_one_name(lib: Library, saver: Any) -> Any:
    """LangGraph gives the second one the first one's result."""
    cache = lib.InMemoryCache()

    def declare(double: bool) -> Any:
        if double:
            step = lib.task(lambda n: n * 2, cache_policy=lib.CachePolicy())
        else:
            step = lib.task(lambda n: n * 3, cache_policy=lib.CachePolicy())

        @lib.entrypoint(checkpointer=saver, cache=cache)
        def workflow(n: int) -> Any:
            return step(n).result()

        return workflow

    return [declare(True).invoke(2, on("a")), declare(False).invoke(2, on("b"))]


@program(
    228,
    differs={228: "the order of a dict is no part of the key"},
    expected={"outcomes": [1, 1], "ran": 1},
)
def the_order_of_a_dict_in_the_arguments(lib: Library, saver: Any) -> Any:
    """In LangGraph it is, for positional arguments."""
    ran: list[Any] = []

    @lib.task(cache_policy=lib.CachePolicy())
    def step(given: dict[str, int]) -> int:
        ran.append(given)
        return 1

    @lib.entrypoint(checkpointer=saver, cache=lib.InMemoryCache())
    def workflow(given: Any) -> Any:
        return step(dict(given)).result()

    given = [[["a", 1], ["b", 2]], [["b", 2], ["a", 1]]]
    return {
        "outcomes": [outcome(workflow.invoke, g, on(str(at))) for at, g in enumerate(given)],
        "ran": len(ran),
    }


@program(
    229,
    differs={229: "nothing is cached of a task that asked"},
    expected=[
        {"__interrupt__": [{"interrupt": "approve?", "id": "<id 1>"}]},
        "yes",
        {"__interrupt__": [{"interrupt": "approve?", "id": "<id 2>"}]},
    ],
)
def a_cached_task_that_asks(lib: Library, saver: Any) -> Any:
    """LangGraph serves one person's answer to other threads, unasked."""

    @lib.task(cache_policy=lib.CachePolicy())
    def ask() -> Any:
        return lib.interrupt("approve?")

    @lib.entrypoint(checkpointer=saver, cache=lib.InMemoryCache())
    def workflow(n: int) -> Any:
        return ask().result()

    return [
        workflow.invoke(1, on("a")),
        workflow.invoke(lib.Command(resume="yes"), on("a")),
        workflow.invoke(1, on("b")),
    ]


@program(230, 221)
def an_entrypoint_with_a_cache_policy(lib: Library, saver: Any) -> Any:
    """Its whole value, for one input on two threads without a previous."""
    ran: list[int] = []

    @lib.entrypoint(checkpointer=saver, cache=lib.InMemoryCache(), cache_policy=lib.CachePolicy())
    def workflow(n: int) -> Any:
        ran.append(n)
        return n * n

    return {"values": [workflow.invoke(n, on(t)) for n, t in ((3, "a"), (3, "b"), (4, "b"))],
            "ran": ran}  # fmt: skip


@program(
    230,
    differs={230: "`previous` is part of the key"},
    expected=[1, 2, 3],
)
def a_cached_entrypoint_with_previous(lib: Library, saver: Any) -> Any:
    """LangGraph gives the first run's value again."""

    @lib.entrypoint(checkpointer=saver, cache=lib.InMemoryCache(), cache_policy=lib.CachePolicy())
    def workflow(n: int, *, previous: Any = None) -> Any:
        return (previous or 0) + n

    return [workflow.invoke(1, on()) for _ in range(3)]


@program(181, 232)
def hits_in_the_stream_of_updates(lib: Library, saver: Any) -> Any:
    """`__metadata__: {"cached": True}` beside the result."""
    workflow = squares(lib, saver, lib.InMemoryCache(), [])
    return [collect(workflow.stream(3, on(t))) for t in ("a", "b")]


@program(181, 232)
async def hits_in_an_async_stream(lib: Library, saver: Any) -> Any:
    """astream."""

    @lib.task(cache_policy=lib.CachePolicy())
    async def square(n: int) -> int:
        return n * n

    @lib.entrypoint(checkpointer=saver, cache=lib.InMemoryCache())
    async def workflow(n: int) -> Any:
        return await square(n)

    return [await acollect(workflow.astream(3, on(t))) for t in ("a", "b")]


@program(
    232, 167,
    differs={167: "a hit is marked, and ends"},
    expected=[
        {"id": "<id 1>", "input": 3, "name": "workflow", "triggers": {"tuple": ["__start__"]}},
        {
            "cached": True,
            "id": "<id 2>",
            "input": {"tuple": [{"tuple": [3]}, {}]},
            "name": "square",
            "triggers": {"tuple": ["__pregel_push"]},
        },
        {
            "cached": True,
            "error": None,
            "id": "<id 2>",
            "interrupts": [],
            "name": "square",
            "result": {"__return__": 9},
        },
        {
            "error": None,
            "id": "<id 1>",
            "interrupts": [],
            "name": "workflow",
            "result": {"__end__": 9},
        },
    ],
)  # fmt: skip
def a_hit_in_the_stream_of_tasks(lib: Library, saver: Any) -> Any:
    """LangGraph starts the task and never ends it."""
    workflow = squares(lib, saver, lib.InMemoryCache(), [])
    workflow.invoke(3, on("a"))
    return collect(workflow.stream(3, on("b"), stream_mode="tasks"))


@program(231)
def a_cache_by_itself(lib: Library, saver: Any) -> Any:
    """get, set and clear by namespace and key; missing keys; expiry."""
    cache = lib.InMemoryCache()
    one, two = ("a",), ("b",)
    cache.set({(one, "k"): (1, None), (one, "l"): (None, None), (two, "k"): ([2], 60)})

    def look(*keys: Any) -> list[Any]:
        return sorted([[list(ns), k, v] for (ns, k), v in cache.get(keys).items()], key=repr)

    seen = [look((one, "k"), (one, "l"), (two, "k"), (two, "missing")), look()]
    cache.clear([one])
    seen.append(look((one, "k"), (two, "k")))
    cache.clear()
    seen.append(look((two, "k")))
    return seen
