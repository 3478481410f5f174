"""From the record of a failure to an exception that ``except`` takes for the first one.

Its class, text, arguments and attributes are those of the exception that was recorded. Nothing is
imported, and no constructor of the user's is called: an instance is made by the built-in class
behind it, and its state is put in. Where that does not give the recorded text, or the class is
not here, a subclass of what is here stands in, with that text.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import BuiltinFunctionType, MemberDescriptorType
from typing import Any, ClassVar

from nbflow import errors, serde
from nbflow._engine import validation_errors
from nbflow.errors import CorruptDataError, RecordedFailureError

__all__ = [
    "Inner",
    "args_of",
    "know_exception",
    "link",
    "made_again",
    "members_of",
    "names_of",
    "text_of",
]

_MOST_CLASSES = 10_000
_LONGEST_REPR = 20_000


@dataclass(frozen=True, slots=True)
class Inner:
    """In a record, the place of an exception that the recorded one holds."""

    index: int
    """Of its own record."""


serde.register(Inner)


class StandIn:
    """Marks the classes that are made here."""

    __slots__ = ()

    _nbflow_names: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        """Ends here: the class that it stands for does not hear of it."""


# -- classes --------------------------------------------------------------------------------------


def _qualified(kind: type) -> str:
    """Module and qualified name."""
    return f"{kind.__module__}.{kind.__qualname__}"


def names_of(kind: type[BaseException]) -> tuple[str, ...]:
    """The names of a class and of the classes of exceptions behind it, nearest first."""
    if issubclass(kind, StandIn):
        return kind._nbflow_names
    return tuple(_qualified(base) for base in kind.__mro__ if issubclass(base, BaseException))


_known: dict[str, type[BaseException]] = {
    _qualified(kind): kind
    for kind in (*vars(builtins).values(), *vars(errors).values())
    if isinstance(kind, type) and issubclass(kind, Exception)
}


def know_exception(kind: type[BaseException]) -> None:
    """Let recorded failures of this class be raised again; the newest of a name counts."""
    if not issubclass(kind, StandIn):
        _known[_qualified(kind)] = kind


def _class_named(name: str) -> type[BaseException] | None:
    """The class of this name, if it is loaded: what was not, no code here can name, either."""
    kind = _known.get(name)
    if kind is None:
        for one in _loaded():
            if _qualified(one) == name:
                kind = one
        if kind is not None:
            _known[name] = kind
    return kind


def _loaded() -> Iterator[type[Exception]]:
    """Every class of exceptions in this process; bounded, and only gone through for a new name."""
    seen: set[type] = set()
    pending: list[type[Exception]] = [Exception]
    while pending and len(seen) < _MOST_CLASSES:
        for kind in type.__subclasses__(pending.pop()):
            if kind not in seen and not issubclass(kind, StandIn):
                seen.add(kind)
                pending.append(kind)
                yield kind


_BASE: Any = vars(BaseException)
"""What sets and gets the parts of any exception, whatever its class makes of their names."""


def args_of(exc: BaseException) -> list[Any]:
    """What the exception was made with."""
    return list(_BASE["args"].__get__(exc))


def link(
    exc: BaseException,
    cause: BaseException | None,
    context: BaseException | None,
    *,
    suppress: bool,
) -> None:
    """Set what led to an exception."""
    _BASE["__cause__"].__set__(exc, cause)
    _BASE["__context__"].__set__(exc, context)
    _BASE["__suppress_context__"].__set__(exc, suppress)


def members_of(kind: type[BaseException]) -> dict[str, tuple[MemberDescriptorType, bool]]:
    """What instances keep outside of their ``__dict__``: in slots, and in C of Python's own.

    Returns:
        Descriptors, and whether they are slots, which may hold None where others are empty.
    """
    found: dict[str, tuple[MemberDescriptorType, bool]] = {}
    for base in kind.__mro__:
        is_slotted = "__slots__" in vars(base)
        if base in (BaseException, BaseExceptionGroup) or not (
            is_slotted or base.__module__ == "builtins"
        ):
            continue
        for name, member in vars(base).items():
            if isinstance(member, MemberDescriptorType):
                found.setdefault(name, (member, is_slotted))
    return found


def text_of(show: Any, exc: BaseException) -> str:
    """``str`` or ``repr`` of an exception, whatever its methods do."""
    try:
        text = str(show(exc))
    except Exception:
        return f"<{type(exc).__name__} whose text cannot be shown>"
    return text[:_LONGEST_REPR] if show is repr else text


# -- instances ------------------------------------------------------------------------------------


def made_again(record: dict[str, Any]) -> BaseException:
    """The exception that a record holds, ready to be raised.

    Raises:
        CorruptDataError: it is no such record.
    """
    try:
        return _Again([record, *record["others"]]).exception(0)
    except Exception as fault:
        raise CorruptDataError(
            f"The record of a failure cannot be read: {type(fault).__name__}: {fault}. It is "
            "damaged, or was not written by this version of nbflow."
        ) from fault


class _Again:
    """One record, and those of the exceptions that it holds."""

    def __init__(self, records: list[dict[str, Any]]) -> None:
        self._records = records
        self._begun: set[int] = set()
        self._made: dict[int, BaseException] = {}

    def exception(self, index: int) -> BaseException:
        if index in self._made:
            return self._made[index]
        record = self._records[index]
        if index in self._begun:  # a group that holds itself cannot be made
            return RecordedFailureError(record["message"])
        self._begun.add(index)
        made = self._made[index] = self._like(index, record)
        notes = [str(note) for note in record["notes"]]
        why = _why_not(record["type"])
        if _bears_the_mark(type(made)) and why not in notes:
            notes.append(why)
        if notes:
            vars(made)["__notes__"] = notes
        links = (record["cause"], record["context"])
        cause, context = (None if at is None else self.exception(at) for at in links)
        link(made, cause, context, suppress=bool(record["suppress_context"]))
        return made

    def _like(self, index: int, record: dict[str, Any]) -> BaseException:
        """An instance of the recorded class, or of what is nearest to it here."""
        kind = _class_named(record["type"])
        exc = None if kind is None else self._instance(kind, index, record)
        if exc is not None and _looks_like(exc, record):
            return exc
        for bases in _nearest(kind, record):
            stand_in = self._stand_in(bases, index, record)
            if stand_in is not None and (exc is None or type(exc) in type(stand_in).__mro__):
                return stand_in
        if exc is None:
            raise ValueError("there is no such exception")
        return exc

    def _stand_in(
        self, bases: tuple[type, ...], index: int, record: dict[str, Any]
    ) -> BaseException | None:
        try:
            kind = _stand_in_class(bases, record)
        except (TypeError, ValueError):  # a closed class, bases that do not fit, or an odd name
            return None
        return self._instance(kind, index, record)

    def _instance(
        self, kind: type[BaseException], index: int, record: dict[str, Any]
    ) -> BaseException | None:
        try:
            exc = self._bare(kind, record)
        except Exception:  # made in C, it wants other arguments
            return None
        self._made[index] = exc
        _BASE["args"].__set__(exc, tuple(self._restored(record["args"])))
        if _is_sound(kind, record["members"]):
            members = members_of(kind)
            for name in members.keys() & record["members"].keys():
                with suppress(AttributeError, TypeError, OverflowError):  # no such value by now
                    members[name][0].__set__(exc, self._restored(record["members"][name]))
        vars(exc).update(self._restored(record["state"]))
        return exc

    def _bare(self, kind: type[BaseException], record: dict[str, Any]) -> BaseException:
        """An instance without arguments and attributes."""
        if record["group"] is not None and issubclass(kind, BaseExceptionGroup):
            message, parts = record["group"]
            return BaseExceptionGroup.__new__(kind, message, [self.exception(i) for i in parts])
        if validation_errors.is_one(kind):
            parts = self._restored(record["validation"])
            return validation_errors.put_together(kind, parts, record["message"])
        fault = TypeError("no class of exceptions")
        for base in kind.__mro__:
            new: Any = vars(base).get("__new__")
            if isinstance(new, BuiltinFunctionType):
                # other classes made in C keep to themselves what they are made with
                args = [] if base.__module__ == "builtins" else self._restored(record["args"])
                try:
                    made: BaseException = new(kind, *args)
                except TypeError as refused:  # of several bases, another one holds the instance
                    fault = refused
                else:
                    return made
        raise fault

    def _restored(self, value: Any) -> Any:
        """A value with the exceptions in it."""
        if type(value) is Inner:
            return self.exception(value.index)
        if type(value) is list or type(value) is tuple:
            return type(value)(map(self._restored, value))
        if type(value) is dict:
            return {key: self._restored(part) for key, part in value.items()}
        return value


def _looks_like(exc: BaseException, record: dict[str, Any]) -> bool:
    return (text_of(str, exc), text_of(repr, exc)) == (record["message"], record["repr"])


def _is_sound(kind: type[BaseException], members: dict[str, Any]) -> bool:
    """Whether Python's own classes can hold this; some read memory by what they are given."""
    if not issubclass(kind, UnicodeError):
        return True
    start = members.get("start", 0)
    expected = bytes if issubclass(kind, UnicodeDecodeError) else str
    return type(members.get("object")) is expected and type(start) is int and start >= 0


