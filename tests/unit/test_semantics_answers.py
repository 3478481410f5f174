"""Answers: numbers 103 to 120 of the semantics."""

import dataclasses
import datetime as dt
import threading
from collections.abc import Callable
from typing import Any, Literal, TypedDict

import pydantic
import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import (
    AlreadyAnsweredError,
    InvalidAnswerError,
    NbflowError,
    NonDeterminismError,
    NotSerializableError,
    ThreadBusyError,
    UnknownInterruptError,
)
from nbflow.func import entrypoint, task
from nbflow.types import Command, Interrupt, interrupt
from tests.unit.drive import HEX, Config, Drive, within

Rows = Callable[[], dict[str, int]]


def _asked(*values: Any) -> dict[str, list[Interrupt]]:
    """What ``invoke`` returns when exactly these questions are open."""
    return {"__interrupt__": [Interrupt(value=value, id=HEX) for value in values]}


def _ask(saver: BaseCheckpointSaver) -> Any:
    @entrypoint(checkpointer=saver)
    def ask(questions: list[str]) -> list[Any]:
        return [interrupt(question) for question in questions]

    return ask


def test_ids_are_stable(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """103"""
    ask = _ask(saver)
    first = drive.invoke(ask, ["a", "b"], config)
    assert drive.invoke(ask, None, config) == first
    second = drive.invoke(ask, Command(resume=1), config)
    assert drive.invoke(ask, None, config) == second
    assert first["__interrupt__"][0].id != second["__interrupt__"][0].id


def test_two_runs_have_two_ids(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """103, 112"""
    ask = _ask(saver)
    (first,) = drive.invoke(ask, ["a"], config)["__interrupt__"]
    drive.invoke(ask, Command(resume=1), config)
    (second,) = drive.invoke(ask, ["a"], config)["__interrupt__"]
    assert first.id != second.id


@pytest.mark.parametrize("answer", [None, False, 0, "", [], {}], ids=repr)
@pytest.mark.parametrize("by_id", [False, True])
def test_every_value_is_an_answer(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, answer: Any, by_id: bool
) -> None:
    """106, 107, 109"""
    ask = _ask(saver)
    (question,) = drive.invoke(ask, ["a"], config)["__interrupt__"]
    resume = {question.id: answer} if by_id else answer
    assert drive.invoke(ask, Command(resume=resume), config) == [answer]


def test_a_mapping_with_keys_like_ids(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """108"""
    ask = _ask(saver)
    (question,) = drive.invoke(ask, ["a"], config)["__interrupt__"]
    answer = {"d" * 32: "a checksum"}
    with pytest.raises(UnknownInterruptError, match="name the question"):
        drive.invoke(ask, Command(resume=answer), config)
    assert drive.invoke(ask, Command(resume={question.id: answer}), config) == [answer]


def test_a_mapping_with_other_keys(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """108"""
    ask = _ask(saver)
    drive.invoke(ask, ["a"], config)
    answer = {"approved": True, "d" * 32: 1}
    assert drive.invoke(ask, Command(resume=answer), config) == [answer]


def test_no_answer_is_kept_for_later(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """110"""
    ask = _ask(saver)
    drive.invoke(ask, [], config)
    with pytest.raises(UnknownInterruptError):
        drive.invoke(ask, Command(resume="yes"), config)
    assert drive.invoke(ask, ["wire $1M"], config) == _asked("wire $1M")


def test_the_same_answer_twice(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """111"""
    ask = _ask(saver)
    (first,) = drive.invoke(ask, ["a", "b"], config)["__interrupt__"]
    assert drive.invoke(ask, Command(resume={first.id: "yes"}), config) == _asked("b")
    with pytest.raises(AlreadyAnsweredError):
        drive.invoke(ask, Command(resume={first.id: "yes"}), config)
    assert [q.value for q in drive.state(ask, config).interrupts] == ["b"]


def test_a_stale_id(saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows) -> None:
    """112: an id of an earlier run does not reach the next run"""
    ask = _ask(saver)
    (old,) = drive.invoke(ask, ["a"], config)["__interrupt__"]
    drive.invoke(ask, Command(resume="yes"), config)
    (new,) = drive.invoke(ask, ["a"], config)["__interrupt__"]
    before = rows()
    with pytest.raises(UnknownInterruptError) as caught:
        drive.invoke(ask, Command(resume={old.id: "yes"}), config)
    assert caught.value.pending_ids == (new.id,)
    assert rows() == before
    assert drive.state(ask, config).interrupts == (new,)


def test_one_good_and_one_bad_id(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    """112: all answers of a map are stored, or none"""
    ask = _ask(saver)
    (question,) = drive.invoke(ask, ["a"], config)["__interrupt__"]
    before = rows()
    with pytest.raises(UnknownInterruptError):
        drive.invoke(ask, Command(resume={question.id: "yes", "0" * 32: "no"}), config)
    assert rows() == before


def test_swapped_questions(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """113, fault 25: unchanged code"""
    questions = ["delete prod?", "send email?"]

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return {question: interrupt(question) for question in questions}

    drive.invoke(workflow, 1, config)
    questions.reverse()
    with pytest.raises(NonDeterminismError, match="interrupt"):
        drive.invoke(workflow, Command(resume="NO"), config)
    questions.reverse()
    assert drive.invoke(workflow, None, config) == _asked("send email?")
    assert drive.invoke(workflow, Command(resume="YES"), config) == {
        "delete prod?": "NO",
        "send email?": "YES",
    }


def test_swapped_questions_in_edited_code(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """113, fault 25: changed code; the answer stays with its question"""

    def before(n: int) -> Any:
        return [interrupt("delete prod?"), interrupt("send email?")]

    def after(n: int) -> Any:
        email = interrupt("send email?")
        return [interrupt("delete prod?"), email]

    before.__name__ = after.__name__ = "workflow"
    drive.invoke(entrypoint(checkpointer=saver)(before), 1, config)
    edited = entrypoint(checkpointer=saver)(after)
    assert drive.invoke(edited, Command(resume="NO"), config) == _asked("send email?")
    assert drive.invoke(edited, Command(resume="YES"), config) == ["NO", "YES"]


def test_a_question_that_disappears(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """114, fault 25: changed code; nobody else gets its answer"""

    def before(n: int) -> Any:
        return [interrupt("delete prod?"), interrupt("send email?")]

    def after(n: int) -> Any:
        return [interrupt("send email?")]

    before.__name__ = after.__name__ = "workflow"
    drive.invoke(entrypoint(checkpointer=saver)(before), 1, config)
    edited = entrypoint(checkpointer=saver)(after)
    assert drive.invoke(edited, Command(resume="NO"), config) == _asked("send email?")


def test_answer_on_a_fresh_thread(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    """115"""
    with pytest.raises(NbflowError, match="some_thread_id"):
        drive.invoke(_ask(saver), Command(resume="yes"), config)
    assert rows()["threads"] == 0


def test_answer_at_an_old_checkpoint(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows
) -> None:
    """116: never dropped in silence"""
    ask = _ask(saver)
    drive.invoke(ask, ["a"], config)
    asked_at = drive.state(ask, config).config
    drive.invoke(ask, Command(resume="first"), config)
    before = rows()
    with pytest.raises(NbflowError):
        drive.invoke(ask, Command(resume="second"), asked_at)
    assert rows() == before
    assert drive.state(ask, config).values == ["first"]


def test_without_a_checkpointer(drive: Drive) -> None:
    """117"""

    @entrypoint()
    def workflow(n: int) -> Any:
        return interrupt("?")

    with pytest.warns(UserWarning, match="checkpointer"):
        assert drive.invoke(workflow, 1) == _asked("?")
    with pytest.raises(RuntimeError, match="without checkpointer"):
        drive.invoke(workflow, Command(resume="!"))


def test_two_answers_at_one_time(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """118: exactly one is taken, and the payment is made once"""
    paid: list[str] = []
    outcomes: list[Any] = []
    together = threading.Barrier(2, timeout=8)

    @task
    def pay(who: str) -> str:
        paid.append(who)
        return who

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return pay(interrupt("who?")).result()

    drive.invoke(workflow, 1, config)

    def answer(who: str) -> None:
        together.wait()
        try:
            outcomes.append(drive.invoke(workflow, Command(resume=who), config))
        except (UnknownInterruptError, ThreadBusyError) as refused:
            outcomes.append(type(refused))

    threads = [threading.Thread(target=answer, args=(who,)) for who in ("ann", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(paid) == 1
    assert len(outcomes) == 2
    assert [o for o in outcomes if isinstance(o, str)] == paid


def test_a_busy_thread_refuses(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """118"""
    refused: list[BaseException] = []

    @entrypoint(checkpointer=saver)
    def workflow(depth: int) -> int:
        if depth:
            try:
                within(8, lambda: drive.invoke(workflow, 0, config))
            except ThreadBusyError as exc:
                refused.append(exc)
        return depth

    assert drive.invoke(workflow, 1, config) == 1
    assert len(refused) == 1
    assert "some_thread_id" in str(refused[0])
    assert drive.state(workflow, config).values == 1


class Review(pydantic.BaseModel):
    verdict: Literal["accept", "reject"]
    stars: int = pydantic.Field(ge=1, le=5)


@dataclasses.dataclass
class Size:
    width: int
    height: int = 1


class Event(pydantic.BaseModel):
    at: dt.datetime


class Person(TypedDict):
    name: str


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


@pytest.mark.parametrize(
    ("schema", "bad", "path", "good", "expected"),
    [
        (Review, {"verdict": "maybe", "stars": 3}, ["verdict"], {"verdict": "accept", "stars": 5},
         Review(verdict="accept", stars=5)),
        (Review, {"verdict": "accept", "stars": 6}, ["stars"], {"verdict": "reject", "stars": 1},
         Review(verdict="reject", stars=1)),
        (Size, {"width": "wide"}, ["width"], {"width": 2}, Size(2)),
        (Person, {"name": 5}, ["name"], {"name": "Ada"}, {"name": "Ada"}),
        (int, "many", [], 3, 3),
        (SCHEMA, {"n": "x"}, ["n"], {"n": 1}, {"n": 1}),
    ],
    ids=["model", "model-range", "dataclass", "typeddict", "int", "json-schema"],
)  # fmt: skip
def test_response_schema(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows,
    schema: Any, bad: Any, path: list[str], good: Any, expected: Any,
) -> None:  # fmt: skip
    """119"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return interrupt("?", response_schema=schema)

    (question,) = drive.invoke(workflow, 1, config)["__interrupt__"]
    assert question.response_schema is not None
    before = rows()
    with pytest.raises(InvalidAnswerError) as caught:
        drive.invoke(workflow, Command(resume=bad), config)
    assert caught.value.interrupt_id == question.id
    assert [list(e["path"]) for e in caught.value.errors] == [path]
    assert rows() == before
    assert drive.state(workflow, config).interrupts == (question,)
    result = drive.invoke(workflow, Command(resume=good), config)
    assert (result, type(result)) == (expected, type(expected))


def test_an_answer_with_a_time_zone_can_be_returned(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """119, 123, 263: what Pydantic made of the answer can be stored."""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return interrupt("when?", response_schema=Event)

    drive.invoke(workflow, 1, config)
    result = drive.invoke(workflow, Command(resume={"at": "2024-05-01T10:00:00Z"}), config)
    assert result == Event(at=dt.datetime(2024, 5, 1, 10, tzinfo=dt.UTC))
    assert drive.state(workflow, config).values == result


def test_response_schema_is_json_schema(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """119, 120"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return interrupt("?", response_schema=SCHEMA)

    (question,) = drive.invoke(workflow, 1, config)["__interrupt__"]
    assert question == Interrupt(value="?", id=HEX, response_schema=SCHEMA)
    assert drive.state(workflow, config).interrupts == (question,)


def test_answer_in_another_process(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """119: judged by the stored schema when the code that asked is not loaded"""

    def define() -> Any:
        @entrypoint(checkpointer=saver)
        def workflow(n: int) -> Any:
            return interrupt("?", response_schema=Review)

        return workflow

    drive.invoke(define(), 1, config)
    with pytest.raises(InvalidAnswerError):
        drive.invoke(define(), Command(resume={"verdict": "maybe", "stars": 3}), config)
    good = {"verdict": "accept", "stars": 5}
    assert drive.invoke(define(), Command(resume=good), config) == Review(verdict="accept", stars=5)


class Login(pydantic.BaseModel):
    user: str
    password: pydantic.SecretStr
    key: pydantic.SecretBytes = pydantic.SecretBytes(b"\xff")


class Hidden(pydantic.BaseModel):
    a: int = pydantic.Field(exclude=True)
    b: int = 0


class Rounded(pydantic.BaseModel):
    price: float

    @pydantic.field_serializer("price")
    def rounded(self, price: float) -> int:
        return round(price)


class Page(pydantic.BaseModel):
    url: pydantic.HttpUrl


INSTANCES: list[Any] = [
    (Login, Login(user="u", password=pydantic.SecretStr("hunter2"))),
    (Hidden, Hidden(a=1, b=2)),
    (list[Hidden], [Hidden(a=1), Hidden(a=2, b=3)]),
    (Rounded, Rounded(price=1.5)),
    (Event, Event(at=dt.datetime(2024, 5, 1, 10, tzinfo=dt.UTC))),
    (Page, Page(url=pydantic.HttpUrl("https://a.example/b"))),
    (Review, Review(verdict="accept", stars=5)),
    (Size, Size(3)),
    (bytes, b"\x89PNG"),
    (bytes, b"plain"),
    (set[str], {"a", "b"}),
    (dict[int, str], {1: "a"}),
]


@pytest.mark.parametrize(("kind", "given"), INSTANCES, ids=lambda v: repr(v)[:40])
def test_an_instance_reaches_the_code_as_it_was_given(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, kind: Any, given: Any
) -> None:
    """119, 123: however little of it is in its JSON, and on every replay."""
    seen: list[Any] = []

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        answer = interrupt("?", response_schema=kind)
        seen.append((answer, getattr(answer, "model_fields_set", None)))
        return interrupt("and?")

    drive.invoke(workflow, 1, config)
    assert drive.invoke(workflow, Command(resume=given), config) == _asked("and?")
    drive.invoke(workflow, Command(resume="!"), config)
    wanted = (given, getattr(given, "model_fields_set", None))
    if kind is not Page:  # which is stored as JSON, and that says nothing of defaults
        assert seen == [wanted, wanted]
    assert [(answer, type(answer)) for answer, _ in seen] == [(given, type(given))] * 2
    if kind is Login:
        assert seen[1][0].password.get_secret_value() == "hunter2"


@pytest.mark.parametrize(
    "given",
    [
        Login(user="u", password=pydantic.SecretStr("hunter2")),
        Hidden(a=1, b=2),
        b"\x89PNG",
        [Rounded(price=1.5)],
        {"in": {"it": Rounded(price=1.5)}},
    ],
    ids=repr,
)
@pytest.mark.parametrize("schema", [None, {"title": "anything"}], ids=["type", "json-schema"])
def test_an_instance_that_is_no_json_is_refused_where_only_a_schema_is_known(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, rows: Rows, given: Any, schema: Any
) -> None:
    """119: before anything is stored; a task that asks is not run to find out the type"""

    def define() -> Any:
        @task
        def ask() -> Any:
            return interrupt("?", response_schema=schema or type(given))

        @entrypoint(checkpointer=saver)
        def workflow(n: int) -> Any:
            return ask().result()

        return workflow

    drive.invoke(define(), 1, config)
    before, workflow = rows(), define()
    with pytest.raises((NotSerializableError, InvalidAnswerError), match="Nothing was stored"):
        drive.invoke(workflow, Command(resume=given), config)
    assert rows() == before
    assert drive.state(workflow, config).status == "interrupted"


class Card(pydantic.BaseModel):
    number: int


class Transfer(pydantic.BaseModel):
    iban: str


class Payment(pydantic.BaseModel):
    by: list[Card | Transfer]
    note: int | list[str] = 0


@pytest.mark.parametrize(
    ("given", "places"),
    [
        ({"by": [{"number": "x"}]}, [["by", 0, "number"], ["by", 0, "iban"]]),
        ({"by": [{}], "note": "x"}, [["by", 0, "number"], ["by", 0, "iban"], ["note"], ["note"]]),
        ({"note": ["a", 3]}, [["by"], ["note"], ["note", 1]]),
        ({"by": 3}, [["by"]]),
    ],
)
def test_a_fault_in_a_union_is_told_at_its_field(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, given: Any, places: Any
) -> None:
    """119: Pydantic's places also name the branches, which no form has"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return interrupt("?", response_schema=Payment)

    drive.invoke(workflow, 1, config)
    with pytest.raises(InvalidAnswerError) as caught:
        drive.invoke(workflow, Command(resume=given), config)
    assert [error["path"] for error in caught.value.errors] == places


@pytest.mark.parametrize(
    "given", [Login(user="u", password=pydantic.SecretStr("x")), Hidden(a=1, b=2)], ids=repr
)
def test_a_new_process_learns_from_the_code_which_type_it_asks_for(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, given: Any
) -> None:
    """119: what fits no JSON is stored all the same, since the type is known by then"""

    def define() -> Any:
        @entrypoint(checkpointer=saver)
        def workflow(n: int) -> Any:
            return interrupt("?", response_schema=type(given))

        return workflow

    drive.invoke(define(), 1, config)
    assert drive.invoke(define(), Command(resume=given), config) == given


def test_a_json_schema_is_answered_by_json(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """119: of whatever the answer is made"""

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return interrupt("?", response_schema={"type": "object"})

    drive.invoke(workflow, 1, config)
    day, given = dt.date(2024, 5, 1), Review(verdict="accept", stars=5)
    result = drive.invoke(workflow, Command(resume={"a": [given], "b": (day, {1: None})}), config)
    assert result == {
        "a": [{"verdict": "accept", "stars": 5}],
        "b": ["2024-05-01", {"1": None}],
    }


def test_an_instance_is_given_to_the_class_of_today(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """119, 268: the code that asks says what it wants, so that what is stored need not."""

    def define() -> Any:
        class Answer(pydantic.BaseModel):
            a: int = pydantic.Field(exclude=True)

        @entrypoint(checkpointer=saver)
        def workflow(n: int) -> Any:
            answer = interrupt("?", response_schema=Answer)
            return type(answer) is Answer, answer.a, interrupt("and?")

        return Answer, workflow

    answer, workflow = define()
    drive.invoke(workflow, 1, config)
    drive.invoke(workflow, Command(resume=answer(a=1)), config)
    assert drive.invoke(define()[1], Command(resume="!"), config) == (True, 1, "!")


def test_error_attributes() -> None:
    """120"""
    error = AlreadyAnsweredError("text", "answered", ["a"], ["b"])
    assert isinstance(error, UnknownInterruptError)
    assert (str(error), error.reason, error.interrupt_ids, error.pending_ids) == (
        "text",
        "answered",
        ("a",),
        ("b",),
    )
