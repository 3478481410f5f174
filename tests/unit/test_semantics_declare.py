"""Declaring entrypoints and tasks: numbers 1 to 33 of the semantics."""

import dataclasses
import functools
import operator
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import DeclarationError, OutsideRunError
from nbflow.func import entrypoint, task
from nbflow.store.memory import InMemoryStore
from nbflow.types import Command, StreamWriter, interrupt
from tests.unit.drive import Config, Drive


@dataclasses.dataclass
class Point:
    x: int
    y: int


def test_methods() -> None:
    """1"""

    @entrypoint()
    def workflow(n: int) -> int:
        return n

    for name in ("invoke", "stream", "get_state", "get_state_history", "update_state"):
        assert callable(getattr(workflow, name))
        assert callable(getattr(workflow, f"a{name}"))


def test_without_checkpointer(drive: Drive) -> None:
    """2"""

    @entrypoint()
    def workflow(n: int, *, previous: Any = None) -> Any:
        return [n, previous]

    assert drive.invoke(workflow, 1) == [1, None]
    assert drive.invoke(workflow, 2) == [2, None]


@pytest.mark.parametrize(
    "value", [0, "", False, [], {}, 1.5, b"bytes", (1, 2), Point(1, 2), {"a": [Point(3, 4)]}]
)
def test_input_of_any_type(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, value: Any
) -> None:
    """3"""

    @entrypoint(checkpointer=saver)
    def workflow(x: Any) -> Any:
        return x

    result = drive.invoke(workflow, value, config)
    assert (result, type(result)) == (value, type(value))


def test_no_parameter() -> None:
    """4"""
    with pytest.raises(ValueError, match="at least one parameter"):

        @entrypoint()  # type: ignore[arg-type]  # what a user may write
        def workflow() -> None: ...


def test_two_required_parameters() -> None:
    """5"""
    with pytest.raises(DeclarationError, match="other"):

        @entrypoint()
        def workflow(one: int, other: int) -> None: ...


def test_defaults_are_kept(drive: Drive) -> None:
    """8"""

    @entrypoint()
    def workflow(n: int, factor: int = 3, *, offset: int = 4) -> int:
        return n * factor + offset

    assert drive.invoke(workflow, 2) == 10


def test_generator() -> None:
    """9"""
    with pytest.raises(NotImplementedError):

        @entrypoint()
        def workflow(n: int) -> Iterator[int]:
            yield n


def test_async_generator() -> None:
    """10"""
    with pytest.raises(NotImplementedError):

        @entrypoint()
        async def workflow(n: int) -> AsyncIterator[int]:
            yield n


def test_bound_method_and_lambda(drive: Drive) -> None:
    """12"""

    class Calculator:
        def __init__(self, factor: int) -> None:
            self.factor = factor

        def times(self, n: int) -> int:
            return n * self.factor

    assert drive.stream(entrypoint()(Calculator(3).times), 2) == [{"times": 6}]
    assert drive.invoke(entrypoint()(lambda n: n + 1), 2) == 3


def test_wrong_checkpointer() -> None:
    """15"""
    with pytest.raises(TypeError, match="str"):

        @entrypoint(checkpointer="runs.sqlite")  # type: ignore[arg-type]  # what is refused
        def workflow(n: int) -> int:
            return n


def test_four_ways_to_make_a_task(drive: Drive) -> None:
    """19"""

    @task
    def one(n: int) -> int:
        return n + 1

    @task()
    def two(n: int) -> int:
        return n + 2

    @task(name="drei")
    def three(n: int) -> int:
        return n + 3

    def plain(n: int) -> int:
        return n + 4

    four = task(plain, name="vier")

    @entrypoint()
    def workflow(n: int) -> list[int]:
        return [t(n).result() for t in (one, two, three, four)]

    assert drive.stream(workflow, 0) == [
        {"one": 1},
        {"two": 2},
        {"drei": 3},
        {"vier": 4},
        {"workflow": [1, 2, 3, 4]},
    ]


