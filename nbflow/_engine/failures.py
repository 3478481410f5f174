"""Exceptions as data, and pauses inside exception groups.

A recorded failure is raised again on replay, so that ``except`` takes the same branch, and what the
code reads of the exception is the same; :mod:`nbflow._engine.made_again` does that.
"""

from __future__ import annotations

import traceback
from collections.abc import Container, Iterator, Sequence
from types import TracebackType
from typing import Any

from nbflow import serde
from nbflow._codec.pack import not_stored
from nbflow._engine.made_again import (
    Inner,
    args_of,
    know_exception,
    link,
    made_again,
    members_of,
    names_of,
    text_of,
)
from nbflow._engine.validation_errors import taken_apart
from nbflow.errors import (
    CorruptDataError,
    GraphInterrupt,
    NotSerializableError,
    RunCancelled,
    RunDrained,
)
from nbflow.events import Failure

__all__ = [
    "add_note",
    "as_replayed",
    "causes",
    "decode_failure",
    "encode_failure",
    "failure_of",
    "know_exception",
    "pause_in",
    "signal_in",
    "stored_failure",
    "without_engine",
]


_ATOMS = frozenset((type(None), bool, int, float, str, bytes))
_MOST_LINKED = 50
"""Exceptions that are recorded because others hold them, lead to them or came while they were
handled. All parts of a group are recorded."""
_DEEPEST = 6
"""Containers in which exceptions are looked for."""
_LARGEST_OBJECT = 10_000
"""Bytes of an object that lacks an attribute: nobody chose to put it into the exception."""
_LONGEST_TEXT = 1_000_000
"""Characters of each text, where the rest of an exception cannot be stored."""


def encode_failure(exc: BaseException) -> bytes:
    """An exception as stored bytes: what it is caught by, shows and holds, and what led to it.

    Of what cannot be stored, the type is kept.
    """
    record = _Recording(exc).record()
    try:
        return serde.dumps(record)
    except NotSerializableError:  # each part can be stored, and all of it is too deep or too large
        return serde.dumps({**record, **_text_alone(record), "others": []})


def as_replayed(exc: BaseException, data: bytes) -> BaseException:
    """The exception itself; or what a replay will raise, where that is of another class or has
    another text: so that the first run takes the branch of the replay."""
    again = decode_failure(data)
    if type(again) is type(exc) and _texts(again) == _texts(exc):
        return exc
    link(again, exc.__cause__, exc.__context__, suppress=exc.__suppress_context__)
    return again.with_traceback(exc.__traceback__)


def _texts(exc: BaseException) -> tuple[str, str]:
    return text_of(str, exc), text_of(repr, exc)


def decode_failure(data: bytes) -> BaseException:
    """The exception that a record holds, ready to be raised.

    Raises:
        CorruptDataError: it is damaged.
    """
    return made_again(serde.loads(data))


class _Recording:
    """An exception, and those that it holds or that led to it, each recorded once."""

    def __init__(self, exc: BaseException) -> None:
        self._found = [exc]
        self._places = {id(exc): 0}

    def record(self) -> dict[str, Any]:
        first, *others = [self._recorded(exc) for exc in self._found]  # which grows meanwhile
        return {**first, "others": others}

    def _place(self, exc: BaseException) -> int:
        place = self._places.get(id(exc))
        if place is None:
            place = self._places[id(exc)] = len(self._found)
            self._found.append(exc)
        return place

    def _linked(self, exc: BaseException | None) -> int | None:
        """The place of one that may be left out; a signal, or an exit, always is."""
        if not isinstance(exc, Exception):
            return None
        if id(exc) not in self._places and len(self._found) > _MOST_LINKED:
            return None
        return self._place(exc)

    def _recorded(self, exc: BaseException) -> dict[str, Any]:
        kind, failure = type(exc), failure_of(exc)
        know_exception(kind)
        name, *bases = names_of(kind)
        group = None
        if isinstance(exc, BaseExceptionGroup):
            group = [exc.message, [self._place(part) for part in exc.exceptions]]
        state = {
            key: part for key, part in vars(exc).items() if type(key) is str and key != "__notes__"
        }
        return {
            "type": name,
            "module": str(kind.__module__),
            "bases": bases,
            "message": failure.message,
            "repr": text_of(repr, exc),
            "traceback": failure.traceback,
            "notes": list(failure.notes),
            "args": self._kept(args_of(exc)),
            "state": self._kept(state),
            "members": self._members(exc),
            "group": group,
            "validation": self._kept(taken_apart(exc, _storable)),
            "cause": self._linked(exc.__cause__),
            "context": self._linked(exc.__context__),
            "suppress_context": exc.__suppress_context__,
        }

    def _members(self, exc: BaseException) -> dict[str, Any]:
        """What is kept outside of its ``__dict__``."""
        found: dict[str, Any] = {}
        for name, (member, is_slot) in members_of(type(exc)).items():
            try:
                value = member.__get__(exc)
            except AttributeError:
                continue
            if name == "obj" and not is_slot and not _storable(value, _LARGEST_OBJECT):
                value = not_stored(value)
            if is_slot or value is not None:
                found[name] = self._kept(value)
        return found

    def _kept(self, value: Any, level: int = 0) -> Any:
        """A value as it is stored, exceptions by their places."""
        kind = type(value)
        if kind in _ATOMS:
            return value
        if isinstance(value, BaseException):
            place = self._linked(value)
            return not_stored(value) if place is None else Inner(place)
        if level < _DEEPEST and (kind is list or kind is tuple):
            return kind(self._kept(part, level + 1) for part in value)
        if level < _DEEPEST and kind is dict and all(type(key) in _ATOMS for key in value):
            return {key: self._kept(part, level + 1) for key, part in value.items()}
        return value if _storable(value) else not_stored(value)


