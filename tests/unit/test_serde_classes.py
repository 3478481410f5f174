"""Users' classes: a closed set, and data where a class is not in it."""

from __future__ import annotations

import dataclasses
import enum
import gc
import threading
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, NewType, TypedDict

import pydantic
import pytest

from nbflow import serde
from nbflow._codec import classes, unpack
from nbflow.errors import DeclarationError
from nbflow.serde import Opaque, dumps, loads
from tests.unit.serde_values import (
    Colour,
    Frozen,
    Order,
    Pair,
    Plain,
    Point,
    define,
    ext,
    same,
)


def unknown(value: Any) -> Any:
    """Read in a process that has not seen the value's class."""
    data = dumps(value)
    known = dict(classes._known)
    classes._known.clear()
    try:
        return loads(data)
    finally:
        classes._known.update(known)


def test_an_unknown_class_is_shown_and_kept() -> None:
    """269, 270, 271: as data, which stores again unchanged."""
    for value in (Point(1, Frozen(key="k")), Order(id=1), Pair(1), Colour.BLUE, {Frozen(key="a")}):
        shown = unknown(value)
        assert "Opaque" in repr(shown)
        assert same(loads(dumps(shown)), value)
        assert dumps([shown]) == dumps([value])
    shown = unknown(Point(1, Pair(2)))
    module = Point.__module__
    assert (shown.type_name, shown.data["x"]) == (f"{module}.Point", 1)
    assert repr(shown.data["y"]) == f"Opaque('{module}.Pair', {{'left': 2, 'right': ''}})"
    assert repr(shown) == f"Opaque('{module}.Point', {{'x': 1, 'y': {shown.data['y']!r}}})"
    assert unknown(Frozen(key="a")) == unknown(Frozen(key="a"))
    assert len({unknown(Frozen(key="a")), unknown(Frozen(key="a"))}) == 1


def test_a_redefined_class_replaces_the_old_one() -> None:
    """269"""
    old = define("@dataclass\nclass Thing:\n    a: int\n")
    data = dumps(old(1))
    new = define("@dataclass\nclass Thing:\n    a: int\n    def twice(self): return 2 * self.a\n")
    serde.register(new)

    assert loads(data).twice() == 2
    assert loads(dumps(old(4))).twice() == 8


@pytest.mark.parametrize(
    "source",
    [
        "@dataclass\nclass Thing:\n    b: int\n",
        "@dataclass\nclass Thing:\n    a: int\n    b: int = 1\n",
        "@dataclass\nclass Thing: pass\n",
        "class Thing(Model):\n    a: int\n",
        "class Thing(Enum):\n    a = 1\n",
        "class Thing(NamedTuple):\n    a: int\n",
    ],
)
def test_a_class_whose_fields_changed_is_shown(source: str) -> None:
    """271"""
    data = dumps(define("@dataclass\nclass Thing:\n    a: int\n")(1))
    changed = define(source, Model=pydantic.BaseModel, Enum=enum.Enum, NamedTuple=NamedTuple)
    serde.register(changed)

    assert repr(loads(data)) == "Opaque('cell.Thing', {'a': 1})"


def test_changed_models_enums_and_tuples_are_shown() -> None:
    """271"""
    space = {"Model": pydantic.BaseModel, "Enum": enum.Enum, "NamedTuple": NamedTuple}
    cases: list[tuple[str, str, Callable[[Any], Any]]] = [
        ("class Thing(Model):\n    a: int\n", "class Thing(Model):\n    b: int\n",
         lambda c: c(a=1)),
        ("class Thing(Enum):\n    A = 1\n", "class Thing(Enum):\n    B = 1\n", lambda c: c.A),
        ("class Thing(Enum):\n    A = 1\n", "class Thing(Enum):\n    A = 2\n", lambda c: c.A),
        ("class Thing(NamedTuple):\n    a: int\n    b: int\n",
         "class Thing(NamedTuple):\n    b: int\n    a: int\n", lambda c: c(1, 2)),
    ]  # fmt: skip
    for before, after, make in cases:
        data = dumps(make(define(before, **space)))
        serde.register(define(after, **space))
        assert type(loads(data)) is Opaque


@pytest.mark.parametrize(
    ("boundary", "back"),
    [("STRICT", "Opaque"), ("CONFORM", "Opaque"), ("EJECT", "Opaque"), ("KEEP", "Thing")],
)
def test_a_flag_that_lost_a_member_is_shown_unless_it_keeps_bits(boundary: str, back: str) -> None:
    """263, 271: nothing but its boundary decides, so no bit is lost."""
    head = f"class Thing(enum.Flag, boundary=enum.{boundary}):\n    A = 1\n"
    thing = define(f"{head}    B = 8\n", enum=enum)
    data = dumps(thing.A | thing.B)
    serde.register(define(head, enum=enum))
    loaded = loads(data)
    assert type(loaded).__name__ == back
    assert dumps(loaded) == data or loaded.value == 9


def test_a_flag_is_made_without_code_of_the_users() -> None:
    """268"""
    source = """class Thing(enum.IntFlag):
    A = 1

    @classmethod
    def _missing_(cls, value):
        raise AssertionError("called")
"""
    thing = define(source, enum=enum)
    serde.register(thing)
    assert loads(ext(30, ["cell.Thing", "A|8", 9])) == 9


def test_a_class_is_not_kept_alive() -> None:
    """269"""
    thing = define("@dataclass\nclass Thing:\n    a: int\n")
    data = dumps(thing(1))
    assert loads(data) == thing(1)
    del thing
    gc.collect()
    assert type(loads(data)) is Opaque


