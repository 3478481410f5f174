"""LangGraph's bare interrupt: any value at all.

A mapping holds its question under one of a few common keys, a text is its own question, and
whatever else is there is context to read. It never fails: an unknown shape is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbflow.forms.fields import field_of, label_of
from nbflow.forms.portable import clean_text, portable, shorten
from nbflow.forms.reading import DEFAULT_TITLE, Reading

if TYPE_CHECKING:
    from nbflow.forms.model import Field

__all__ = ["read", "split_title"]

_QUESTION_KEYS = (
    "question",
    "message",
    "prompt",
    "title",
    "instruction",
    "instructions",
    "action",
)
_OPTION_KEYS = ("options", "choices")
_TITLE_CHARS = 200
_ENTRIES = 100
_OPTIONS = 1_000


def read(payload: Any, schema: dict[str, Any] | None = None) -> Reading:
    """Return the question, the context and the kind of answer in ``payload``.

    >>> reading = read({"question": "Which?", "options": ["tea", "coffee"], "guest_name": "Ada"})
    >>> reading.title, reading.schema["enum"], [field["label"] for field in reading.context]
    ('Which?', ['tea', 'coffee'], ['Guest name'])
    """
    if isinstance(payload, str):
        return _read_text(payload)
    entries = _as_mapping(payload)
    if entries is not None:
        return _read_mapping(entries)
    context = [] if payload is None else [field_of("", payload)]
    return Reading(title=DEFAULT_TITLE, context=context, schema={})


def _read_text(payload: str) -> Reading:
    title, rest = split_title(payload)
    return Reading(
        title=title or DEFAULT_TITLE,
        context=[field_of("", rest)] if rest else [],
        schema={},
    )


def _read_mapping(entries: Mapping[Any, Any]) -> Reading:
    title_key = next((key for key in _QUESTION_KEYS if _is_text(entries.get(key))), None)
    options_key = next((key for key in _OPTION_KEYS if _enum_of(entries.get(key))), None)
    schema = _enum_of(entries[options_key]) if options_key and title_key else None
    context: list[Field] = []
    title = DEFAULT_TITLE
    if title_key is not None:
        title, rest = split_title(entries[title_key])
        context += [field_of("", rest)] if rest else []
    shown = [key for key in entries if key != title_key and not (schema and key == options_key)]
    context += [field_of(label_of(key), entries[key]) for key in shown[:_ENTRIES]]
    if len(shown) > _ENTRIES:
        context.append(field_of("", f"… {len(shown) - _ENTRIES:,} more entries"))
    return Reading(title=title, context=context, schema=schema or {})


def _as_mapping(payload: Any) -> Mapping[Any, Any] | None:
    """Return the payload's entries: those of a mapping, or the fields of a model or dataclass."""
    if isinstance(payload, Mapping):
        return payload
    fields = getattr(type(payload), "__pydantic_fields__", None) or getattr(
        type(payload), "__dataclass_fields__", None
    )
    if isinstance(fields, dict) and not isinstance(payload, type):
        return {name: getattr(payload, name, None) for name in fields}
    return None


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


_BOLD = re.compile(r"(?<!\S)\*\*(?=\S)(.+?)(?<=\S)\*\*(?!\w)")
"""Words that Markdown makes bold: a title is shown as text, and is bold anyway."""


def split_title(text: str) -> tuple[str, str]:
    """Split a text into its first line, as the title, and what follows it.

    A first line too long for a title is shortened, and the whole text follows.

    >>> split_title("# Review **this**\\n\\nIt is short.")
    ('Review this', 'It is short.')
    """
    text = text.strip()
    first, _, rest = text.partition("\n")
    title = _BOLD.sub(r"\1", clean_text(first.strip().lstrip("#").strip()))
    if len(title) <= _TITLE_CHARS:
        return title, rest.strip()
    return shorten(title, _TITLE_CHARS - 1)[0].rstrip() + "…", text


def _enum_of(options: Any) -> dict[str, Any] | None:
    """Return a schema that offers ``options``, or None when they are not a list of choices."""
    if not isinstance(options, list | tuple) or not 0 < len(options) <= _OPTIONS:
        return None
    if all(isinstance(option, str) for option in options):
        return {"type": "string", "enum": [clean_text(option) for option in options]}
    if all(option is None or isinstance(option, bool | int | float) for option in options):
        return {"enum": [portable(option, chars=100).value for option in options]}
    return _titled_enum_of(options)


def _titled_enum_of(options: list[Any] | tuple[Any, ...]) -> dict[str, Any] | None:
    branches: list[dict[str, Any]] = []
    for option in options:
        if not isinstance(option, Mapping) or "value" not in option:
            return None
        if not isinstance(option["value"], str | bool | int | float | None):
            return None
        title = option.get("label", option.get("title", option["value"]))
        value = portable(option["value"], chars=1_000).value
        branches.append({"const": value, "title": clean_text(str(title))[:200]})
    return {"oneOf": branches}