# -- stand-ins ------------------------------------------------------------------------------------


def _nearest(
    kind: type[BaseException] | None, record: dict[str, Any]
) -> Iterator[tuple[type, ...]]:
    """Bases for a stand-in, the best first: caught by each ``except`` that names one of them."""
    if kind is not None:
        yield (kind,)
    known = [one for one in map(_class_named, record["bases"]) if one is not None]
    nearest: list[type] = []
    for one in known:
        if not any(one in other.__mro__ for other in nearest):
            nearest.append(one)
    if "builtins.Exception" not in record["bases"]:
        yield (*nearest, *([] if nearest else [BaseException]))
        return
    yield (RecordedFailureError, *nearest)
    yield from ((RecordedFailureError, one) for one in known)
    yield (RecordedFailureError,)


def _stand_in_class(bases: tuple[type, ...], record: dict[str, Any]) -> type[BaseException]:
    """A class that shows what was recorded; made without asking those that it stands for."""
    name, module = record["type"], record["module"]
    message, shown = record["message"], record["repr"]
    space = {
        "__slots__": (),
        "__module__": module,
        "__qualname__": name.removeprefix(f"{module}."),
        "__str__": lambda self: message,
        "__repr__": lambda self: shown,
        "_nbflow_names": (name, *record["bases"]),
    }
    made_by: type = type
    for base in bases:
        if issubclass(type(base), made_by):
            made_by = type(base)
    made: Any = type.__new__(made_by, name.rpartition(".")[2], (StandIn, *bases), space)
    return made  # type: ignore[no-any-return]


def _bears_the_mark(kind: type) -> bool:
    """Whether it is made for a class that is not here, or is closed."""
    return issubclass(kind, StandIn) and issubclass(kind, RecordedFailureError)


def _why_not(name: str) -> str:
    return (
        f"This stands for a recorded {name}, which cannot be made in this process: 'except' with "
        "that class does not match it. Where the class is not imported, import it where the "
        "workflow is defined."
    )
