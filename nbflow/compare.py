"""What differs between two values, such as the states of two checkpoints.

Pure. The invariant: two values without a difference are equal to whoever reads them; of two lists
whose entries are known by a field, the order counts only where nothing else differs. How a
difference is drawn is left to the views.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from nbflow import serde
from nbflow.errors import NbflowError

__all__ = ["Absent", "Difference", "Line", "RowKey", "Step", "differences", "lines_between"]

_IDENTITIES = ("id", "key", "name", "uuid")
"""Fields by which the entries of a list are known, in the order in which they are tried."""

_MOST_PAIRS = 4_000_000
"""Beyond so many pairs of entries what lies between the common ends counts as replaced."""

_AROUND = 2
"""Lines that stay in sight before and after a change."""


class Absent:
    """What a :class:`Difference` has on a side where there is nothing, since ``None`` is a value.

    >>> differences({}, {"a": None})[0].before
    <absent>
    """

    def __repr__(self) -> str:
        return "<absent>"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "_ABSENT"


_ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class RowKey:
    """A step into a list whose entries are known by a field, wherever they stand.

    >>> str(RowKey("id", 7))
    '[id=7]'
    """

    field: str
    """Its name; ``""`` for the label of a table's row."""
    value: Hashable
    """What that entry has there."""

    def __str__(self) -> str:
        return f"[{self.field}={self.value}]" if self.field else f"[{self.value}]"


Step = str | int | RowKey
"""One step from a value to a part of it: a key, a place in a list, or what an entry is known by."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a long text.

    >>> [line.kind for line in lines_between("a\\nb", "a\\nc")]
    ['both', 'old', 'new']
    """

    kind: Literal["old", "new", "both", "skip"]
    """Which text has it; ``skip`` stands for several that both have."""
    text: str
    """The line; of ``skip``, how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place where two values differ.

    >>> print(differences({"n": 1}, {"n": 2})[0])
    n: 1 -> 2
    """

    path: tuple[Step, ...]
    """Where; empty for the values as a whole."""
    before: Any
    """What the first one has there; ``Absent`` when it has nothing."""
    after: Any
    """What the second one has there; ``Absent`` when it has nothing."""
    lines: tuple[Line, ...] = ()
    """Of two texts of more than one line, line by line."""

    @property
    def kind(self) -> Literal["added", "removed", "changed"]:
        """What became of the place."""
        if isinstance(self.before, Absent):
            return "added"
        return "removed" if isinstance(self.after, Absent) else "changed"

    def __str__(self) -> str:
        where = "".join(
            f"[{step}]"
            if isinstance(step, int)
            else f".{step}"
            if isinstance(step, str)
            else str(step)
            for step in self.path
        ).removeprefix(".")
        if self.kind == "added":
            return f"{where or 'value'}: + {self.after!r}"
        if self.kind == "removed":
            return f"{where or 'value'}: - {self.before!r}"
        return f"{where or 'value'}: {self.before!r} -> {self.after!r}"


def differences(before: Any, after: Any, *, limit: int | None = None) -> list[Difference]:
    """Return every place where two values differ, in the order of the second one.

    Mappings, dataclasses and Pydantic models are compared by name. A list whose entries all have
    an ``id``, ``key``, ``name`` or ``uuid`` of their own is compared by that, so an entry that
    moved is the same; another list along its longest common run. Tables (of pandas or polars) are
    compared cell by cell, texts of several lines line by line.

    Args:
        limit: stop after so many.

    >>> old = {"title": "Draft", "people": [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Kim"}]}
    >>> new = {"title": "Draft", "people": [{"id": 2, "name": "Lee"}, {"id": 1, "name": "Ada"}]}
    >>> for one in differences(old, new):
    ...     print(one)
    people[id=2].name: 'Kim' -> 'Lee'
    """
    found: list[Difference] = []
    for one in _between(before, after, ()):
        if limit is not None and len(found) >= limit:
            break
        found.append(one)
    return found


def lines_between(before: str, after: str) -> tuple[Line, ...]:
    """Return two texts as lines along what they have in common; long common parts are counted.

    >>> [(line.kind, line.text) for line in lines_between("a", "a\\nb")]
    [('both', 'a'), ('new', 'b')]
    """
    old, new = before.split("\n"), after.split("\n")
    lines: list[Line] = []
    for tag, i, j, k, m in _blocks(old, new):
        if tag == "equal":
            lines.extend(Line("both", text) for text in old[i:j])
        else:
            lines.extend(Line("old", text) for text in old[i:j])
            lines.extend(Line("new", text) for text in new[k:m])
    return tuple(_shortened(lines))


# -- walking -------------------------------------------------------------------------------------

_Path = tuple[Step, ...]


def _between(before: Any, after: Any, path: _Path) -> Iterator[Difference]:
    if _same(before, after):
        return
    rows, others = _table(before), _table(after)
    if rows is not None and others is not None:
        cells = _by_name(rows, others, path, lambda label: RowKey("", label))
        yield next(cells, None) or Difference(path=path, before=before, after=after)
        yield from cells
        return
    old, new = _names(before), _names(after)
    if old is not None and new is not None and _kind(before) == _kind(after):
        yield from _by_name(
            old, new, path, lambda name: name if isinstance(name, str) else repr(name)
        )
    elif _is_list(before) and _is_list(after):
        yield from _lists(list(before), list(after), path)
    elif isinstance(before, str) and isinstance(after, str):
        long = "\n" in before or "\n" in after
        lines = lines_between(before, after) if long else ()
        yield Difference(path=path, before=before, after=after, lines=lines)
    else:
        yield Difference(path=path, before=before, after=after)


