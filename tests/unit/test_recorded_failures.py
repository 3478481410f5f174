"""Failures on record: whatever the class, ``except`` and the code see on replay what they saw."""

from __future__ import annotations

import abc
import dataclasses
import decimal
import enum
import json
import plistlib
import subprocess
import sys
import traceback
import urllib.error
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pydantic
import pydantic.v1
import pydantic_core
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbflow import serde
from nbflow._engine import made_again
from nbflow._engine.failures import decode_failure, encode_failure, failure_of
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import CorruptDataError, NbflowError, RecordedFailureError
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt
from tests.unit.drive import Config, Drive
from tests.unit.serde_values import Plain, child


class Api(Exception):
    """What a constructor makes of its arguments is in the attributes alone."""

    def __init__(self, *, code: int, body: str) -> None:
        super().__init__()
        self.code, self.body = code, body

    def __str__(self) -> str:
        return f"{self.code}: {self.body}"


class Slotted(ValueError):
    __slots__ = ("__hidden", "code", "unset")

    def __init__(self, code: int | None) -> None:
        super().__init__("slotted")
        self.code, self.__hidden = code, "h"

    def __str__(self) -> str:
        return f"{self.code} {self.__hidden}"


class Made(Exception):
    def __new__(cls, *args: Any) -> Made:
        raise AssertionError("made by the user's own __new__")

    @classmethod
    def of(cls, text: str) -> Made:
        made = Exception.__new__(cls, text)
        made.args = (text,)
        return made


class Holding(LookupError):
    """Its text needs what cannot be stored."""

    def __init__(self, held: Plain) -> None:
        super().__init__(held)
        self.held = held

    def __str__(self) -> str:
        return f"held by {type(self.held).__name__}"


class Heard(RuntimeError):
    """Hears of its subclasses, and makes nothing without being asked."""

    subclasses = 0

    def __init_subclass__(cls) -> None:
        Heard.subclasses += 1

    def __str__(self) -> str:
        return f"heard {self.args[0].__class__.__name__}"


class Abstract(Exception, abc.ABC):
    """Of another metaclass."""

    def __str__(self) -> str:
        return f"abstract {self.args[0].__class__.__name__}"


class Changing(Exception):
    """Its text is another one each time."""

    def __str__(self) -> str:
        self.args = (self.args[0] + 1,)
        return f"changed {self.args[0]}"


class Mute(Exception):
    def __str__(self) -> str:
        raise ZeroDivisionError

    __repr__ = __str__


@dataclasses.dataclass(frozen=True)
class Frozen(Exception):
    code: int


class Level(enum.IntEnum):
    LOW = 1


class Group(ExceptionGroup[Exception]):
    def __new__(cls, code: int, parts: list[Exception]) -> Group:
        made = super().__new__(cls, f"group {code}", parts)
        made.code = code
        return made

    code: int


class Odd(BaseException):
    """``except Exception`` does not match it."""


class Form(pydantic.BaseModel):
    n: int
    xs: list[int] = []

    @pydantic.field_validator("n")
    @classmethod
    def allowed(cls, n: int) -> int:
        if n == 7:
            raise ValueError("no {n}")
        if n == 8:
            raise pydantic_core.PydanticCustomError("eight", "{n} is {what}", {"n": n, "what": "8"})
        return n


