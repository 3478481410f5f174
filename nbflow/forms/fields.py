"""Read-only context: one entry of a payload becomes one field above the answer.

Text that looks like Markdown is Markdown, a list of flat records, a data frame or an array is a
table, bytes of a picture are a picture, everything else is a JSON tree. The invariant: a field is
JSON and bounded, and says what was cut.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbflow.forms.pictures import picture_field
from nbflow.forms.portable import portable, safe_repr, shorten, visible

if TYPE_CHECKING:
    from nbflow.forms.model import Field, Table

__all__ = ["field_of", "label_of"]

_TEXT_CHARS = 40_000
_JSON_CHARS = 20_000
_CELL_CHARS = 500
_TABLE_CHARS = 60_000
_ROWS = 200
_COLUMNS = 50

_MARKDOWN = re.compile(
    r"""^\#{1,6}[ ]\S          # heading
      | ^[ ]{0,3}[-*+][ ]\S    # bullet
      | ^[ ]{0,3}\d{1,3}[.)][ ]\S
      | ^[ ]{0,3}(```|~~~)     # fence
      | ^\|?[ ]*:?-{3,}:?[ ]*\|  # table rule
      | \*\*\S[^*\n]*\*\*      # strong
      | (?<!\w)[*_]\S[^*_\n]*\S[*_](?!\w)
      | `[^`\n]+`
      | \[[^\]\n]{1,200}\]\([^)\s]{1,500}\)""",
    re.MULTILINE | re.VERBOSE,
)


def label_of(key: object) -> str:
    """Return a key as a person would write it.

    >>> label_of("llm_output")
    'Llm output'
    """
    name = key if isinstance(key, str) else safe_repr(key, 80)[0]
    words = shorten(name, 80)[0].replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def field_of(label: str, value: Any) -> Field:
    """Return one field of context for ``value``.

    >>> field_of("Notes", "Read *this*")["kind"], field_of("Rows", [{"n": 1}, {"n": 2}])["value"]
    ('markdown', {'columns': ['n'], 'rows': [[1], [2]], 'total': 2})
    """
    picture = picture_field(label, value)
    if picture is not None:
        return picture
    field = _field_of(label, value)
    return {"label": visible(label), "kind": field["kind"], "value": visible(field["value"])}


def _field_of(label: str, value: Any) -> Field:
    if isinstance(value, str):
        kept, missing = shorten(value, _TEXT_CHARS)
        if missing:
            kept = f"{kept}\n\n… ({missing:,} more characters)"
        looks = _MARKDOWN.search(kept, 0, 20_000) is not None
        return {"label": label, "kind": "markdown" if looks else "text", "value": kept}
    table = _table_of(value)
    if table is not None:
        return {"label": label, "kind": "table", "value": table}
    rich = _rich(value)
    if rich is not None:
        return field_of(label, rich)
    return {"label": label, "kind": "json", "value": portable(value, chars=_JSON_CHARS).value}


def _rich(value: Any) -> str | bytes | None:
    """What IPython would show of an object of the user's: its Markdown or its picture, no HTML."""
    if isinstance(value, type):
        return None
    for name in ("_repr_markdown_", "_repr_png_", "_repr_jpeg_"):
        try:
            show = getattr(value, name, None)
            shown = show() if callable(show) else None
        except Exception:
            continue  # a hostile or broken object is shown as what it holds
        if isinstance(shown, str | bytes):
            return shown
    return None


def _table_of(value: Any) -> Table | None:
    pandas, numpy = sys.modules.get("pandas"), sys.modules.get("numpy")
    if pandas is not None and isinstance(value, pandas.Series):
        value = value.to_frame("" if value.name is None else value.name)
    if pandas is not None and isinstance(value, pandas.DataFrame):
        return _frame_table(value)
    if numpy is not None and isinstance(value, numpy.ndarray):
        return _array_table(value)
    if not isinstance(value, list | tuple) or not value:
        return None
    head = value[:_ROWS]
    if not all(isinstance(row, Mapping) and row and _is_flat(row) for row in head):
        return None
    columns: dict[Any, None] = {}
    for row in head:
        columns.update(dict.fromkeys(row))
    names = list(columns)[:_COLUMNS]
    rows = [[row.get(name) for name in names] for row in head]
    return _table([str(name) for name in names], rows, len(value))


def _array_table(array: Any) -> Table | None:
    """An array of one or two dimensions as a table; None for others."""
    if array.ndim not in (1, 2) or array.dtype.hasobject or array.size == 0:
        return None
    rows = array[:_ROWS].reshape(min(len(array), _ROWS), -1)[:, :_COLUMNS]
    columns = [str(n) for n in range(rows.shape[1])] if array.ndim == 2 else ["value"]
    return _table(columns, rows.tolist(), len(array))


def _is_flat(row: Mapping[Any, Any]) -> bool:
    return len(row) <= _COLUMNS and not any(
        isinstance(cell, Mapping | list | tuple | set | frozenset) for cell in row.values()
    )


def _frame_table(frame: Any) -> Table:
    head = frame.iloc[:_ROWS, :_COLUMNS]
    columns = [str(name) for name in head.columns]
    rows = [
        [None if isinstance(cell, float) and cell != cell else cell for cell in row]
        for row in head.itertuples(index=False, name=None)
    ]
    if type(frame.index).__name__ != "RangeIndex":
        columns.insert(0, str(frame.index.name or ""))
        rows = [[key, *row] for key, row in zip(head.index, rows, strict=True)]
    return _table(columns, rows, len(frame))


def _table(columns: list[str], rows: Sequence[Sequence[Any]], total: int) -> Table:
    kept: list[list[Any]] = []
    left = _TABLE_CHARS
    for row in rows:
        cells = [portable(_plain_missing(cell), chars=_CELL_CHARS).value for cell in row]
        left -= sum(len(cell) if isinstance(cell, str) else 8 for cell in cells)
        if left < 0:
            break
        kept.append(cells)
    return {"columns": [shorten(name, 200)[0] for name in columns], "rows": kept, "total": total}


def _plain_missing(cell: Any) -> Any:
    """Pandas' own marks for a missing value say nothing to a reader: they become null."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and (cell is pandas.NA or cell is pandas.NaT):
        return None
    return cell
