"""A question as it stays on paper: what there was to read, to fill in, to choose, and the answer.

The chosen one of several is marked; a part of the answer stands beside its field. What cannot be
drawn so, since the answer has another shape than its schema, is shown as the value it is.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from nbflow.forms.fields import label_of
from nbflow.record.markup import CELL, FAINT, LINE, PRE, TABLE, preview_html, safe
from nbflow.record.schema_words import about, choices, resolved, type_words
from nbflow.record.times import time_html

if TYPE_CHECKING:
    from nbflow.forms.model import Decided, Field, FormAction, Picture, Preview
    from nbflow.record.summary import Question

__all__ = ["question_html"]

_PARTS = 20
_FIELDS = 40
_ROWS = 20
_PICTURE_SCALE = 20
"""How many characters of a picture, in base64, count as one of text."""
_NOTHING: Any = object()
"""Stands for an answer, or a part of one, that is not there: None is a value."""
_INDENT = "border-left:3px solid rgba(128,128,128,.4);padding-left:8px;margin:4px 0"


def question_html(
    question: Question, chars: int, *, alone: bool = True, unfolded: bool = False, again: str = ""
) -> Iterator[str]:
    """Yield a question; among several, an answered one is folded to a line with its answer.

    Args:
        chars: how much of each text is shown.
        alone: whether it is the only one of its run.
        unfolded: show it openly all the same.
        again: HTML that says how its form is shown again.

    >>> from nbflow.forms import form_of
    >>> from nbflow.record.summary import Question
    >>> from nbflow.types import Interrupt
    >>> form = form_of(Interrupt("Publish it?", "0" * 32, {"type": "boolean"}))
    >>> "○ yes" in "".join(question_html(Question(form=form), 1000))
    True
    """
    form = question.form
    title = f"<strong>{safe(form['title'], chars)}</strong>"
    is_folded = question.answer is not None and not alone and not unfolded
    brief = ""
    if is_folded and question.answer is not None:
        brief = f'<span style="{FAINT}"> {safe(_brief(question, question.answer), 90)}</span>'
    shut = "" if is_folded else " open"
    yield f'<details{shut} style="margin-top:6px;break-inside:avoid">'
    yield f"<summary>{title}{brief}</summary>"
    for field in form["context"][:_PARTS]:
        yield from _field_html(field, max(40, chars // 4))
    answer = _NOTHING if question.expired else _value_of(question.answer)
    if form["actions"]:
        for at, action in enumerate(form["actions"][:_PARTS]):
            decided = question.decisions[at] if at < len(question.decisions) else None
            yield from _action_html(action, decided, max(40, chars // 8))
        whole = question.answer if len(question.decisions) != len(form["actions"]) else None
    else:
        drawn = list(_answer_rows(form["schema"], answer, max(40, chars // 4)))
        yield from drawn
        whole = None if drawn and answer is not _NOTHING else question.answer
    yield from _said(question, chars, again, whole)
    yield "</details>"


def _brief(question: Question, answer: Preview) -> str:
    """The answer in a few words."""
    if question.expired:
        return "no answer"
    if question.decisions:
        return ", ".join(one["kind"] for one in question.decisions)
    value = _value_of(answer)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict) and not any(isinstance(one, dict) for one in value.values()):
        return ", ".join(f"{name}: {_words(one)}" for name, one in value.items() if one is not None)
    return " ".join(answer["text"].split())


def _words(value: Any) -> str:
    return " ".join((value if isinstance(value, str) else json.dumps(value)).split())


def _said(question: Question, chars: int, again: str, whole: Preview | None) -> Iterator[str]:
    """Who asked and answered, when; and the answer where no field shows it."""
    asker = question.form["task"]
    by = f" by task {safe(asker, 80)}" if asker else ""
    asked = f'<span style="{FAINT}">Asked{by}, {time_html(question.asked_at)}</span>'
    if question.answer is None:
        yield f"<div>{asked}</div>"
        yield f'<div style="{FAINT}">Not answered yet.{again}</div>'
        return
    parts = ["Answered", safe(question.who(), 200), time_html(question.answered_at or 0.0)]
    late = " No answer: the code got an error." if question.expired else ""
    yield f"<div>{asked}</div>"
    said = " ".join(part for part in parts if part)
    yield f'<div>{said}<span style="{FAINT}"> {html.escape(question.waited())}.{late}</span></div>'
    if whole is not None and not question.expired:
        yield preview_html(whole, chars // 2)


def _answer_rows(schema: Mapping[str, Any], answer: Any, chars: int) -> Iterator[str]:
    """The fields of a form as a table; nothing where the schema names none, or fits no answer."""
    whole = resolved(schema, schema)
    parts = whole.get("properties")
    if isinstance(parts, dict) and parts:
        if answer is not _NOTHING and not isinstance(answer, dict):
            return
        given = {} if answer is _NOTHING else answer
        rows = [
            (_label(name, part, schema), part, given.get(name, _NOTHING))
            for name, part in list(parts.items())[:_FIELDS]
        ]
        rows += [(label_of(name), {}, value) for name, value in given.items() if name not in parts][
            :_FIELDS
        ]
    elif whole.get("type") not in (None, "object") or choices(schema, schema):
        title = whole.get("title")
        rows = [(title if isinstance(title, str) else "Answer", schema, answer)]
    else:
        return
    yield f'<table style="{TABLE};margin:6px 0;border:0"><tbody>'
    for label, part, value in rows:
        said = about(part, schema)
        note = f'<div style="{FAINT}">{safe(said, 200)}</div>' if said else ""
        yield (
            f'<tr style="background:none"><th scope="row" style="{CELL};font-weight:600;'
            f'min-width:6em">{safe(label, 80)}</th><td style="{CELL};overflow-wrap:anywhere">'
            f"{_given_html(part, schema, value, chars)}{note}</td></tr>"
        )
    yield "</tbody></table>"


def _given_html(part: Any, root: Mapping[str, Any], value: Any, chars: int) -> str:
    """One field: its choices with the chosen one marked, or what was filled in."""
    node = resolved(part, root)
    several = choices(node.get("items", {}), root) if node.get("type") == "array" else []
    offered = several or choices(part, root)
    if offered:
        chosen = value if several and isinstance(value, list) else [value]
        signs = ("☑", "☐") if several else ("●", "○")
        known = [one for one, _ in offered]
        shown = [
            _choice(signs, label, any(_same(one, c) for c in chosen)) for one, label in offered
        ]
        rest = [c for c in chosen if c is not _NOTHING and not any(_same(c, k) for k in known)]
        return " &nbsp; ".join(shown) + "".join(_text_html(one, chars) for one in rest)
    if value is not _NOTHING:
        return _text_html(value, chars)
    default = node.get("default", _NOTHING)
    begins = "" if default is _NOTHING or default is None else f", begins with {_line(default, 80)}"
    return f'<span style="{FAINT}">{safe(type_words(part, root), 200)}{begins}</span>'


def _choice(signs: tuple[str, str], label: str, is_chosen: bool) -> str:
    text = safe(label, 80)
    if is_chosen:
        return f"<strong>{signs[0]} {text}</strong>"
    return f'<span style="{FAINT}">{signs[1]} {text}</span>'


def _text_html(value: Any, chars: int) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    if "\n" in text or len(text) > 80:
        return f'<pre style="{PRE}">{safe(text, chars)}</pre>'
    return f"<span>{safe(text, chars)}</span>"


def _line(value: Any, chars: int) -> str:
    return safe(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), chars)


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1 is not true."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _label(name: str, part: Any, root: Mapping[str, Any]) -> str:
    title = resolved(part, root).get("title")
    required = resolved(root, root).get("required")
    star = " *" if isinstance(required, list) and name in required else ""
    return (title if isinstance(title, str) else label_of(name)) + star


def _value_of(answer: Preview | None) -> Any:
    """The answer as JSON; the sign for none where there is none, or it is not whole."""
    if answer is None or answer["cut"]:
        return _NOTHING
    if answer["kind"] == "text":
        return answer["text"]
    try:
        return json.loads(answer["text"]) if answer["kind"] == "json" else _NOTHING
    except (ValueError, RecursionError):
        return _NOTHING


def _action_html(action: FormAction, decided: Decided | None, chars: int) -> Iterator[str]:
    yield f'<div style="{_INDENT}">'
    if action["name"]:
        yield f"<div><strong>{safe(action['name'], 80)}</strong></div>"
    for field in action["context"][:_PARTS]:
        yield from _field_html(field, chars)
    chosen = None if decided is None else decided["kind"]
    kinds = [one["kind"] for one in action["decisions"]]
    yield "<div>"
    yield " &nbsp; ".join(_choice(("●", "○"), kind, kind == chosen) for kind in kinds)
    yield "</div>"
    if decided is not None and "value" in decided:
        yield _text_html(decided["value"], chars * 2)
    yield "</div>"


def _field_html(field: Field, chars: int) -> Iterator[str]:
    if field["label"]:
        yield f'<div style="{FAINT}">{safe(field["label"], 80)}</div>'
    value = field["value"]
    if field["kind"] == "image":
        yield _picture_html(field["label"], value, chars)
        return
    if field["kind"] != "table":
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
        yield f'<pre style="{PRE}">{safe(text, chars)}</pre>'
        return
    rows = value["rows"][: max(1, min(_ROWS, chars // 50))]
    yield f'<table style="{TABLE};margin:2px 0;border:{LINE}"><thead><tr>'
    columns = value["columns"][:_PARTS]
    yield "".join(f'<th style="{CELL}">{safe(name, 60)}</th>' for name in columns)
    yield "</tr></thead><tbody>"
    for row in rows:
        cells = (safe("" if cell is None else str(cell), 80) for cell in row[:_PARTS])
        yield "<tr>" + "".join(f'<td style="{CELL}">{cell}</td>' for cell in cells) + "</tr>"
    yield "</tbody></table>"
    if value["total"] > len(rows):
        yield f"<div>… and {value['total'] - len(rows):,} more rows</div>"


def _picture_html(label: str, picture: Picture, chars: int) -> str:
    if len(picture["data"]) > chars * _PICTURE_SCALE:
        return f'<div style="{FAINT}">A picture, too large for the record.</div>'
    data = f"data:{safe(picture['mime'], 40)};base64,{safe(picture['data'], len(picture['data']))}"
    return f'<img alt="{safe(label or "Picture", 80)}" style="max-width:100%" src="{data}">'
