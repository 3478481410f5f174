"""What a workflow was given before, and how JSON becomes what it takes."""

from __future__ import annotations

import dataclasses
import datetime as dt
import sqlite3
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import InvalidInputError
from nbflow.func import entrypoint
from nbflow.inputs import EarlierInput, earlier_inputs, input_from_json, input_schema
from nbflow.types import interrupt
from tests.unit.drive import on_thread


class Plan(BaseModel):
    model_config = ConfigDict(strict=True)

    site: str
    day: dt.date
    penguins: Annotated[int, Field(ge=1)]

    @field_validator("site")
    @classmethod
    def _known(cls, site: str) -> str:
        if site != "Dream":
            raise ValueError("No such site.")
        return site


@dataclasses.dataclass
class Order:
    tea: int
    biscuits: tuple[str, ...] = ()


def taking(kind: Any) -> Any:
    """A workflow that gives back an input of this type."""

    def give(given: Any) -> Any:
        return given

    give.__annotations__ = {"given": kind}
    return entrypoint()(give)


@pytest.mark.parametrize(
    ("kind", "given", "taken"),
    [
        (str, "cats", "cats"),
        (dt.date, "2026-01-31", dt.date(2026, 1, 31)),
        (
            Plan,
            {"site": "Dream", "day": "2026-01-31", "penguins": 4},
            Plan(site="Dream", day=dt.date(2026, 1, 31), penguins=4),
        ),
        (Order, {"tea": 2, "biscuits": ["oat"]}, Order(2, ("oat",))),
        (set[int], [1, 1, 2], {1, 2}),
        (Any, {"x": 1}, {"x": 1}),
        (Any, None, {}),
        (None, None, {}),
        (object, None, {}),
        (type[Exception], "text", "text"),
        (bool, False, False),
    ],
    ids=str,
)
def test_json_becomes_what_the_annotation_names(kind: Any, given: Any, taken: Any) -> None:
    made = input_from_json(taking(kind), given)

    assert (made, type(made)) == (taken, type(taken))


@pytest.mark.parametrize(
    ("kind", "given", "errors"),
    [
        (
            Plan,
            {"site": "Torgensen", "day": "2026-01-31", "penguins": 0},
            [
                {"path": ["site"], "message": "No such site."},
                {"path": ["penguins"], "message": "Input should be greater than or equal to 1"},
            ],
        ),
        (int, "many", [{"path": [], "message": "Input should be a valid integer, unable to parse "
                        "string as an integer"}]),
        (str | None, None, [{"path": [], "message": "A run cannot begin with None, which goes "
                             "on with one: give a value."}]),
    ],
    ids=["model", "int", "none"],
)  # fmt: skip
def test_what_does_not_fit_is_told_at_its_place(kind: Any, given: Any, errors: Any) -> None:
    with pytest.raises(InvalidInputError, match="does not fit what 'give' takes") as refused:
        input_from_json(taking(kind), given)

    assert list(refused.value.errors) == errors


def test_an_annotation_that_takes_anything_has_an_empty_schema() -> None:
    assert [input_schema(taking(kind)) for kind in (Any, object, type[Exception])] == [{}, {}, {}]
    assert input_schema(taking(None)) == {"type": "null"}


def test_the_different_inputs_of_all_threads_come_newest_first(saver: BaseCheckpointSaver) -> None:
    @entrypoint(checkpointer=saver)
    def inner(n: int) -> int:
        return n

    @entrypoint(checkpointer=saver)
    def outer(n: int) -> int:
        return int(inner.invoke(n + 100)) + int(interrupt("?")) if n == 3 else n

    for thread, n in (("a", 1), ("b", 2), ("a", 3), ("c", 1), ("d", 5)):
        outer.invoke(n, on_thread(thread))
    inner.invoke(7, on_thread("e"))

    found = earlier_inputs(outer)
    assert [(one.thread_id, one.input) for one in found] == [("d", 5), ("c", 1), ("a", 3), ("b", 2)]
    assert found == sorted(found, key=lambda one: -one.started_at)
    assert earlier_inputs(outer, limit=2) == found[:2]
    assert [one.input for one in earlier_inputs(inner)] == [7]


def test_a_workflow_that_keeps_nothing_has_no_earlier_inputs() -> None:
    assert earlier_inputs(taking(int)) == []


def test_an_input_that_is_damaged_is_left_out_with_a_warning(tmp_path: Path) -> None:
    saver = SqliteSaver(tmp_path / "runs.sqlite")

    @entrypoint(checkpointer=saver)
    def give(n: str) -> str:
        return n

    give.invoke("whole", on_thread("a"))
    give.invoke("damaged", on_thread("b"))
    with sqlite3.connect(tmp_path / "runs.sqlite") as database:
        database.execute("UPDATE run SET input = x'c1' WHERE thread_id = 'b'")
    database.close()

    with pytest.warns(RuntimeWarning, match="An earlier input is left out"):
        found = earlier_inputs(give)
    assert [(type(one), one.thread_id, one.input) for one in found] == [
        (EarlierInput, "a", "whole")
    ]