def test_tasks_from_methods_partials_and_callables(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """20"""

    class Adder:
        def __init__(self, by: int) -> None:
            self.by = by

        def add(self, n: int) -> int:
            return n + self.by

        def __call__(self, n: int) -> int:
            return n - self.by

    adder = Adder(10)
    first = task(adder.add, name="first")
    second = task(adder.add, name="second")
    partial = task(functools.partial(operator.mul, 7), name="partial")
    called = task(adder, name="called")

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> list[int]:
        return [t(n).result() for t in (first, second, partial, called)]

    assert drive.stream(workflow, 1, config) == [
        {"first": 11},
        {"second": 11},
        {"partial": 7},
        {"called": -9},
        {"workflow": [11, 11, 7, -9]},
    ]


def test_name_does_not_touch_the_function() -> None:
    """21"""

    def plain(n: int) -> int:
        return n

    task(plain, name="other")
    assert (plain.__name__, plain(1)) == ("plain", 1)


def test_lambda_and_builtin_task(drive: Drive) -> None:
    """22"""
    double = task(lambda n: 2 * n, name="double")
    length = task(len)

    @entrypoint()
    def workflow(text: str) -> int:
        doubled: int = double(length(text).result()).result()
        return doubled

    assert drive.stream(workflow, "abc") == [{"len": 3}, {"double": 6}, {"workflow": 6}]


def test_generator_task() -> None:
    """23"""
    with pytest.raises(DeclarationError, match="(?i)generator"):

        @task
        def numbers(n: int) -> Iterator[int]:
            yield n

    with pytest.raises(DeclarationError, match="(?i)generator"):

        @task
        async def anumbers(n: int) -> AsyncIterator[int]:
            yield n


def test_task_outside_a_run() -> None:
    """24"""

    @task
    def double(n: int) -> int:
        return 2 * n

    with pytest.raises(RuntimeError) as caught:
        double(1)
    assert isinstance(caught.value, OutsideRunError)


def test_nested_tasks(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """25, 161"""

    @task
    def inner(n: int) -> int:
        return n + 1

    @task
    def middle(n: int) -> int:
        return 2 * inner(n).result()

    @task
    def outer(n: int) -> int:
        return 10 * middle(n).result()

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return outer(n).result()

    assert drive.stream(workflow, 1, config) == [
        {"inner": 2},
        {"middle": 4},
        {"outer": 40},
        {"workflow": 40},
    ]


def test_nested_async_tasks(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """25"""

    @task
    async def inner(n: int) -> int:
        return n + 1

    @task
    async def outer(n: int) -> int:
        return 10 * await inner(n)

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> int:
        return await outer(n)

    assert drive.stream(workflow, 1, config) == [{"inner": 2}, {"outer": 20}, {"workflow": 20}]


def test_tasks_in_python_constructs(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """26"""

    @task
    def half(n: int) -> int:
        if n % 2:
            raise ValueError(f"{n} is odd")
        return n // 2

    @entrypoint(checkpointer=saver)
    def workflow(numbers: list[int]) -> Any:
        looped: list[Any] = []
        for n in numbers:
            try:
                looped.append(half(n).result())
            except ValueError as exc:
                looped.append(str(exc))
        small = [half(n).result() for n in numbers if n % 2 == 0]
        steps = 0
        n = max(numbers)
        while n % 2 == 0:
            n = half(n).result()
            steps += 1
        return looped, small, steps

    expected = ([1, "3 is odd", 4], [1, 4], 3)
    assert drive.invoke(workflow, [2, 3, 8], config) == expected


def test_tasks_defined_in_the_body(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """27"""
    ran: list[int] = []

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        @task
        def double(k: int) -> int:
            ran.append(k)
            return 2 * k

        doubled = double(n).result()
        return [doubled, interrupt("?"), double(doubled).result()]

    drive.invoke(workflow, 1, config)
    assert drive.invoke(workflow, Command(resume="!"), config) == [2, "!", 4]
    assert ran == [1, 2]


def test_arguments_reach_the_task(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """28, 30"""

    @task
    def collect(a: int, b: int = 2, *rest: int, c: int = 3, **more: int) -> Any:
        return [a, b, list(rest), c, more]

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [
            collect(1).result(),
            collect(1, 5, 6, c=7, timeout=8).result(),
            collect(a=9, b=8).result(),
        ]

    assert drive.invoke(workflow, 0, config) == [
        [1, 2, [], 3, {}],
        [1, 5, [6], 7, {"timeout": 8}],
        [9, 8, [], 3, {}],
    ]


def test_explicit_arguments_win_over_injection(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """29"""

    @task
    def show(store: Any, writer: Any) -> Any:
        return [store, writer]

    @entrypoint(checkpointer=saver, store=InMemoryStore())
    def workflow(n: int, writer: StreamWriter) -> Any:
        return show(store=None, writer="hello").result()

    assert drive.invoke(workflow, 0, config) == [None, "hello"]


def _nested(saver: BaseCheckpointSaver, ran: list[str]) -> Any:
    @task
    def step(name: str) -> str:
        ran.append(name)
        return f"<{name}>"

    @entrypoint()
    def child(name: str) -> str:
        return step(name).result()

    @task
    def twice(name: str) -> list[str]:
        return [child.invoke(name + "1"), child.invoke(name + "2")]

    @entrypoint(checkpointer=saver)
    def workflow(name: str) -> Any:
        return [twice(name).result(), child.invoke(name), interrupt("?")]

    return workflow


def test_entrypoint_called_in_a_task(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """31, 32"""
    ran: list[str] = []
    workflow = _nested(saver, ran)
    drive.invoke(workflow, "a", config)
    assert drive.invoke(workflow, Command(resume="!"), config) == [["<a1>", "<a2>"], "<a>", "!"]
    assert ran == ["a1", "a2", "a"]


@pytest.mark.parametrize("value", [False, 0, "", None])
def test_falsy_results_are_recorded(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, value: Any
) -> None:
    """33"""
    ran: list[int] = []

    @task
    def falsy() -> Any:
        ran.append(1)
        return value

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [falsy().result(), interrupt("?")]

    drive.invoke(workflow, 1, config)
    assert drive.invoke(workflow, Command(resume="!"), config) == [value, "!"]
    assert ran == [1]
