"""What a caller passes as ``context=``: numbers 187 and 188 of the semantics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict

import pytest
from pydantic import BaseModel, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.func import entrypoint, task
from nbflow.runtime import Runtime, get_runtime
from nbflow.types import Command, interrupt
from tests.unit.drive import Config, Drive


@dataclass
class User:
    name: str
    level: int = 1


class Person(BaseModel):
    name: str
    level: int = 1


@checked_dataclass
class Checked:
    name: str
    level: int = 1


class Named(TypedDict):
    name: str


@entrypoint(context_schema=User)
def with_dataclass(n: int, runtime: Runtime[User]) -> Any:
    return _seen(runtime)


@entrypoint(context_schema=Person)
def with_model(n: int, runtime: Runtime[Person]) -> Any:
    return _seen(runtime)


@entrypoint(context_schema=Checked)
def with_checked(n: int, runtime: Runtime[Checked]) -> Any:
    return _seen(runtime)


@task
def context_in_a_task(runtime: Runtime[Any]) -> Any:
    return [type(runtime.context).__name__, getattr(get_runtime().context, "name", None)]


def _seen(runtime: Runtime[Any]) -> Any:
    context = runtime.context
    inside = context_in_a_task().result()  # type: ignore[call-arg]  # injected
    return [inside, None if context is None else [context.name, context.level]]


@pytest.mark.parametrize(
    ("workflow", "kind"), [(with_dataclass, User), (with_model, Person), (with_checked, Checked)]
)
def test_context_becomes_its_schema(drive: Drive, workflow: Any, kind: Any) -> None:
    """187"""
    made = [[kind.__name__, "ada"], ["ada", 3]]
    assert drive.invoke(workflow, 1, context={"name": "ada", "level": 3}) == made
    assert drive.invoke(workflow, 1, context=kind(name="ada", level=3)) == made
    assert drive.invoke(workflow, 1, context=None) == [["NoneType", None], None]
    assert drive.invoke(workflow, 1) == [["NoneType", None], None]


@pytest.mark.parametrize("workflow", [with_dataclass, with_model, with_checked])
@pytest.mark.parametrize("context", [{}, {"level": 3}, {"nam": "ada"}])
def test_context_that_does_not_fit(drive: Drive, workflow: Any, context: Any) -> None:
    """187: refused before anything runs"""
    with pytest.raises((TypeError, ValueError), match="nam") as refused:
        drive.invoke(workflow, 1, context=context)
    (note,) = refused.value.__notes__
    assert note.startswith(f"context= of workflow {workflow.name!r} does not fit")


def test_unknown_keys_of_a_dataclass_context(drive: Drive) -> None:
    """187"""
    with pytest.raises(TypeError, match="unknown"):
        drive.invoke(with_dataclass, 1, context={"name": "ada", "unknown": 1})


def test_a_typed_dict_context_is_a_dict(drive: Drive) -> None:
    """187"""

    @entrypoint(context_schema=Named)
    def workflow(n: int, runtime: Runtime[Named]) -> Any:
        return runtime.context

    assert drive.invoke(workflow, 1, context={"name": "ada"}) == {"name": "ada"}


def test_who_checks_the_types_of_a_context(drive: Drive) -> None:
    """188: Pydantic does, models and dataclasses; Python's own dataclass does not"""
    wrong = {"name": 5, "level": "high"}
    assert drive.invoke(with_dataclass, 1, context=wrong) == [["User", 5], [5, "high"]]
    for workflow in (with_model, with_checked):
        with pytest.raises(ValidationError):
            drive.invoke(workflow, 1, context=wrong)


def test_context_is_given_anew_on_resume(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """187: it is not stored"""

    @entrypoint(checkpointer=saver, context_schema=User)
    def workflow(n: int, runtime: Runtime[User]) -> Any:
        return [interrupt("?"), runtime.context.name]

    drive.invoke(workflow, 1, config, context={"name": "ada"})
    answer = Command(resume="!")
    assert drive.invoke(workflow, answer, config, context={"name": "bob"}) == ["!", "bob"]