def _by_name(
    old: Mapping[Any, Any], new: Mapping[Any, Any], path: _Path, step: Callable[[Any], Step]
) -> Iterator[Difference]:
    for name in [*new, *(name for name in old if name not in new)]:
        there = (*path, step(name))
        if name not in old:
            yield Difference(path=there, before=_ABSENT, after=new[name])
        elif name not in new:
            yield Difference(path=there, before=old[name], after=_ABSENT)
        else:
            yield from _between(old[name], new[name], there)


def _lists(old: list[Any], new: list[Any], path: _Path) -> Iterator[Difference]:
    field = _identity(old, new)
    if field is not None:
        before = {_names_of(entry)[field]: entry for entry in old}
        after = {_names_of(entry)[field]: entry for entry in new}
        told = False
        for one in _by_name(before, after, path, lambda value: RowKey(field, value)):
            told = True
            yield one
        if not told and list(before) != list(after):
            yield Difference(path=path, before=old, after=new)  # the order alone
        return
    for tag, i, j, k, m in _blocks([_digest(x) for x in old], [_digest(x) for x in new]):
        if tag == "equal":
            continue
        pairs = min(j - i, m - k)
        for at in range(pairs):
            yield from _between(old[i + at], new[k + at], (*path, k + at))
        for at in range(i + pairs, j):
            yield Difference(path=(*path, at), before=old[at], after=_ABSENT)
        for at in range(k + pairs, m):
            yield Difference(path=(*path, at), before=_ABSENT, after=new[at])


def _identity(old: list[Any], new: list[Any]) -> str | None:
    """The field that every entry of both lists has, with a value of its own in each."""
    entries = [_names(entry) for entry in (*old, *new)]
    if not old or not new or any(entry is None for entry in entries):
        return None
    for field in _IDENTITIES:
        values = [(entry or {}).get(field) for entry in entries]
        if any(not isinstance(value, str | int) for value in values):
            continue
        if len({*values[: len(old)]}) == len(old) and len({*values[len(old) :]}) == len(new):
            return field
    return None


# -- looking at values ---------------------------------------------------------------------------


def _same(before: Any, after: Any) -> bool:
    if before is after:
        return True
    if type(before) is not type(after):
        return False
    try:
        if before != before and after != after:  # NaN, of whatever type
            return True
        equal = bool(before == after)
        # Parts of equal wholes may be of different types, such as True and 1.
        is_whole = _is_list(before) or _names(before) is not None
        return equal and (not is_whole or _digest(before) == _digest(after))
    except Exception:  # an array, or a class of the user's whose comparison raises
        return _digest(before) == _digest(after)


def _digest(value: Any) -> Hashable:
    """What equal values have in common and different ones do not."""
    try:
        return serde.dumps(value)
    except NbflowError:
        return repr(value)


def _kind(value: Any) -> type:
    return dict if isinstance(value, Mapping) else type(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray)


def _names(value: Any) -> Mapping[Any, Any] | None:
    """The parts of a value that has names for them."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, type):
        return None
    if dataclasses.is_dataclass(value):
        return {one.name: getattr(value, one.name, None) for one in dataclasses.fields(value)}
    fields = getattr(type(value), "__pydantic_fields__", None)
    if isinstance(fields, dict):
        return {name: getattr(value, name, None) for name in fields}
    return None


def _names_of(value: Any) -> Mapping[Any, Any]:
    return _names(value) or {}


def _table(value: Any) -> dict[Hashable, dict[str, Any]] | None:
    """The rows of a table by their labels: those of its index, or their places."""
    if not hasattr(value, "columns") or len(set(value.columns)) < len(value.columns):
        return None
    if hasattr(value, "to_dicts"):
        return dict(enumerate(value.to_dicts()))
    if hasattr(value, "to_dict") and hasattr(value, "index"):
        labels = list(value.index) if value.index.is_unique else range(len(value))
        rows = value.to_dict("records")
        return {label: _named(row) for label, row in zip(labels, rows, strict=True)}
    return None


def _named(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): _without_nan(cell) for name, cell in row.items()}


def _without_nan(cell: Any) -> Any:
    return None if isinstance(cell, float) and cell != cell else cell  # NaN


# -- lines and lists along what they have in common ------------------------------------------------

_Block = tuple[str, int, int, int, int]


def _blocks(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[_Block]:
    """As ``SequenceMatcher.get_opcodes``, in bounded time."""
    head = 0
    shorter = min(len(old), len(new))
    while head < shorter and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < shorter - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    i, j, k, m = head, len(old) - tail, head, len(new) - tail
    if head:
        yield "equal", 0, head, 0, head
    if (j - i) * (m - k) > _MOST_PAIRS:
        yield "replace", i, j, k, m
    else:
        for tag, a, b, c, d in SequenceMatcher(None, old[i:j], new[k:m], False).get_opcodes():
            yield tag, a + i, b + i, c + k, d + k
    if tail:
        yield "equal", j, len(old), m, len(new)


def _shortened(lines: Sequence[Line]) -> Iterator[Line]:
    """With long runs of common lines as one line that counts them."""
    near = {
        at + off
        for at, line in enumerate(lines)
        if line.kind != "both"
        for off in range(-_AROUND, _AROUND + 1)
    }
    skipped: list[Line] = []
    for at, line in enumerate((*lines, Line("skip", ""))):
        if at not in near and at < len(lines):
            skipped.append(line)
            continue
        if len(skipped) > 1:
            yield Line("skip", str(len(skipped)))
        else:
            yield from skipped
        skipped = []
        if at < len(lines):
            yield line
