"""The texts of a value, found by paths such as ``"a.b"`` and ``"chapters[*].title"``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["get_text_at_path", "tokenize_path"]

_OPENING = {"[": "]", "{": "}"}
_WHOLE = ("", "$")
_SEQUENCES = (list, tuple)


def tokenize_path(path: str) -> list[str]:
    """The steps of a path.

    >>> tokenize_path("chapters[*].{title,text}")
    ['chapters', '[*]', '{title,text}']
    """
    tokens: list[str] = []
    name = ""
    at = 0
    while at < len(path):
        sign = path[at]
        if sign in _OPENING:
            end = _closing(path, at)
            tokens += [name] * bool(name) + [path[at:end]]
            name, at = "", end
            continue
        if sign == ".":
            tokens += [name] * bool(name)
            name = ""
        else:
            name += sign
        at += 1
    return tokens + [name] * bool(name)


def _closing(path: str, start: int) -> int:
    """Where the bracket that opens at ``start`` is over; the end of the path if nowhere."""
    opening = path[start]
    depth = 0
    for at in range(start, len(path)):
        depth += (path[at] == opening) - (path[at] == _OPENING[opening])
        if depth == 0:
            return at + 1
    return len(path)


def get_text_at_path(obj: Any, path: str | list[str]) -> list[str]:
    """The texts that a path leads to; none where it leads nowhere.

    Steps: ``name``, ``[0]``, ``[-1]``, ``[*]`` and ``*`` for all entries, ``{a,b.c}`` for several
    paths. Text is taken as it is, a number as its digits, a dict or list as JSON, None not at
    all. ``"$"`` is all of it, as JSON.

    >>> get_text_at_path({"chapters": [{"title": "Sea"}, {"title": "Sky"}]}, "chapters[*].title")
    ['Sea', 'Sky']
    >>> get_text_at_path({"b": 1, "a": ["x"]}, "$")
    ['{"a": ["x"], "b": 1}']
    """
    if path in _WHOLE:
        return [_json(obj)]
    return list(_texts(obj, tokenize_path(path) if isinstance(path, str) else path))


def _texts(found: Any, tokens: list[str]) -> Iterator[str]:
    if not tokens:
        yield from _leaf(found)
        return
    token, *rest = tokens
    if token.startswith("{"):
        for path in _alternatives(token):
            yield from _texts(found, [*tokenize_path(path), *rest])
        return
    for entry in _entries(found, token):
        yield from _texts(entry, rest)


def _entries(found: Any, token: str) -> Iterable[Any]:
    """Where one step leads from here."""
    if isinstance(found, Mapping):
        if token == "*":
            return found.values()
        return [found[token]] if token in found else []
    if not isinstance(found, _SEQUENCES):
        return []
    if token in ("*", "[*]"):
        return found
    if not (token.startswith("[") and token.endswith("]")):
        return []
    try:
        return [found[int(token[1:-1])]]
    except (ValueError, IndexError):
        return []


def _alternatives(token: str) -> list[str]:
    """The paths between braces, split at the commas that are in no inner bracket."""
    if not token.endswith("}"):
        return []
    paths = [""]
    depth = 0
    for sign in token[1:-1]:
        depth += (sign in "[{") - (sign in "]}")
        if sign == "," and depth == 0:
            paths.append("")
        else:
            paths[-1] += sign
    return [path.strip() for path in paths if path.strip()]


def _leaf(found: Any) -> list[str]:
    if isinstance(found, str):
        return [found]
    if found is None or isinstance(found, bytes | bytearray):
        return []
    if isinstance(found, Mapping | list | tuple | set | frozenset):
        return [_json(found)]
    return [str(found)]


def _json(value: Any) -> str:
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: Any) -> Any:
    """As JSON has it, in an order that does not depend on how a dict or set was built."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        named = {str(key): _plain(part) for key, part in value.items()}
        return dict(sorted(named.items()))
    if isinstance(value, set | frozenset):
        return sorted((_plain(part) for part in value), key=repr)
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return str(value)
