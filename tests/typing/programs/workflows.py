"""``@entrypoint`` gives a workflow of the function's input and output."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterator
from typing import Any, TypedDict, assert_type

from nbflow.checkpoint.memory import InMemorySaver
from nbflow.config import RunnableConfig
from nbflow.func import entrypoint
from nbflow.run import Run
from nbflow.runtime import Runtime
from nbflow.store.base import BaseStore
from nbflow.types import Command, GraphOutput, ReplayReport, StateSnapshot, StreamWriter
from nbflow.workflow import Workflow


class Order(TypedDict):
    item: str
    count: int


@entrypoint(checkpointer=InMemorySaver())
def shop(order: Order, *, previous: int | None = None) -> int:
    return order["count"] + (previous or 0)


@entrypoint()
async def later(
    text: str,
    config: RunnableConfig,
    runtime: Runtime[None],
    store: BaseStore,
    writer: StreamWriter,
) -> list[str]:
    writer(text)
    return text.split()


@entrypoint()
def both(step: int) -> entrypoint.final[str, int]:
    return entrypoint.final(value=f"{step} more", save=step)


@entrypoint()
async def both_later(step: int) -> entrypoint.final[str, list[int]]:
    return entrypoint.final(value=f"{step} more", save=[step])


@entrypoint()
def anything(value: Any) -> Any:
    return value


class Shop:
    def sell(self, order: Order) -> int:
        return order["count"]


config: RunnableConfig = {"configurable": {"thread_id": "1"}}


def declared() -> None:
    assert_type(shop, Workflow[Order, int])
    assert_type(later, Workflow[str, list[str]])
    assert_type(both, Workflow[int, str])
    assert_type(both_later, Workflow[int, str])
    assert_type(entrypoint()(Shop().sell), Workflow[Order, int])
    assert_type(shop.name, str)
    entrypoint(checkpointer="runs.db")  # error: [arg-type]
    entrypoint(on_divergence="ignore")  # error: [arg-type]


@entrypoint()  # error: [arg-type]
def no_input() -> int:
    return 1


def saves_another_type(step: int) -> entrypoint.final[str, int]:
    return entrypoint.final(value=step, save=step)  # error: [arg-type]


def invoked() -> None:
    order: Order = {"item": "tea", "count": 1}
    assert_type(shop.invoke(order, config), Any)
    shop.invoke({"item": "tea", "count": 1}, {"configurable": {"thread_id": 1}})
    shop.invoke(Command(resume=True), config, durability="exit")
    shop.invoke(None, config)
    assert_type(later("a cup of tea"), list[str])
    anything.invoke([1, 2])
    shop.invoke("tea", config)  # error: [arg-type]
    shop.invoke({"item": "tea"}, config)  # error: [arg-type]
    shop.invoke(order, "1")  # error: [arg-type]
    shop.invoke()  # error: [call-arg]
    later(3)  # error: [arg-type]


async def invoked_later() -> None:
    assert_type(await later.ainvoke("a cup of tea"), Any)
    assert_type(later.astream("tea"), AsyncGenerator[Any, None])
    async for chunk in later.astream("tea", stream_mode=["updates", "custom"]):
        print(chunk)
    await later.ainvoke(3)  # error: [arg-type]


def streamed() -> None:
    assert_type(shop.stream(None, config), Generator[Any, None, None])
    with shop.stream_events(None, config) as stream:
        assert_type(stream.output, Any)
        assert_type(stream.interleave("values", "tasks"), Iterator[tuple[str, Any]])
    shop.stream(3, config)  # error: [arg-type]


def in_the_background() -> None:
    run = shop.start({"item": "tea", "count": 1}, thread_id="1")
    assert_type(run, Run)
    assert_type(run.wait(timeout=1), str)
    assert_type(run.result(), Any)
    assert_type([question.id for question in run.interrupts], list[str])
    run.answer(3, True)  # error: [arg-type]
    shop.start("tea")  # error: [arg-type]


def looked_at() -> None:
    state = shop.get_state(config)
    assert_type(state, StateSnapshot)
    assert_type(state.next, tuple[str, ...])
    assert_type(list(shop.get_state_history(config, limit=3)), list[StateSnapshot])
    assert_type(shop.update_state(config, 3), dict[str, Any])
    assert_type(shop.replay_report("1"), ReplayReport)
    assert_type(GraphOutput(3).value, Any)
    print(state.nxt)  # error: [attr-defined]