def test_subclasses_of_registered_classes_are_known() -> None:
    """269"""
    base = define("class Thing(Model):\n    a: int\n", Model=pydantic.BaseModel)
    sub = define("class Sub(Base):\n    b: int\nThing = Sub\n", Base=base)
    data = dumps(sub(a=1, b=2))
    classes._known.pop("cell.Sub")
    classes._known["cell.Thing"] = base
    assert loads(data) == sub(a=1, b=2)


def test_register_takes_classes() -> None:
    """269"""
    serde.register(Point, Plain, int)
    with pytest.raises(DeclarationError, match="Expected classes"):
        serde.register(Point(1))  # type: ignore[arg-type]


@dataclasses.dataclass
class Deep:
    colour: Colour


class Leaf(pydantic.BaseModel):
    deep: "dict[str, list[Deep]]"  # noqa: UP037


class Record(TypedDict):
    leaf: Leaf


Alias = NewType("Alias", Pair)


def test_annotations_lead_to_classes() -> None:
    """269: those of entrypoints and tasks register what they name."""

    class Local(pydantic.BaseModel):
        pass

    def work(a: Annotated["Record | None", "note"], b: "Missing", c: list[Alias]) -> Local:  # type: ignore[name-defined]  # noqa: F821, UP037
        raise NotImplementedError

    def resolved(a: Annotated[Record | None, "note"], b: tuple[Alias, ...]) -> Frozen:
        raise NotImplementedError

    data = [dumps(v) for v in (Leaf(deep={"a": [Deep(Colour.RED)]}), Pair(1), Frozen(key="a"))]
    known = dict(classes._known)
    classes._known.clear()
    try:
        serde.register_annotations(resolved)
        assert [type(loads(d)) for d in data] == [Leaf, Pair, Frozen]
        assert loads(data[0]).deep["a"][0].colour is Colour.RED
        classes._known.clear()
        serde.register_annotations(work)
        serde.register_annotations(len)
        serde.register_annotations(None)  # type: ignore[arg-type]
    finally:
        classes._known.update(known)


@pytest.fixture
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has read nothing."""
    monkeypatch.setattr(unpack, "_said", set())


@dataclasses.dataclass
class Invoice:
    number: int
    lines: list[Any]


@dataclasses.dataclass
class Line:
    text: str


def stored_before(value: Any) -> bytes:
    """The bytes of a value whose classes are forgotten again, as after a new start."""
    data = dumps(value)
    for cls in (Invoice, Line):
        classes._known.pop(f"{cls.__module__}.{cls.__name__}", None)
        classes._seen.pop(cls, None)
    return data


@pytest.mark.usefixtures("nothing_said")
def test_a_class_is_allowed_by_name_alone() -> None:
    """269: the registry is closed, with no switch to open it; each class is let in by itself.

    LangGraph has a strict mode and ``with_msgpack_allowlist``. Here strict is the only mode, and
    :func:`nbflow.serde.register` is the allowlist.
    """
    data = stored_before(Invoice(1, [Line("a")]))

    shown = loads(data)
    assert type(shown) is Opaque
    serde.register(Invoice)
    back = loads(data)
    assert (type(back), type(back.lines[0])) == (Invoice, Opaque)
    serde.register(Line)
    assert loads(data) == Invoice(1, [Line("a")])
    assert dumps(shown) == dumps(back) == data


@pytest.mark.usefixtures("nothing_said")
def test_what_is_not_rebuilt_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """270, 271: in the log of ``nbflow.serde``; the data are there, never None.

    LangGraph logs it, too, and has an event that a program can listen to; a program can listen to
    a log.
    """
    data = stored_before(Invoice(1, [Line("a"), Line("b")]))

    first = [loads(data), loads(data), loads(stored_before([Line("c"), Line("d")]))]

    (said,) = caplog.messages
    assert (caplog.records[0].name, caplog.records[0].levelname) == ("nbflow.serde", "WARNING")
    assert said.startswith(f"Stored values of '{__name__}.Line', '{__name__}.Invoice' cannot")
    assert "serde.register()" in said
    assert first[0].data["number"] == 1
    assert [line.data for line in first[0].data["lines"]] == [{"text": "a"}, {"text": "b"}]
    assert [line.data for line in first[2]] == [{"text": "c"}, {"text": "d"}]


@pytest.mark.usefixtures("nothing_said")
def test_hostile_names_are_said_in_bounds(caplog: pytest.LogCaptureFixture) -> None:
    """268, 270: a line is short and quoted, and the list of what was said does not grow."""
    loads(ext(32, ["\x1b[2J" + "x" * 10_000, {}]))
    assert len(caplog.messages[0]) < 700
    for number in range(1_200):
        assert loads(ext(32, [f"a.B{number}", {}])).type_name == f"a.B{number}"

    assert len(caplog.messages) == 1_000
    assert not [text for text in caplog.messages if "\x1b" in text]


@pytest.mark.usefixtures("nothing_said")
def test_a_part_of_a_call_that_has_no_encoding_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    """270: it was never stored, so nothing is lost."""
    assert "_thread.lock" in repr(loads(serde.digest_source((threading.Lock(),), {})))
    assert caplog.messages == []


def test_exceptions_become_text() -> None:
    """275: class, arguments and traceback, with the cause."""

    class Rude(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    try:
        try:
            raise KeyError("inner")
        except KeyError as cause:
            raise ValueError("outer", 3) from cause
    except ValueError as error:
        stored = loads(dumps([error]))[0]
    assert (stored.type_name, stored.args) == ("ValueError", ("'outer'", "3"))
    assert "KeyError: 'inner'" in stored.traceback
    assert "direct cause" in stored.traceback
    assert loads(dumps(stored)) == stored
    assert "raised RuntimeError" in loads(dumps(Rude())).message