class Terse(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(hide_input_in_errors=True)

    n: int


class OldForm(pydantic.v1.BaseModel):
    n: int


def _raise(exc: BaseException) -> None:
    raise exc


def _raise_from(exc: BaseException, cause: BaseException | None) -> None:
    raise exc from cause


def _missing_status() -> None:
    request = httpx.Request("GET", "https://a.example")
    httpx.Response(404, request=request).raise_for_status()


def _while_handling() -> None:
    try:
        dict[str, int]()["k"]
    except KeyError:
        raise Api(code=1, body="after") from ConnectionError("cause")


FAILURES: dict[str, Callable[[], Any]] = {
    "no-file": lambda: Path("/no/such.txt").read_text(),
    "two-files": lambda: Path("/no/such").rename("/no/other"),
    "attribute": lambda: ().nothing,  # type: ignore[attr-defined]
    "attribute-of-what-cannot-be-stored": lambda: sys.nothing,  # type: ignore[attr-defined]
    "name": lambda: nothing,  # type: ignore[name-defined]  # noqa: F821
    "import": lambda: __import__("no_such_module"),
    "syntax": lambda: compile("a b", "cell", "exec"),
    "decode": b"ab\xff".decode,
    "encode": "ab\udc80".encode,
    "bad-decode": lambda: _raise(UnicodeDecodeError("x", b"", 3, 9, "odd")),
    "exit": lambda: _raise(StopIteration(3)),
    "stop": lambda: _raise(StopAsyncIteration("s")),
    "key": lambda: dict[Any, int]()[(1, "a")],
    "decimal": lambda: decimal.Decimal("x"),
    "json": lambda: json.loads("{]"),
    "plist": lambda: plistlib.loads(b"x"),
    "process": lambda: _raise(subprocess.CalledProcessError(3, ["a", "b"], b"out")),
    "url": lambda: _raise(urllib.error.HTTPError("u", 404, "gone", None, None)),  # type: ignore[arg-type]
    "http": _missing_status,
    "ufunc": lambda: np.add("a", 1),
    "keywords": lambda: _raise(Api(code=3, body="b")),
    "slots": lambda: _raise(Slotted(None)),
    "new": lambda: _raise(Made.of("text")),
    "held": lambda: _raise(Holding(Plain())),
    "lost-argument": lambda: _raise(ValueError(Plain(), [Plain(), 1], {"a": Plain()})),
    "lost-in-a-heard-class": lambda: _raise(Heard(Plain())),
    "lost-in-an-abstract-class": lambda: _raise(Abstract(Plain())),
    "changing": lambda: _raise(Changing(0)),
    "mute": lambda: _raise(Mute()),
    "frozen": lambda: _raise(Frozen(3)),
    "group": lambda: _raise(ExceptionGroup("g", [Api(code=1, body="b"), KeyError("k")])),
    "group-of-ones-own": lambda: _raise(Group(3, [Holding(Plain()), Group(4, [Frozen(1)])])),
    "no-exception": lambda: _raise(Odd("odd")),
    "cause": lambda: _raise_from(Frozen(3), Api(code=2, body="cause")),
    "no-cause": lambda: _raise_from(ValueError("v"), None),
    "context": _while_handling,
    "exceptions-as-arguments": lambda: _raise(ValueError([KeyError("k")], OSError(2, "no", "f"))),
    "enum": lambda: _raise(ValueError(Level.LOW, (1, 2), {3})),
    "pydantic-json": lambda: Form.model_validate_json('{"n": "x", "xs": {"a": 1}}'),
    "pydantic-python": lambda: Form.model_validate({"n": "x" * 99, "xs": {"a": 1}}),
    "pydantic-no-json": lambda: Form.model_validate_json("{"),
    "pydantic-validator": lambda: Form(n=7),
    "pydantic-error-of-ones-own": lambda: Form(n=8),
    "pydantic-hidden": lambda: Terse(n="x"),  # type: ignore[arg-type]
    "pydantic-object": lambda: Form.model_validate(Plain()),
    "pydantic-dump": lambda: pydantic_core.to_json(Plain()),
    "pydantic-1": lambda: OldForm(n="x"),  # type: ignore[arg-type]
    "too-deep": lambda: _raise(ValueError(_nested(serde.MAX_DEPTH - 2))),
    "endless": lambda: _raise(ValueError(_endless())),
}


def _nested(depth: int) -> Any:
    value: Any = "deepest"
    for _ in range(depth):
        value = [value]
    return value


def _endless() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def _look(exc: BaseException | None) -> Any:
    """What code can see of an exception."""
    if exc is None:
        return None
    members = [
        *("errno", "strerror", "filename", "filename2", "name", "path", "lineno", "text"),
        *("start", "end", "encoding", "value", "code", "body", "pos", "returncode", "title"),
    ]
    return {
        "class": (type(exc).__module__, type(exc).__qualname__),
        "is-a": {f"{base.__module__}.{base.__qualname__}" for base in type(exc).__mro__}
        - {f"{made_again.__name__}.StandIn"},
        "texts": (made_again.text_of(str, exc), made_again.text_of(repr, exc)),
        "members": {name: repr(getattr(exc, name, None)) for name in members},
        "cause": _look(exc.__cause__),
        "context": _look(exc.__context__),
        "notes": [n for n in getattr(exc, "__notes__", ()) if "This stands for" not in n],
        "suppresses": exc.__suppress_context__,
        "parts": [_look(part) for part in getattr(exc, "exceptions", ())],
    }


@pytest.mark.parametrize("name", FAILURES)
def test_a_replay_raises_what_the_first_run_did(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, name: str
) -> None:
    """54, 52: in all that the code can ask of it; and no constructor of the user's runs."""
    seen: list[Any] = []
    matched: list[Any] = []
    Heard.subclasses = 0

    @task
    def broken() -> None:
        FAILURES[name]()

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        try:
            broken().result()
        except BaseException as exc:
            seen.append(_look(exc))
            matched.append(type(exc).__mro__)
            failed = made_again.text_of(str, exc)
        return interrupt(f"{failed}. Skip it?")

    (question,) = drive.invoke(workflow, 1, config)["__interrupt__"]
    assert drive.invoke(workflow, None, config)["__interrupt__"] == [question]
    assert drive.invoke(workflow, Command(resume="skip"), config) == "skip"
    assert seen == [seen[0]] * 3
    assert Heard.subclasses == 0

    with pytest.raises(BaseException) as first:  # noqa: PT011  # of any class
        FAILURES[name]()
    for mro in matched:
        assert type(first.value) in mro
        assert NbflowError not in mro


@pytest.mark.parametrize("name", ["no-file", "pydantic-json", "changing", "group-of-ones-own"])
def test_async_tasks_fail_in_the_same_way(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, name: str
) -> None:
    """54"""
    seen: list[Any] = []

    @task
    async def broken() -> None:
        FAILURES[name]()

    @entrypoint(checkpointer=saver)
    async def workflow(n: int) -> Any:
        try:
            await broken()
        except Exception as exc:
            seen.append(_look(exc))
        return interrupt(f"{seen[-1]['texts']}. Skip it?")

    drive.invoke(workflow, 1, config)
    assert drive.invoke(workflow, Command(resume="skip"), config) == "skip"
    assert seen == [seen[0]] * 2


def test_the_traceback_that_users_see_is_the_first_one(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """52: also where another exception stands for the one that was raised."""

    @task
    def broken() -> None:
        _raise_from(Changing(0), ConnectionError("cause"))

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> None:
        broken().result()

    with pytest.raises(Changing) as caught:
        drive.invoke(workflow, 1, config)
    lines = "".join(traceback.format_exception(caught.value))
    assert [frame.name for frame in traceback.extract_tb(caught.tb)][-2:] == [
        "broken",
        "_raise_from",
    ]
    assert lines.index("ConnectionError: cause") < lines.index("Changing: changed ")
    assert "During task 'broken'." in lines


def test_what_cannot_be_stored_is_shown_by_its_type(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """52, 275: the first run has it, a replay knows what it was."""
    seen: list[Any] = []

    @task
    def fetch() -> None:
        _missing_status()

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        try:
            fetch().result()
        except httpx.HTTPStatusError as exc:
            seen.append(exc.response)
        return interrupt("?")

    drive.invoke(workflow, 1, config)
    drive.invoke(workflow, Command(resume="!"), config)
    assert seen[0].status_code == 404
    assert repr(seen[1]) == "Opaque('httpx.Response', None)"


def _replayed(exc: BaseException) -> BaseException:
    return decode_failure(encode_failure(exc))


def test_the_object_that_lacks_an_attribute_is_kept_if_it_is_small() -> None:
    """52: nobody put it there."""
    for held, kept in (("small", "'small'"), ("large" * 10_000, "Opaque('builtins.str', None)")):
        with pytest.raises(AttributeError) as caught:
            held.nothing  # type: ignore[attr-defined]  # noqa: B018  # to fail
        back = _replayed(caught.value)
        assert isinstance(back, AttributeError)
        assert (back.name, repr(back.obj)) == ("nothing", kept)


def test_long_and_circular_chains_of_causes_are_kept_within_bounds() -> None:
    """52"""
    first = last = ValueError(0)
    for n in range(1, 1_000):
        last.__cause__ = cause = ValueError(n)
        last = cause
    back: Any = _replayed(first)
    depth = 0
    while back.__cause__ is not None:
        back, depth = back.__cause__, depth + 1
    assert (depth, back.args) == (50, (50,))

    first.__cause__ = other = KeyError("k")
    other.__context__ = first
    circle = _replayed(first)
    assert isinstance(circle.__cause__, KeyError)
    assert circle.__cause__.__context__ is circle


def test_many_parts_of_a_group_are_all_kept() -> None:
    """58"""
    parts = [ValueError(n) for n in range(1_000)]
    back = _replayed(ExceptionGroup("many", parts))
    assert isinstance(back, ExceptionGroup)
    assert [part.args for part in back.exceptions] == [part.args for part in parts]


FIRST, SECOND = (
    """
import sys
sys.path[:0] = {path!r}
import json, pydantic
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt

class Form(pydantic.BaseModel):
    n: int

@task
def broken(how):
    if how == "json":
        json.loads("{{]")
    if how == "form":
        Form(n="x")
    import plistlib
    plistlib.loads(b"x")

@entrypoint(checkpointer=SqliteSaver({file!r}))
def workflow(how):
    try:
        return broken(how).result()
    except (json.JSONDecodeError, pydantic.ValidationError) as exc:
        return "own", type(exc).__name__, interrupt(f"{{exc}} {{exc!r}}")
    except RuntimeError:
        return "another"
    except ValueError as exc:
        return "base", type(exc).__name__, interrupt(f"{{exc}} {{exc!r}}"), exc.__notes__

for how in ("json", "form", "plist"):
    config = {{"configurable": {{"thread_id": how}}}}
    """
    + end
    for end in (
        """print(len(workflow.invoke(how, config)["__interrupt__"]))""",
        """print(workflow.invoke(Command(resume="!"), config))""",
    )
)


def test_a_class_is_found_where_it_is_loaded_and_stood_for_where_it_is_not(tmp_path: Path) -> None:
    """54, 268: in another process, where nothing of the class was seen; nothing is imported."""
    names = {"path": sys.path, "file": str(tmp_path / "runs.sqlite")}
    assert child(FIRST.format(**names)) == ["1", "1", "1"]
    one, two, three = child(SECOND.format(**names))
    assert one == "('own', 'JSONDecodeError', '!')"
    assert two == "('own', 'ValidationError', '!')"
    assert three.startswith("('base', 'InvalidFileException', '!', [\"During task 'broken'.\", ")
    assert "a recorded plistlib.InvalidFileException, which cannot be made" in three


def test_an_unknown_class_is_caught_by_what_is_known_behind_it() -> None:
    """54, 268"""

    class Base(KeyError):
        pass

    class Gone(Base, ConnectionError):
        pass

    gone = Gone("why")
    gone.code = 3  # type: ignore[attr-defined]
    data = encode_failure(gone)
    del made_again._known[f"{Gone.__module__}.{Gone.__qualname__}"]
    Gone.__qualname__ = "renamed"
    back: Any = decode_failure(data)
    assert {RecordedFailureError, Base, ConnectionError} < set(type(back).__mro__)
    assert (type(back).__name__, str(back), repr(back), back.args, back.code) == (
        ("Gone", str(gone), repr(gone), ("why",), 3)
    )
    again = _replayed(back)
    assert (type(again).__mro__[1:], again.__notes__) == (type(back).__mro__[1:], back.__notes__)
    assert failure_of(again).type == "Gone"


def test_an_unknown_class_of_no_exception_is_none_either() -> None:
    """54: ``except Exception`` did not match it."""

    class Gone(Odd):
        pass

    data = encode_failure(Gone("why"))
    del made_again._known[f"{Gone.__module__}.{Gone.__qualname__}"]
    back = decode_failure(data)
    assert not isinstance(back, Exception)
    assert str(back) == "why"


def _record(**changed: Any) -> bytes:
    record = serde.loads(encode_failure(ValueError("v", 1)))
    return serde.dumps({**record, **changed})


@pytest.mark.parametrize(
    "data",
    [
        serde.dumps(None), serde.dumps([]), serde.dumps({}), serde.dumps("text"), b"\xc1",
        _record(others=None), _record(type=3), _record(type="x", bases=3),
        _record(args=3), _record(state=[1]), _record(state=None), _record(members=None),
        _record(cause=9), _record(cause="0"), _record(context=-9), _record(notes=3),
        _record(args=[made_again.Inner(7)]), _record(type="no\0name"), _record(type="\ud800"),
    ],
)  # fmt: skip
def test_a_damaged_record_is_an_error(data: bytes) -> None:
    """268"""
    with pytest.raises(CorruptDataError, match="cannot be read|newer nbflow"):
        decode_failure(data)


UNICODE = {"encoding": "x", "reason": "r", "start": 0, "end": 1}


@pytest.mark.parametrize(
    "changed",
    [
        {"type": "os.system", "args": ["exit 3"]}, {"type": "builtins.eval", "args": ["1/0"]},
        {"type": "builtins.SystemExit", "bases": []}, {"type": "subprocess.Popen"},
        {"type": "builtins.ExceptionGroup", "group": ["g", [0, 0]]},
        {"type": "builtins.ExceptionGroup", "group": [3, []]},
        {"type": "builtins.ExceptionGroup", "group": None},
        {"validation": {"title": "t", "errors": []}}, {"validation": 3},
        {"type": "pydantic_core._pydantic_core.ValidationError", "validation": {"title": 3}},
        {"type": "builtins.OSError", "members": {"errno": [], "filename": (), "nothing": 1}},
        {"type": "builtins.SyntaxError", "members": {"lineno": "x", "text": 3, "offset": -1}},
        *(
            {"type": f"builtins.Unicode{what}Error", "members": {**UNICODE, **members}}
            for what in ("Decode", "Encode", "Translate")
            for members in (
                {"object": 3}, {"object": b"ab", "start": -(10**12), "end": -(10**12) + 1},
                {"object": "ab", "start": -9, "end": -8}, {"object": "ab", "start": 2**70},
                {"object": b"ab", "start": 10**9, "end": 10**9 + 1}, {"object": None},
            )
        ),
        {"state": {"add_note": 1, "__class__": 2, "args": 3, "with_traceback": 4}},
        {"message": 3, "repr": None}, {"module": 3}, {"notes": [1, None]},
        {"type": "a.B", "bases": ["c.D", "builtins.ValueError", "builtins.OSError", 3]},
    ],
    ids=lambda changed: str(changed)[:60],
)  # fmt: skip
def test_a_hostile_record_is_at_worst_an_exception(changed: dict[str, Any]) -> None:
    """268: nothing that it names is called, and no memory is read that it points at."""
    exc = decode_failure(_record(**changed))
    for show in (str, repr):
        made_again.text_of(show, exc)
    assert failure_of(exc).message is not None
    assert failure_of(_replayed(exc)).type == failure_of(exc).type


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_random_flips_end_in_an_exception_or_the_error(data: st.DataObject) -> None:
    """268"""
    with pytest.raises(ExceptionGroup) as caught:
        FAILURES["group-of-ones-own"]()
    good = encode_failure(caught.value)
    bad = bytearray(good)
    for at in data.draw(st.lists(st.integers(0, len(good) - 1), min_size=1, max_size=4)):
        bad[at] = data.draw(st.integers(0, 255))
    try:
        exc = decode_failure(bytes(bad))
    except CorruptDataError:
        return
    failure_of(exc)
