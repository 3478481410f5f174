"""Secrets that a run was given, found again wherever they turn up.

A schema marks where a secret comes in (``writeOnly``, ``format: password``). From there the code
may hand it to a task, put it in a question or an error. So what came in is remembered by its value,
and hidden in every text that is shown. The invariant: what is remembered is never shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from itertools import islice
from typing import Any

from nbflow.forms.schema import HIDDEN, without_secrets

__all__ = ["Secrets"]

_SHORTEST = 3
"""A shorter secret is hidden where it came in alone: it is a part of too many other words."""
_ANYWHERE = 6
"""From this length on it is hidden inside other words, too."""
_START = 4
"""How much of a secret's beginning betrays it, where a text was cut in the middle of it."""
_PARTS = 10_000
_PREVIEWS = frozenset(["input", "result", "data", "value", "answer", "otherwise", "progress"])


class Secrets:
    """What one run was given in secret.

    >>> secrets = Secrets()
    >>> secrets.take({"token": "hunter2"}, {"properties": {"token": {"format": "password"}}})
    {'token': '••••••'}
    >>> secrets.hide(["401 for hunter2", 401])
    ['401 for ••••••', 401]
    """

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}
        self._pattern: re.Pattern[str] | None = None

    def take(self, value: Any, schema: dict[str, Any] | None) -> Any:
        """Return a value without its secrets, which are known from now on."""
        shown = without_secrets(value, schema)
        found: Iterable[str] = () if shown is value else _hidden_parts(value, shown)
        fresh = [text for text in found if len(text) >= _SHORTEST and text not in self._texts]
        if fresh:
            self._texts.update(dict.fromkeys(fresh))
            self._pattern = _pattern_of(self._texts)
        return shown

    def hide(self, shown: Any) -> Any:
        """Return JSON with every secret hidden in its texts, and in the names of its parts."""
        if self._pattern is None:
            return shown
        if isinstance(shown, str):
            return self._text(shown)
        if isinstance(shown, dict):
            return {self.hide(name): self.hide(part) for name, part in shown.items()}
        return [self.hide(part) for part in shown] if isinstance(shown, list) else shown

    def hide_in_parts(self, parts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parts of a message with the secrets hidden in what comes from the run.

        The words of the protocol stay, even if a secret is one of them.
        """
        if self._pattern is None:
            return dict(parts)
        return {name: self._part(name, part) for name, part in parts.items()}

    def _part(self, name: str, part: Any) -> Any:
        if name == "error" and isinstance(part, dict):
            return {key: text if key == "type" else self.hide(text) for key, text in part.items()}
        if name in _PREVIEWS and isinstance(part, dict) and isinstance(part.get("text"), str):
            return {**part, "text": self._text(part["text"])}
        if name == "decisions":
            return [
                {key: one[key] if key == "kind" else self.hide(one[key]) for key in one}
                for one in part
            ]
        return self._form(part) if name == "form" else part

    def _form(self, form: dict[str, Any]) -> dict[str, Any]:
        """A form's texts to read; what it begins with has no secret, see ``forms.schema``."""
        shown = {
            **form,
            "title": self._text(form["title"]),
            "context": [self._field(field) for field in form["context"]],
            "actions": [
                {**action, "context": [self._field(field) for field in action["context"]]}
                for action in form["actions"]
            ],
        }
        if "terms" in form:
            shown["terms"] = self.hide_in_parts(form["terms"])
        return shown

    def _field(self, field: dict[str, Any]) -> dict[str, Any]:
        if field["kind"] == "image":
            return {**field, "label": self._text(field["label"])}
        return {**field, "label": self._text(field["label"]), "value": self.hide(field["value"])}

    def _text(self, text: str) -> str:
        assert self._pattern is not None
        shown = self._pattern.sub(HIDDEN, text)
        for secret in self._texts:
            if len(secret) > _START and secret[:_START] in shown:
                shown = _without_beginning(shown, secret)
        return shown


def _pattern_of(texts: Mapping[str, None]) -> re.Pattern[str]:
    """What finds any of the texts as it is, and as JSON or ``repr`` writes it."""
    found: dict[str, None] = {}
    for text in texts:
        found[text] = None
        for ascii_only in (True, False):
            found[json.dumps(text, ensure_ascii=ascii_only)[1:-1]] = None
        found[repr(text)[1:-1]] = None
    longest_first = sorted(found, key=len, reverse=True)
    return re.compile("|".join(map(_whole_word, longest_first)))


def _whole_word(text: str) -> str:
    escaped = re.escape(text)
    return escaped if len(text) >= _ANYWHERE else rf"(?<!\w){escaped}(?!\w)"


def _without_beginning(text: str, secret: str) -> str:
    """Hide the beginning of a secret at the end of a text, or where the text says it was cut."""

    def cut_short(found: re.Match[str]) -> str:
        return HIDDEN + found[2] if secret.startswith(found[1]) else found[0]

    start = re.escape(secret[:_START])
    return re.sub(rf"({start}[^…]{{0,{len(secret)}}}?)(…|\Z)", cut_short, text, flags=re.DOTALL)


def _hidden_parts(value: Any, shown: Any) -> Iterator[str]:
    """The texts of a value in whose place a sign is shown, and those of Pydantic's secrets."""
    from pydantic_core import to_jsonable_python

    for one in _parts_of(value):
        reveal = getattr(one, "get_secret_value", None)
        if callable(reveal) and not isinstance(one, type):
            yield from _text_of(reveal())
    try:
        plain = to_jsonable_python(value)
    except Exception:  # no JSON, and hidden as a whole
        plain = value
    queue = [(plain, shown)]
    for whole, part in queue:
        if isinstance(part, dict) and isinstance(whole, dict):
            queue += [(whole[name], part[name]) for name in whole if name in part]
        elif isinstance(part, list) and isinstance(whole, list):
            queue += list(zip(whole, part, strict=False))
        elif part == HIDDEN:
            for one in _parts_of(whole):
                yield from _text_of(one)


def _parts_of(value: Any) -> Iterator[Any]:
    """A value and what it is made of, as far as a bounded walk gets; each object once."""
    queue, seen = [value], {id(value)}
    for one in islice(queue, _PARTS):
        yield one
        for child in _children_of(one):
            if id(child) not in seen:
                seen.add(id(child))
                queue.append(child)


def _children_of(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if is_dataclass(value) or hasattr(type(value), "__pydantic_fields__"):
        return list(getattr(value, "__dict__", {}).values())
    return []


def _text_of(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value != HIDDEN:
        yield value
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
