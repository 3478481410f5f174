"""Values are what a replay will see, from the first run on: numbers 75 to 77, 84 and 85."""

import dataclasses
import datetime
import decimal
import enum
import threading
import uuid
from typing import Any

import pydantic
import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import (
    NotSerializableError,
)
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt
from tests.unit.drive import Config, Drive


class Colour(enum.Enum):
    RED = "red"


class Access(enum.IntFlag):
    READ = 1
    WRITE = 2


@dataclasses.dataclass
class Point:
    x: int
    tags: tuple[str, ...]


class Model(pydantic.BaseModel):
    name: str
    when: datetime.date


class Event(pydantic.BaseModel):
    at: datetime.datetime


VALUES: list[Any] = [
    (1, (2, [3])),
    {1, 2},
    frozenset({"a"}),
    b"\x00\xff",
    2**70,
    float("-inf"),
    {"tuple": (1,), 2: None, (3, 4): "key"},
    datetime.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=datetime.UTC),
    datetime.timedelta(seconds=1.5),
    decimal.Decimal("1.10"),
    uuid.UUID(int=5),
    Colour.RED,
    Access.READ | 8,
    Point(1, ("a",)),
    Model(name="a", when=datetime.date(2026, 1, 2)),
    Event.model_validate_json('{"at": "2024-05-01T10:00:00Z"}'),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda v: type(v).__name__)
def test_replayed_values_equal_first_ones(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, value: Any
) -> None:
    """75, 263"""
    seen: list[Any] = []

    @task
    def make() -> Any:
        return value

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        seen.append(make().result())
        return [seen[-1], interrupt("?")]

    drive.invoke(workflow, 1, config)
    result = drive.invoke(workflow, Command(resume=value), config)
    assert result == [value, value]
    assert seen == [value, value]
    assert {type(v) for v in [*seen, *result]} == {type(value)}


def test_first_values_are_copies(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """75, 84"""
    kept: list[list[int]] = []

    @task
    def make() -> list[int]:
        kept.append([1])
        return kept[-1]

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        made = make().result()
        kept[0].append(2)
        return made

    assert drive.invoke(workflow, 1, config) == [1]


def test_a_task_cannot_change_its_argument(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """76"""

    @task
    def append(items: list[int]) -> int:
        items.append(9)
        return len(items)

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        items = [1]
        return [append(items).result(), items, interrupt("?")]

    drive.invoke(workflow, 1, config)
    assert drive.invoke(workflow, Command(resume="!"), config) == [2, [1], "!"]


def test_argument_of_a_fresh_run_is_a_copy(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """76"""

    @task
    def append(items: list[int]) -> int:
        items.append(9)
        return len(items)

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        items = [1]
        return [append(items).result(), items]

    assert drive.invoke(workflow, 1, config) == [2, [1]]


def test_arguments_that_cannot_be_stored_reach_the_task(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """76: such an argument counts by its type"""
    ran: list[int] = []

    @task
    def use(lock: Any, n: int) -> int:
        with lock:
            ran.append(n)
            return n

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return [use(threading.Lock(), n).result(), interrupt("?")]

    drive.invoke(workflow, 1, config)
    assert drive.invoke(workflow, Command(resume="!"), config) == [1, "!"]
    assert ran == [1]


def test_the_callers_input_is_not_changed(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """77"""
    value = {"items": [1]}

    @entrypoint(checkpointer=saver)
    def workflow(inputs: dict[str, list[int]]) -> int:
        inputs["items"].append(2)
        return len(inputs["items"])

    assert drive.invoke(workflow, value, config) == 2
    assert value == {"items": [1]}


def test_unstorable_result_stops_the_run_at_once(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """85"""
    later: list[int] = []

    @task
    def make() -> Any:
        return {"lock": threading.Lock()}

    @task
    def after() -> None:
        later.append(1)

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> None:
        make().result()
        after().result()

    with pytest.raises(NotSerializableError) as caught:
        drive.invoke(workflow, 1, config)
    assert (caught.value.path, later) == ("$.lock", [])
    assert drive.state(workflow, config).next == ("workflow",)
