"""The arguments of a tool call: shown, drawn as a form, and given back as they were.

A page knows JSON only. The invariant: what was not changed there comes back as the very value that
was proposed, whatever its type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbflow.forms.fields import field_of, label_of
from nbflow.forms.portable import portable

if TYPE_CHECKING:
    from nbflow.forms.model import Field

__all__ = ["as_proposed", "drawn", "fields_of", "schema_of"]

_CHARS = 60_000
_DEEPEST = 6
_ENTRIES = 100


def fields_of(arguments: Mapping[str, Any]) -> list[Field]:
    """Return the arguments as context to read.

    >>> fields_of({"to_address": "kim@example.org"})
    [{'label': 'To address', 'kind': 'text', 'value': 'kim@example.org'}]
    """
    shown = list(arguments.items())
    fields = [field_of(label_of(name), value) for name, value in shown[:_ENTRIES]]
    if len(shown) > _ENTRIES:
        fields.append(field_of("", f"… {len(shown) - _ENTRIES:,} more arguments"))
    return fields


def drawn(arguments: Any) -> Any:
    """Return the arguments as the page edits them; None when they are too large for that.

    >>> drawn({"n": 1})
    {'n': 1}
    """
    part = portable(arguments, chars=_CHARS, depth=40)
    return None if part.cut else part.value


def schema_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema that draws the arguments where nothing is known of them but their values.

    >>> schema_of({"to": "kim", "copies": 2})["properties"]["copies"]
    {'type': 'number', 'title': 'Copies'}
    """
    return _schema(drawn(arguments), 0)


def _schema(value: Any, depth: int) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int | float):
        return {"type": "number"}
    if isinstance(value, str):
        return {"type": "string"}
    if isinstance(value, list) and value and depth < _DEEPEST:
        items = [_schema(item, depth + 1) for item in value[:_ENTRIES]]
        same = items[0] if all(item == items[0] for item in items) else {}
        return {"type": "array", "items": same} if same else {"type": "array"}
    if isinstance(value, dict) and 0 < len(value) <= _ENTRIES and depth < _DEEPEST:
        properties = {
            name: {**_schema(part, depth + 1), "title": label_of(name)}
            for name, part in value.items()
        }
        return {"type": "object", "properties": properties, "required": [*value]}
    return {"type": "object"} if isinstance(value, dict) else {}


def as_proposed(edited: Any, proposed: Any) -> Any:
    """Return what was edited, with every part that was not changed as it was proposed.

    >>> import datetime as dt
    >>> as_proposed({"on": "2024-02-01", "n": 2}, {"on": dt.date(2024, 2, 1), "n": 1.0})
    {'on': datetime.date(2024, 2, 1), 'n': 2}
    """
    if _same(edited, drawn(proposed)):
        return proposed
    if isinstance(edited, dict) and isinstance(proposed, Mapping):
        return {
            name: as_proposed(part, proposed[name]) if name in proposed else part
            for name, part in edited.items()
        }
    if (
        isinstance(edited, list)
        and isinstance(proposed, list | tuple)
        and len(edited) == len(proposed)
    ):
        parts = zip(edited, proposed, strict=True)
        return [as_proposed(part, old) for part, old in parts]
    return edited


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are written the same; 1 is 1.0 and not true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return (type(one) is type(other) and bool(one == other)) or _is_same_number(one, other)


def _is_same_number(one: Any, other: Any) -> bool:
    return isinstance(one, int | float) and isinstance(other, int | float) and one == other
