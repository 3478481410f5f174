"""``interrupt`` returns an instance of the class that it was given."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, TypedDict, assert_type

from pydantic import BaseModel, Field

import nbflow
from nbflow.types import Command, Interrupt, interrupt


class Approval(BaseModel):
    approved: bool


@dataclass
class Review:
    stars: int


class Edit(TypedDict):
    text: str


class Choice(Enum):
    YES = "yes"


def asked() -> None:
    assert_type(interrupt("Approve?", response_schema=Approval), Approval)
    assert_type(interrupt("Stars?", response_schema=Review), Review)
    assert_type(interrupt("Text?", response_schema=Edit), Edit)
    assert_type(interrupt("Yes?", response_schema=Choice, key="yes"), Choice)
    assert_type(interrupt("Sure?", response_schema=bool), bool)
    assert_type(interrupt("Which?", response_schema=list[int]), list[int])
    assert_type(interrupt({"question": "Name?"}), Any)
    assert_type(interrupt("Name?", response_schema=None), Any)
    assert_type(interrupt("Name?", response_schema={"type": "string"}), Any)
    assert_type(interrupt("Which?", response_schema=Literal["a", "b"]), Any)
    assert_type(interrupt("How many?", response_schema=Annotated[int, Field(gt=0)]), Any)
    interrupt()  # error: [call-overload]
    interrupt("Sure?", bool)  # error: [call-overload]
    interrupt("Sure?", key=3)  # error: [call-overload]
    print(interrupt("Stars?", response_schema=Review).approved)  # error: [attr-defined]
    number: int = interrupt("Stars?", response_schema=Review)  # error: [assignment]
    print(number)


def answered(question: Interrupt) -> None:
    assert_type(question.id, str)
    assert_type(question.value, Any)
    assert_type(question.response_schema, dict[str, Any] | None)
    assert_type(Command(resume={question.id: True}).answers, bool)
    Command(resume=True, goto="end")  # error: [call-arg]
    question.value = 3  # error: [misc]


def replayed() -> None:
    assert_type(nbflow.now(), datetime.datetime)
    assert_type(nbflow.uuid(), uuid.UUID)
    assert_type(nbflow.random(), float)
    nbflow.now("UTC")  # error: [call-arg]