def _storable(value: Any, most: int | None = None) -> bool:
    try:
        data = serde.dumps(value)
    except NotSerializableError:
        return False
    return most is None or len(data) <= most


def _text_alone(record: dict[str, Any]) -> dict[str, Any]:
    """For a record that cannot be stored as a whole."""
    texts = {name: record[name][-_LONGEST_TEXT:] for name in ("message", "repr", "traceback")}
    empty: dict[str, Any] = dict.fromkeys(("group", "validation", "cause", "context"))
    return {**texts, **empty, "args": [texts["message"]], "state": {}, "members": {}, "notes": []}


_SHOWN: dict[str, type] = {"type": str, "message": str, "traceback": str, "notes": list}


def stored_failure(data: bytes) -> Failure:
    """A recorded failure as data.

    Raises:
        CorruptDataError: it is damaged.
    """
    record = serde.loads(data)
    parts = record if isinstance(record, dict) else {}
    if not all(isinstance(parts.get(name), kind) for name, kind in _SHOWN.items()):
        raise CorruptDataError(
            f"The record of a failure cannot be read: {', '.join(_SHOWN)} are not in it. It is "
            "damaged, or was not written by this version of nbflow."
        )
    return Failure(
        type=record["type"].rsplit(".", 1)[-1],
        message=record["message"],
        traceback=record["traceback"],
        notes=tuple(map(str, record["notes"])),
    )


def failure_of(exc: BaseException) -> Failure:
    """An exception as text, without nbflow's own frames."""
    tb = exc.__traceback__
    frames = [f for f in traceback.extract_tb(tb) if "/nbflow/_engine/" not in _slashes(f.filename)]
    lines = traceback.format_list(frames)
    text = "".join(["Traceback (most recent call last):\n", *lines]) if lines else ""
    text += _last_lines(exc)
    return Failure(
        type=type(exc).__name__,
        message=text_of(str, exc),
        traceback=text,
        notes=tuple(map(str, _notes_of(exc))),
    )


def without_engine(exc: BaseException) -> BaseException:
    """The exception with a traceback of the user's frames, where it has any."""
    return without_frames(exc, ("/nbflow/_engine/",))


def without_frames(exc: BaseException, hidden: Sequence[str]) -> BaseException:
    """The exception with a traceback without the frames of these folders, if others are left."""
    kept: list[TracebackType] = []
    tb = exc.__traceback__
    while tb is not None:
        place = _slashes(tb.tb_frame.f_code.co_filename)
        if not any(part in place for part in hidden):
            kept.append(tb)
        tb = tb.tb_next
    following: TracebackType | None = None
    for tb in reversed(kept):
        following = TracebackType(following, tb.tb_frame, tb.tb_lasti, tb.tb_lineno)
    return exc if following is None else exc.with_traceback(following)


def pause_in(exc: BaseException) -> GraphInterrupt | None:
    """The pause that a TaskGroup wrapped in a group of exceptions, if there is one."""
    if isinstance(exc, GraphInterrupt):
        return exc
    if isinstance(exc, BaseExceptionGroup):
        for part in exc.exceptions:
            pause = pause_in(part)
            if pause is not None:
                return pause
    return None


def signal_in(exc: BaseException) -> GraphInterrupt | RunDrained | RunCancelled | None:
    """What stops the code and is no failure of it, also where a TaskGroup wrapped it; a pause
    before anything else."""
    pause = pause_in(exc)
    if pause is not None:
        return pause
    if isinstance(exc, RunDrained | RunCancelled):
        return exc
    if isinstance(exc, BaseExceptionGroup):
        found = [signal for part in exc.exceptions if (signal := signal_in(part)) is not None]
        return next((s for s in found if isinstance(s, RunDrained)), found[0] if found else None)
    return None


def causes(exc: BaseException, failed: Container[int]) -> Iterator[BaseException]:
    """The exception, and what led to it.

    What was being handled when it was raised counts only while no failed task was met: a failure
    that the code caught, before another task failed, did not end anything.

    Args:
        failed: ids of the exceptions that tasks failed with.
    """
    seen: set[int] = set()
    todo: list[Any] = [exc]
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        todo.append(one.__cause__)
        if id(one) not in failed:
            todo.append(one.__context__)
        if isinstance(one, BaseExceptionGroup):
            todo += one.exceptions


def add_note(exc: BaseException, note: str) -> None:
    """As ``exc.add_note``, for every class: some let no attribute be set."""
    notes = _notes_of(exc)
    vars(exc)["__notes__"] = [*notes, note]


def _notes_of(exc: BaseException) -> list[Any]:
    notes = vars(exc).get("__notes__")
    return notes if isinstance(notes, list) else []


def _last_lines(exc: BaseException) -> str:
    try:
        return "".join(traceback.format_exception_only(exc))
    except Exception:  # whatever its class does, or damaged data let it hold
        return f"{type(exc).__name__}: {text_of(str, exc)}\n"


def _slashes(path: str) -> str:
    return path.replace("\\", "/")
